import { messageOf } from '../errors.ts';
import type { TokenUsage } from '../messages/token-usage.ts';
import { connectionFailure } from './connection-failure.ts';
import { MalformedLineError, OllamaHttpError } from './ollama-transport.ts';
import { SpecialistError, type SpecialistErrorOptions } from './Specialist.ts';

/** What is known of the call that failed. */
export interface FailedOllamaCall {
  readonly host: string;
  readonly model: string;
  /** False where the request for an answer certainly never left. */
  readonly wasSent: boolean;
  /** Whether a part of the answer arrived. */
  readonly hasContent: boolean;
  readonly usage: TokenUsage | undefined;
}

/** Turns what the ollama package or the transport threw into a SpecialistError that says how to mend it. */
export function ollamaError(error: unknown, call: FailedOllamaCall): SpecialistError {
  if (error instanceof OllamaHttpError) return httpError(error, call);
  const { reached, code } = connectionFailure(error);
  if (!call.hasContent && (reached === 'not-sent' || !call.wasSent)) {
    return ollamaFailure(call, {
      failure: 'unreachable',
      reached: 'not-sent',
      message: `Ollama does not answer at ${call.host} (${code ?? text(error)}). Start it with \`ollama serve\`, or set OLLAMA_HOST.`,
      cause: error,
    });
  }
  const isConnection = code !== undefined || error instanceof MalformedLineError || isWithoutEnd(error);
  return ollamaFailure(call, {
    failure: isConnection ? 'stream-broken' : 'server-error',
    reached: 'started',
    message: isConnection
      ? `The answer of ${call.model} from Ollama at ${call.host} broke off (${code ?? text(error)}). Try again.`
      : `Ollama at ${call.host} ended the answer of ${call.model} with an error: ${text(error)}. See its log.`,
    cause: error,
  });
}

/** A SpecialistError for the call, with the usage that is known. */
export function ollamaFailure(
  call: FailedOllamaCall,
  options: Pick<SpecialistErrorOptions, 'failure' | 'message' | 'reached' | 'cause'> & { status?: number },
): SpecialistError {
  return new SpecialistError({
    agent: 'ollama-specialist',
    ...options,
    ...(options.reached === 'started' && call.usage !== undefined ? { usage: call.usage } : {}),
  });
}

/** Whether Ollama refused a prompt because it is longer than the context it was given. */
export function isContextRefusal(error: unknown): error is OllamaHttpError {
  return (
    error instanceof OllamaHttpError &&
    error.status >= 400 &&
    /context (length|size|window)|exceeds? .*context|prompt is too long|input length/i.test(error.message)
  );
}

function httpError(error: OllamaHttpError, call: FailedOllamaCall): SpecialistError {
  const { status } = error;
  const said = `Ollama at ${call.host} answered ${status}: ${error.message}.`;
  const common = { reached: 'refused', status, cause: error } as const;
  if (status === 404 && /model.*not found|try pulling/i.test(error.message)) {
    return ollamaFailure(call, {
      ...common,
      failure: 'model-missing',
      message: `The model ${call.model} is not on the Ollama at ${call.host}. Get it with \`ollama pull ${call.model}\`.`,
    });
  }
  if (status === 401 || status === 403) {
    return ollamaFailure(call, {
      ...common,
      failure: 'authentication',
      message: `${said} Check its access.`,
    });
  }
  if (status === 429 || status === 503) {
    return ollamaFailure(call, { ...common, failure: 'overloaded', message: `${said} Try again later.` });
  }
  if (status >= 400 && status < 500) {
    return ollamaFailure(call, {
      ...common,
      failure: 'invalid-request',
      message: `${said} The same request will be refused again.`,
    });
  }
  return ollamaFailure(call, { ...common, failure: 'server-error', message: `${said} See its log.` });
}

/** The ollama package's own words for a stream that ended without `done: true`. */
function isWithoutEnd(error: unknown): boolean {
  return error instanceof Error && /did not receive done|terminated|without done/i.test(error.message);
}

function text(error: unknown): string {
  const message = messageOf(error);
  return message.length > 200 ? `${message.slice(0, 200)}...` : message;
}
