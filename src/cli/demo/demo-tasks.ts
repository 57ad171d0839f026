/** A task of the demo. */
export interface DemoTask {
  readonly text: string;
  /** What the simulators are asked for with it (docs/simulators.md). */
  readonly markers?: string;
  /** What the user is told of that. */
  readonly note?: string;
}

/** Tokens of Claude that the demo allows: the default budget. */
export const demoLimitTokens = 10_000;

/**
 * A morning's work. Answers to complex tasks have the length that such answers have, 1,100 to 1,900 tokens, since the simulators' own
 * would be a few lines; the notes tell of faults, the demo's opening of the lengths.
 */
export const demoTasks: readonly DemoTask[] = [
  { text: 'What does HTTP status 409 mean?' },
  {
    text: 'Refactor the session store so that several workers can share it without losing updates, and add tests for the race conditions.',
    markers: '[[sim:tokens=2500]]',
  },
  { text: 'Convert "2026-03-01T10:00:00Z" to a Unix timestamp.' },
  {
    text: 'Migrate the user table to UUID keys without downtime: plan the steps, the dual writes, the backfill and the rollback.',
    markers: '[[sim:529]]',
    note: 'Claude is made to answer 529, overloaded',
  },
  {
    text: 'Implement a lexer and a recursive-descent parser class in TypeScript for arithmetic expressions with precedence, unary minus and error positions.',
    markers: '[[sim:broken-code]] [[sim:tokens=1300]]',
    note: "Claude's first answer is made to hold code that does not parse",
  },
  {
    text: 'Find the deadlock: two goroutines take locks A and B in opposite order, one of them inside a callback. Explain the cause, and write a Go function that takes both locks safely.',
    markers: '[[sim:tokens=2000]]',
  },
  { text: 'Write a regular expression for a German postal code.' },
  {
    text: 'Review the architecture of our checkout: which failures lose an order, and how would you make payment and stock idempotent?',
    markers: '[[sim:tokens=1100]]',
  },
  {
    text: 'Implement an LRU cache in Java with O(1) operations that is safe for several threads, and argue why it is.',
    markers: '[[sim:tokens=1400]]',
  },
  {
    text: 'Design a rate limiter for our public API: sliding window, several nodes, Redis as the store. Explain the trade-offs and write the core in TypeScript.',
    markers: '[[sim:tokens=1500]]',
  },
  {
    text: 'Write a Rust function that merges sorted streams with bounded memory, and explain its complexity.',
    markers: '[[sim:tokens=1300]]',
  },
  {
    text: 'Trace why our nightly import doubles some invoices: three services, two queues and one retry. Propose a fix that survives a crash at any point, and how to repair the data.',
    markers: '[[sim:tokens=1600]]',
  },
];
