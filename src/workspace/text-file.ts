import { Refusal } from './Refusal.ts';

/** A text file's content as it is on disk, apart from its byte order mark. */
export interface TextFile {
  /** With its own line endings. */
  readonly text: string;
  readonly hasBom: boolean;
}

const bom = '\ufeff';

/** Reads bytes as UTF-8 text; what is none is left alone and said so. */
export function decodeText(content: Buffer, path: string): TextFile | Refusal {
  const [first, second] = content;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return new Refusal(
      `${path} is UTF-16 text, which is not read or changed here: only UTF-8 is. Leave it as it is.`,
    );
  }
  if (content.includes(0)) return binary(path);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return text.startsWith(bom) ? { text: text.slice(1), hasBom: true } : { text, hasBom: false };
  } catch {
    return binary(path);
  }
}

export function encodeText({ text, hasBom }: TextFile): Buffer {
  return Buffer.from(hasBom ? bom + text : text);
}

/** The text with `\n` alone, as models see and write it. */
export function withPlainEndings(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** The line ending that most lines have; `\n` where there is none. */
export function usualEnding(text: string): '\n' | '\r\n' {
  const windows = text.split('\r\n').length - 1;
  const all = text.split('\n').length - 1;
  return windows * 2 > all ? '\r\n' : '\n';
}

/** What a whole new text becomes in a file that is there: its byte order mark, line endings and end are kept. */
export function rewritten(
  before: TextFile,
  given: string,
): { readonly file: TextFile; readonly notes: readonly string[] } {
  const notes: string[] = [];
  let text = withPlainEndings(given.startsWith(bom) ? given.slice(1) : given);
  if (before.text !== '' && text !== '') {
    const ended = before.text.endsWith('\n');
    if (ended && !text.endsWith('\n')) {
      text += '\n';
      notes.push('The line break at the end of the file was kept.');
    } else if (!ended && text.endsWith('\n') && !text.endsWith('\n\n')) {
      text = text.slice(0, -1);
      notes.push('The file had no line break at its end, and has none now; edit_file can add one.');
    }
  }
  if (usualEnding(before.text) === '\r\n') {
    text = text.replaceAll('\n', '\r\n');
    notes.push('Its CRLF line endings were kept.');
  }
  return { file: { text, hasBom: before.hasBom }, notes };
}

function binary(path: string): Refusal {
  return new Refusal(
    `${path} is binary (no UTF-8 text), so it is neither read nor changed. Leave it as it is.`,
  );
}
