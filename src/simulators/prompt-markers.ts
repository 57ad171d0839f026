import type { Fault } from './fault.ts';

/** Which simulator a marker speaks to: `[[sim:...]]` to Claude's, `[[sim-ollama:...]]` to Ollama's. */
export type MarkerPrefix = 'sim' | 'sim-ollama';

/** What the markers of a prompt ask for. docs/simulators.md lists them all. */
export interface PromptMarkers {
  readonly fault?: Fault;
  /** What the built-in answer is like. */
  readonly style?: AnswerStyle;
  /** Name of the tool to call; empty for the first that is offered. */
  readonly tool?: string;
  /** Tokens that the built-in answer is to have, about. */
  readonly tokens?: number;
  /** Begin with a thinking block. */
  readonly think?: boolean;
  /** Headers of the answer that report limits of Claude. */
  readonly limitHeaders?: Readonly<Record<string, string>>;
}

type AnswerStyle = 'refuse' | 'elide' | 'broken-code' | 'secret' | 'empty' | 'doubt';

const styles: ReadonlySet<string> = new Set(['refuse', 'elide', 'broken-code', 'secret', 'empty', 'doubt']);

/**
 * Reads the markers in a prompt. A marker that is not known is left alone, as any other text. A request for repair quotes the task,
 * so its markers do not count again.
 * @param isFollowUp An assistant message stands before the prompt
 */
export function readPromptMarkers(prompt: string, prefix: MarkerPrefix, isFollowUp: boolean): PromptMarkers {
  // Nearly every prompt has none; the search costs less than the pattern.
  if (!prompt.includes(`[[${prefix}:`)) return {};
  if (isFollowUp && repairWords.test(prompt)) return {};
  const markers: { -readonly [Key in keyof PromptMarkers]: PromptMarkers[Key] } = {};
  for (const [, words = ''] of prompt.matchAll(patterns[prefix])) {
    const [first = '', ...rest] = words.trim().split(/\s+/);
    const [name = '', value] = first.split('=', 2);
    const options = new Map(rest.map((word) => word.split('=', 2) as [string, string | undefined]));
    const fault = faultFor(name, value, options);
    if (fault !== undefined) markers.fault = fault;
    else if (styles.has(name)) markers.style = name as AnswerStyle;
    else if (name === 'tool') markers.tool = value ?? '';
    else if (name === 'tokens') markers.tokens = number(value) ?? 1000;
    else if (name === 'think') markers.think = true;
    else if (name === 'limit')
      markers.limitHeaders = { ...markers.limitHeaders, ...limitHeaders(value, options) };
  }
  return markers;
}

/** The prompt without its markers of either kind. */
export function withoutMarkers(prompt: string): string {
  if (!prompt.includes('[[sim')) return prompt;
  return prompt.replace(/\[\[sim(?:-ollama)?:[^\]]*\]\]/g, '').trim();
}

const repairWords = /\b(?:was checked|cannot be used|corrected|repair|issues?|does not parse)\b/i;

const patterns: Readonly<Record<MarkerPrefix, RegExp>> = {
  sim: /\[\[sim:([^\]]*)\]\]/g,
  'sim-ollama': /\[\[sim-ollama:([^\]]*)\]\]/g,
};

function faultFor(
  name: string,
  value: string | undefined,
  options: ReadonlyMap<string, string | undefined>,
): Fault | undefined {
  const count = number(value);
  switch (name) {
    case '429': {
      const retryAfterSeconds = number(options.get('retry-after'));
      return { kind: 'rate-limited', ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    }
    case '529':
      return { kind: 'overloaded' };
    case '500':
      return { kind: 'server-error' };
    case '502':
      return { kind: 'bad-gateway' };
    case 'status':
      return count === undefined ? undefined : { kind: 'status', status: count };
    case 'model-missing':
      return { kind: 'model-missing' };
    case 'cut':
      return { kind: 'disconnect' };
    case 'cut-after':
      return { kind: 'disconnect', afterEvents: count ?? 2 };
    case 'end-early':
      return { kind: 'end-early', afterEvents: count ?? 2 };
    case 'malformed':
      return { kind: 'malformed', afterEvents: count ?? 2 };
    case 'error-after':
      return { kind: 'error-event', afterEvents: count ?? 2 };
    case 'slow':
      return { kind: 'slow', beforeMs: number(options.get('before')) ?? 0, betweenMs: count ?? 50 };
    case 'stall':
      return { kind: 'stall' };
    case 'stall-after':
      return { kind: 'stall', afterEvents: count ?? 2 };
    case 'empty-body':
      return { kind: 'empty-body' };
    case 'tool-as-text':
      return { kind: 'tool-call-as-text', form: form(value) };
    case 'broken-tool-json':
      return { kind: 'broken-tool-json' };
    default:
      return undefined;
  }
}

/** `limit=unified-5h left=8 reset=3600`: percent that are left, and seconds until the reset. */
function limitHeaders(
  limit: string | undefined,
  options: ReadonlyMap<string, string | undefined>,
): Record<string, string> {
  const left = number(options.get('left')) ?? 0;
  const resetMs = Date.now() + (number(options.get('reset')) ?? 3_600) * 1_000;
  const prefix = `anthropic-ratelimit-${limit || 'unified-5h'}`;
  if (!limit?.startsWith('unified') && limit !== undefined && limit !== '') {
    return {
      [`${prefix}-limit`]: '1000',
      [`${prefix}-remaining`]: String(Math.round(left * 10)),
      [`${prefix}-reset`]: new Date(resetMs).toISOString(),
    };
  }
  return {
    [`${prefix}-utilization`]: String((100 - left) / 100),
    [`${prefix}-reset`]: String(Math.ceil(resetMs / 1_000)),
    [`${prefix}-status`]: left > 0 ? 'allowed' : 'rejected',
    'anthropic-ratelimit-unified-status': left > 0 ? 'allowed' : 'rejected',
  };
}

function form(value: string | undefined): 'json' | 'fenced' | 'tagged' {
  return value === 'fenced' || value === 'tagged' ? value : 'json';
}

function number(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text === '' || !Number.isFinite(value) || value < 0 ? undefined : value;
}
