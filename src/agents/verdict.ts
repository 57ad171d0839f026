/**
 * The critic's answer. `approved`: no issue is an error. `needs-repair`: the answer is worth keeping and the specialist that wrote
 * it may repair it when the issues are fed back. `rejected`: there is nothing to repair (no answer, refusal); try the other
 * specialist.
 */
export interface Verdict {
  readonly outcome: 'approved' | 'needs-repair' | 'rejected';
  /** In the order of `IssueKind`, and by line within a kind. */
  readonly issues: readonly Issue[];
}

/**
 * What the critic looks for; each has a file in `critic/` with its rule and its known mistakes, or is what a program said of the work
 * (`failed-check`, see `workspace/checks`). `doubt` is what the reviewing model found. `not-checked` is always a warning: a check had to
 * be left out (block too big, parser gave up), which is never silent.
 * `unfinished`: work in a workspace that came to no end.
 */
export type IssueKind =
  | 'no-answer'
  | 'refusal'
  | 'cut-off'
  | 'elided-code'
  | 'secret'
  | 'syntax-error'
  | 'unfinished'
  | 'bad-path'
  | 'broken-import'
  | 'failed-check'
  | 'failed-example'
  | 'doubt'
  | 'not-checked';

/** One finding. It never holds a secret, so it may be logged and sent to a model. */
export interface Issue {
  readonly kind: IssueKind;
  /** Only an error keeps an answer from being approved. */
  readonly severity: 'error' | 'warning';
  /** A whole sentence that makes sense without the other fields. */
  readonly message: string;
  /** The file of the workspace that it is about, relative and with `/`; absent where it is about the answer's text. */
  readonly file?: string;
  /** 1-based line of `file`; without one, of the answer's text as `answerText` gives it. */
  readonly line?: number;
  /** 1-based number of the code block in the answer. */
  readonly block?: number;
  /** The block's language as its author labelled it, in lower case. */
  readonly language?: string;
}
