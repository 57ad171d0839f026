import type { Fault } from '../fault.ts';
import { modelNotFound, OllamaApiError } from './OllamaApiError.ts';

/** The error answer of a fault that is one; null for the faults that show in the connection or in the content, and for `bad-gateway`. */
export function ollamaFaultError(fault: Fault | undefined, model: string): OllamaApiError | null {
  switch (fault?.kind) {
    case 'rate-limited':
      return new OllamaApiError(
        429,
        'too many requests',
        fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) },
      );
    case 'overloaded':
      return new OllamaApiError(503, 'server busy, please try again.  maximum pending requests exceeded');
    case 'server-error':
      return new OllamaApiError(500, 'llama runner process has terminated: exit status 2');
    case 'model-missing':
      return modelNotFound(model);
    case 'status':
      return new OllamaApiError(
        fault.status,
        fault.message ?? `Simulated status ${fault.status}`,
        fault.headers,
      );
    default:
      return null;
  }
}
