/** One decision or action, as it stands in logs/. */
export interface LogEntry {
  /** Who did it: `router`, `meta-coordinator`, `claude-specialist`, `ollama-specialist`, `critic`, `pipeline`, `ledger`. */
  readonly agent: string;
  /** What it did: `route`, `answer`, `review`, `repair`, `handover`, `fallback`, `threshold`, ... */
  readonly action: string;
  /** What it was given. Fields that `redactedFields` names are written as length and hash unless configured otherwise. */
  readonly input: Readonly<Record<string, unknown>>;
  /** What came out. The same rule holds. */
  readonly output: Readonly<Record<string, unknown>>;
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  readonly taskId?: string;
}

/** Where decisions are written to. `record` never throws and never waits for the disk; `flush` does. */
export interface DecisionLog extends AsyncDisposable {
  record(entry: LogEntry): void;
  flush(): Promise<void>;
}

/** Names of fields that hold a user's or a model's words; they are redacted by rule, wherever they stand in `input` or `output`. */
export const redactedFields: readonly string[] = ['task', 'prompt', 'answer', 'messages', 'system', 'text'];
