import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Registers a tracer provider as a program around the library does, with spans kept in memory, until it is disposed of. */
export function registerHostTelemetry(): { readonly spans: InMemorySpanExporter } & Disposable {
  const spans = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const storage = new AsyncLocalStorage<Context>();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, call, thisArgument, ...given) =>
      storage.run(active, () => call.apply(thisArgument as ThisParameterType<typeof call>, given)),
    bind: (_active, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  return {
    spans,
    [Symbol.dispose]() {
      trace.disable();
      context.disable();
    },
  };
}
