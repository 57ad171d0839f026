const headBytes = 64 * 1024;
const tailBytes = 192 * 1024;

/** Keeps the beginning and the end of an output, whatever its length. */
export class CappedOutput {
  totalBytes = 0;
  private readonly head: Buffer[] = [];
  private readonly tail: Buffer[] = [];
  private headLength = 0;
  private tailLength = 0;

  add(chunk: Buffer): void {
    this.totalBytes += chunk.length;
    const forHead = chunk.subarray(0, headBytes - this.headLength);
    if (forHead.length > 0) this.head.push(forHead);
    this.headLength += forHead.length;
    const rest = chunk.subarray(forHead.length);
    if (rest.length === 0) return;
    this.tail.push(rest);
    this.tailLength += rest.length;
    for (
      let first = this.tail[0];
      first && this.tailLength - first.length >= tailBytes;
      first = this.tail[0]
    ) {
      this.tailLength -= first.length;
      this.tail.shift();
    }
  }

  toString(): string {
    const head = Buffer.concat(this.head);
    const tail = Buffer.concat(this.tail);
    const left = this.totalBytes - head.length - tail.length;
    const gap = left > 0 ? `\n[${left} bytes of output left out]\n` : '';
    const text = left > 0 ? head.toString() + gap + tail.toString() : Buffer.concat([head, tail]).toString();
    return withoutTerminalCodes(text);
  }
}

/** Colours, cursor movements and links, which neither a parser nor a model can use. */
function withoutTerminalCodes(text: string): string {
  return text.replace(terminalCodes, '').replaceAll('\r\n', '\n');
}

const escapeCode = '\u001b';
const bell = '\u0007';
const terminalCodes = new RegExp(
  `${escapeCode}\\[[0-?]*[ -/]*[@-~]|${escapeCode}\\][^${bell}${escapeCode}]*(?:${bell}|${escapeCode}\\\\)`,
  'g',
);
