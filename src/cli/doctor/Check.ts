/** One thing that `teelamma doctor` looked at. */
export interface Check {
  /** What was looked at, in few words. */
  readonly name: string;
  /** `warn`: it works, and somebody should know; `fail`: something does not work; `skipped`: it was not looked at. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped';
  /** What was found. Never a key. */
  readonly found: string;
  /** What to do, where there is something; a command where one does it. */
  readonly fix?: string;
}

/** What a group of checks says of one part of the installation. */
export interface Findings {
  readonly checks: readonly Check[];
  /** Whether the part can do its work. */
  readonly isUsable: boolean;
}
