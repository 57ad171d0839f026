import { readFileSync } from 'node:fs';
import { writePrivateFile } from '../config/write-private-file.ts';

export interface CoolDownOptions {
  /** Shared by all processes of the installation. */
  readonly file: string;
}

export interface CoolDownPorts {
  readonly nowMs: () => number;
  /** Told where the file cannot be written; the cool-down then holds for this process only. */
  readonly onProblem: (message: string) => void;
}

/** Claude asked not to be called before `untilMs`. */
export interface CoolDownState {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string;
}

/** No provider asks for more; a longer one is a mistake that must not lock anybody out. */
const longestMs = 24 * 3_600_000;

/**
 * Remembers until when Claude asked not to be called (`retry-after`, https://docs.anthropic.com/en/api/rate-limits), for all processes
 * of one installation. A hint, not a promise: where the file is lost, Claude is asked once more and answers the same.
 */
export class CoolDown {
  private readonly file: string;
  private readonly ports: CoolDownPorts;
  private own: CoolDownState | null = null;

  constructor(options: CoolDownOptions, ports: CoolDownPorts) {
    this.file = options.file;
    this.ports = ports;
  }

  /** Opens a cool-down of `durationMs`, at most 24 h; a shorter one does not end a longer one that is open. */
  open(durationMs: number, reason: string): void {
    const nowMs = this.ports.nowMs();
    const untilMs = nowMs + Math.min(Math.max(0, durationMs), longestMs);
    const open = this.current();
    if (open && open.untilMs >= untilMs) return;
    this.own = { sinceMs: nowMs, untilMs, reason };
    this.write(this.own);
  }

  /** The cool-down that is open now, or null. One that began in the future, by a clock that moved, is not. */
  current(): CoolDownState | null {
    const nowMs = this.ports.nowMs();
    const isOpen = (state: CoolDownState | null): state is CoolDownState =>
      state !== null && state.sinceMs <= nowMs && nowMs < state.untilMs;
    const stored = this.read();
    if (isOpen(stored)) return stored;
    return isOpen(this.own) ? this.own : null;
  }

  private read(): CoolDownState | null {
    try {
      const { sinceMs, untilMs, reason } = JSON.parse(readFileSync(this.file, 'utf8'));
      const isValid =
        Number.isFinite(sinceMs) && untilMs - sinceMs <= longestMs && typeof reason === 'string';
      return isValid ? { sinceMs, untilMs, reason } : null;
    } catch {
      // Absent or unreadable is the same as no cool-down: see the class.
      return null;
    }
  }

  private write(state: CoolDownState): void {
    try {
      writePrivateFile(this.file, JSON.stringify(state));
    } catch (error) {
      this.ports.onProblem(`The cool-down could not be kept in ${this.file}: ${String(error)}`);
    }
  }
}
