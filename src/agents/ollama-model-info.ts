import { isRecord } from '../messages/open-record.ts';
import type { OllamaAbilities } from '../messages/to-ollama.ts';

/** What Ollama tells of an installed model. */
export interface OllamaModelInfo {
  /** Longest context that it was trained for, in tokens; undefined where `/api/show` does not say. */
  readonly contextTokens: number | undefined;
  readonly abilities: OllamaAbilities;
}

/** Reads the answer of `POST /api/show`; what is not there counts as not able. */
export function readOllamaModelInfo(show: unknown): OllamaModelInfo {
  const fields = isRecord(show) ? show : {};
  const details = isRecord(fields['model_info']) ? fields['model_info'] : {};
  const key = Object.keys(details).find((name) => name.endsWith('.context_length'));
  const contextTokens = key === undefined ? undefined : details[key];
  const capabilities = Array.isArray(fields['capabilities']) ? fields['capabilities'] : [];
  return {
    contextTokens: typeof contextTokens === 'number' && contextTokens > 0 ? contextTokens : undefined,
    abilities: {
      tools: capabilities.includes('tools'),
      vision: capabilities.includes('vision'),
      thinking: capabilities.includes('thinking'),
    },
  };
}
