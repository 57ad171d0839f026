/** What Claude Code tells a hook, as far as ours needs it: https://code.claude.com/docs/en/hooks. */
export interface HookInput {
  /** `SessionStart`, `UserPromptSubmit`, `Stop`, and whatever else it is set up for; empty where it is not said. */
  readonly event: string;
  /** Of letters, digits, `_` and `-`; `unknown` for any other. */
  readonly sessionId: string;
  /** Where the session works. */
  readonly folder: string | null;
}

/** Reads Claude Code's JSON; what is missing, of another type or no JSON at all is empty. */
export function parseHookInput(text: string): HookInput {
  const input = parse(text);
  const textAt = (key: string): string => {
    const value: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const sessionId = textAt('session_id');
  return {
    event: textAt('hook_event_name'),
    sessionId: /^[\w-]{1,64}$/.test(sessionId) ? sessionId : 'unknown',
    folder: textAt('cwd') || null,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return null;
  }
}
