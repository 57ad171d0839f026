import { Pool } from 'undici';

export interface LoadOptions {
  readonly url: string;
  readonly body: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Besides those that every client sends. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  readonly bytes: number;
  /** Chunks as this client saw them; two writes that arrive together are one. */
  readonly chunks: number;
  /** Milliseconds to the first byte of each answer, sorted. */
  readonly firstByteMs: readonly number[];
}

const usualHeaders = {
  'content-type': 'application/json',
  'anthropic-version': '2023-06-01',
  'x-api-key': 'sk-bench-not-a-key',
};

/** Sends requests over so many connections, each the next when its answer has come, for so long. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, body, connections, durationMs } = options;
  const headers = { ...usualHeaders, ...options.headers };
  const pool = new Pool(url, { connections, pipelining: 1, allowH2: false });
  const firstByteMs: number[] = [];
  let requests = 0;
  let failures = 0;
  let bytes = 0;
  let chunks = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  const one = () =>
    new Promise<void>((resolve) => {
      const sentAt = performance.now();
      let hasByte = false;
      let status = 0;
      pool.dispatch(
        { path: '/v1/messages?beta=true', method: 'POST', headers, body },
        {
          onRequestStart() {},
          onResponseStart(_controller, code) {
            status = code;
          },
          onResponseData(_controller, chunk) {
            if (!hasByte) firstByteMs.push(performance.now() - sentAt);
            hasByte = true;
            bytes += chunk.length;
            chunks += 1;
          },
          onResponseEnd() {
            if (status === 200 && hasByte) requests += 1;
            else failures += 1;
            resolve();
          },
          onResponseError() {
            failures += 1;
            resolve();
          },
        },
      );
    });
  const worker = async () => {
    while (performance.now() < endsAt) await one();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - startedAt) / 1_000;
  await pool.destroy();
  return { requests, failures, seconds, bytes, chunks, firstByteMs: firstByteMs.sort((a, b) => a - b) };
}
