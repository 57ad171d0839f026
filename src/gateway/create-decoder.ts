import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

export interface DecoderEvents {
  readonly onData: (chunk: Buffer) => void;
  readonly onEnd: () => void;
  readonly onError: (error: Error) => void;
}

/**
 * Undoes the `content-encoding` of an answer. The upstream is asked for none, so this is for those that compress all the same. Null where
 * there is nothing to undo. An encoding that nobody knows fails at the first byte.
 */
export function createDecoder(encoding: string | undefined, events: DecoderEvents): Transform | null {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return null;
  const decoder = decoderFor(encoding.trim().toLowerCase());
  decoder.on('data', events.onData);
  decoder.on('end', events.onEnd);
  decoder.on('error', events.onError);
  return decoder;
}

function decoderFor(encoding: string): Transform {
  switch (encoding) {
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      return createInflate();
    default:
      return createGunzip();
  }
}
