import type { Fault } from '../fault.ts';
import { ClaudeApiError, type ClaudeErrorType } from './ClaudeApiError.ts';

/**
 * The error answer of a fault that is one; null for the faults that show in the connection or in the content. `bad-gateway` is not
 * here: its body is not the API's.
 */
export function claudeFaultError(fault: Fault | undefined, model: string): ClaudeApiError | null {
  switch (fault?.kind) {
    case 'rate-limited':
      return new ClaudeApiError(
        429,
        'rate_limit_error',
        "This request would exceed your organization's rate limit. Please try again later.",
        fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) },
      );
    case 'overloaded':
      return new ClaudeApiError(529, 'overloaded_error', 'Overloaded');
    case 'server-error':
      return new ClaudeApiError(500, 'api_error', 'Internal server error');
    case 'model-missing':
      return new ClaudeApiError(404, 'not_found_error', `model: ${model}`);
    case 'status':
      return new ClaudeApiError(
        fault.status,
        typeOfStatus(fault.status),
        fault.message ?? `Simulated status ${fault.status}`,
        fault.headers,
      );
    default:
      return null;
  }
}

function typeOfStatus(status: number): ClaudeErrorType {
  switch (status) {
    case 401:
    case 403:
      return 'authentication_error';
    case 404:
      return 'not_found_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 529:
      return 'overloaded_error';
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error';
  }
}
