/** An error answer of the simulated server: `{"error": message}` under a status. */
export class OllamaApiError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = new.target.name;
    this.status = status;
    this.headers = headers;
  }
}

/** 404 with the wording of the real server. */
export function modelNotFound(name: string): OllamaApiError {
  return new OllamaApiError(404, `model '${name}' not found`);
}
