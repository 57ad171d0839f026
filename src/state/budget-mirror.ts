import { readFile, rename } from 'node:fs/promises';
import { codeOf } from '../errors.ts';
import { MirrorFile } from './MirrorFile.ts';
import { type MirrorContent, parseMirror } from './mirror-content.ts';

export interface BudgetMirrorPorts {
  /** The truth, as of the call. */
  readonly content: () => MirrorContent;
  readonly onWarning: (message: string) => void;
}

/**
 * The JSON copy of a budget, and where it is read from. It is written as `MirrorFile` says.
 */
export class BudgetMirror extends MirrorFile<MirrorContent> {
  constructor(options: { readonly file: string }, ports: BudgetMirrorPorts) {
    const isSame = (one: MirrorContent, other: MirrorContent) =>
      one.used === other.used && one.dailyLimit === other.dailyLimit;
    super(options, { ...ports, isSame });
  }

  /** The file's content; null where there is none, where it cannot be read, and where it is corrupt, which sets it aside. */
  async read(nowMs: number): Promise<MirrorContent | null> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      this.ports.onWarning(this.unwritable('cannot be read', error).message);
      return null;
    }
    const content = parseMirror(text);
    if (content) return content;
    await this.setAside(nowMs);
    return null;
  }

  private async setAside(nowMs: number): Promise<void> {
    const aside = `${this.file}.corrupt-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
    try {
      await rename(this.file, aside);
    } catch (error) {
      // Another process that found it corrupt too was quicker.
      if (codeOf(error) === 'ENOENT') return;
      this.ports.onWarning(this.unwritable('is corrupt and cannot be set aside', error).message);
      return;
    }
    this.ports.onWarning(
      `${this.file} was not a valid budget file. It was moved to ${aside} and written anew from the ledger, which has every token; nothing was lost.`,
    );
  }
}
