/** `error.type` of the Messages API (https://docs.anthropic.com/en/api/errors). */
export type ClaudeErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'overloaded_error';

/** An error answer of the simulated API, thrown by a check and turned into a response in one place. */
export class ClaudeApiError extends Error {
  readonly status: number;
  readonly type: ClaudeErrorType;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    type: ClaudeErrorType,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = new.target.name;
    this.status = status;
    this.type = type;
    this.headers = headers;
  }
}

/** 400 `invalid_request_error`. */
export function invalidRequest(message: string): ClaudeApiError {
  return new ClaudeApiError(400, 'invalid_request_error', message);
}

/** The error body, as text. */
export function errorBody(type: ClaudeErrorType, message: string, requestId: string): string {
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: requestId });
}
