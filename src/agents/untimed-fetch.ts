/**
 * A fetch without Node's own limits: the global one gives up when the headers or the next chunk take 300 s, which a local model
 * that is being loaded or reads a long prompt can need. The caller must bring its own timeouts. undici is loaded at the first call.
 */
export function untimedFetch(): typeof fetch {
  let ready: Promise<typeof fetch> | undefined;
  return async (input, init) => {
    ready ??= load();
    return (await ready)(input, init);
  };
}

async function load(): Promise<typeof fetch> {
  const undici = await import('undici');
  const dispatcher = new undici.Agent({ headersTimeout: 0, bodyTimeout: 0 });
  // undici's fetch has the signature of the global one, in types of its own.
  const undiciFetch = undici.fetch as unknown as (input: unknown, init: unknown) => Promise<Response>;
  return (input, init) => undiciFetch(input, { ...init, dispatcher });
}
