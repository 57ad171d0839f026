import type { CallToolResult } from '@modelcontextprotocol/server';
import { messageOf, TeelammaError } from '../errors.ts';

/** Claude Code cuts the text of an error at about this many characters; the head is what is kept. */
const longestErrorText = 10_000;

/**
 * A tool's answer in both forms. Clients show the model one of them: Claude Code only `structuredContent`, others only the text, so
 * each must say everything.
 */
export function toolAnswer(text: string, structuredContent: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent };
}

/**
 * A tool's error: the message that the error wrote itself, its code, and whether trying again can help. It has no
 * `structuredContent`, because that would have to fit the schema of an answer.
 */
export function toolError(error: unknown): CallToolResult {
  const isKnown = error instanceof TeelammaError;
  const message = messageOf(error);
  const text = isKnown ? message : `Unexpected error in teelamma: ${message}. Please report it.`;
  const code = isKnown ? error.code : 'unexpected';
  const isRetryable = isKnown && error.isRetryable;
  return {
    isError: true,
    content: [{ type: 'text', text: `${text.slice(0, longestErrorText)} [${code}]` }],
    _meta: { 'teelamma/error': { code, isRetryable } },
  };
}
