import { isRecord, type OpenRecord, recordsOf, textOf } from './open-record.ts';
import type { MessagesRequest } from './types.ts';

/**
 * What is known of a request's input tokens without asking the provider. `bounded: false` says in words which part has no bound
 * of its own; then `count_tokens` must say it, or the turn goes to Ollama.
 */
export type InputBound =
  | { readonly bounded: true; readonly tokens: number }
  | { readonly bounded: false; readonly because: string };

/**
 * Upper bound of the input tokens that Claude charges for this request: never too low, usually three to four times too high.
 *
 * A byte-level BPE never makes more tokens than it is given UTF-8 bytes, so text counts its bytes; framing (roles, block marks, the
 * prompt that tools add) is added as constants that lie above what is documented. Text is taken after NFKC, as Anthropic's published
 * tokenizer does, where that is longer. JSON counts as if every non-ASCII character were written as `\uXXXX`.
 * Linear in the size of the body; text is measured, never copied or serialised.
 *
 * @see https://docs.anthropic.com/en/docs/build-with-claude/tool-use (tokens that tools add)
 */
export function inputBoundTokens(request: MessagesRequest): InputBound {
  const fields: OpenRecord = { ...request };
  try {
    let tokens = REQUEST_FRAMING + blocksTokens(fields['system'], request) + toolsTokens(request);
    for (const message of request.messages) {
      tokens += MESSAGE_FRAMING + blocksTokens(message.content, request);
    }
    if (fields['thinking'] !== undefined) tokens += THINKING_FRAMING;
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'context_management') refuseCompaction(value);
      else if (unboundedFields.has(name) && value !== null && value !== undefined) throw new Unbounded(name);
      else if (!countedFields.has(name) && value !== undefined) tokens += FIELD_FRAMING + jsonTokens(value);
    }
    return { bounded: true, tokens };
  } catch (error) {
    if (error instanceof Unbounded) return { bounded: false, because: error.part };
    throw error;
  }
}

const REQUEST_FRAMING = 64;
const MESSAGE_FRAMING = 16;
const BLOCK_FRAMING = 16;
/** A tool call is written with its own marks around the name and around each argument. */
const TOOL_CALL_FRAMING = 96;
const ARGUMENT_FRAMING = 24;
const TOOL_FRAMING = 64;
/** The system prompt that the API adds when tools are offered; up to 530 tokens are documented, some 800 seen. */
const TOOL_PROMPT = 1_024;
/** A tool whose schema Anthropic supplies (bash, text editor, memory); up to 700 tokens are documented. */
const CLIENT_TOOL = 2_048;
const THINKING_FRAMING = 256;
const FIELD_FRAMING = 256;

/** Fields that are counted above, or that never become part of the prompt. */
const countedFields: ReadonlySet<string> = new Set([
  ...[
    'messages',
    'system',
    'tools',
    'thinking',
    'model',
    'max_tokens',
    'metadata',
    'stop_sequences',
    'stream',
  ],
  ...[
    'temperature',
    'top_p',
    'top_k',
    'service_tier',
    'speed',
    'inference_geo',
    'cache_control',
    'diagnostics',
  ],
  ...['user_profile_id', 'workspace_id', 'betas'],
]);

/** Fields by which the provider itself adds input: servers whose tools it lists, files in a container. */
const unboundedFields: ReadonlySet<string> = new Set(['mcp_servers', 'container', 'toolsets']);

const clientToolType = /^(bash|text_editor|memory)_\d+$/;

/** Leaves the walk from any depth; never leaves this module. */
class Unbounded extends Error {
  readonly part: string;
  constructor(part: string) {
    super(part);
    this.part = part;
  }
}

function blocksTokens(content: unknown, request: MessagesRequest): number {
  if (typeof content === 'string') return BLOCK_FRAMING + textTokens(content);
  if (!Array.isArray(content)) return 0;
  let tokens = 0;
  for (const block of content) {
    if (!isRecord(block)) throw new Unbounded('a content block that is not an object');
    tokens += BLOCK_FRAMING + blockTokens(block, request);
  }
  return tokens;
}

function blockTokens(block: OpenRecord, request: MessagesRequest): number {
  switch (block['type']) {
    case 'text':
      return textTokens(textOf(block['text'])) + (block['citations'] ? jsonTokens(block['citations']) : 0);
    case 'thinking':
      // Where thinking is not displayed, its signature carries it.
      return textTokens(textOf(block['thinking'])) + textTokens(textOf(block['signature']));
    case 'redacted_thinking':
      return textTokens(textOf(block['data']));
    case 'tool_use': {
      const argumentCount = isRecord(block['input']) ? Object.keys(block['input']).length : 0;
      return (
        TOOL_CALL_FRAMING +
        ARGUMENT_FRAMING * argumentCount +
        textTokens(textOf(block['name'])) +
        textTokens(textOf(block['id'])) +
        jsonTokens(block['input'])
      );
    }
    case 'tool_result':
      return (
        TOOL_CALL_FRAMING + textTokens(textOf(block['tool_use_id'])) + blocksTokens(block['content'], request)
      );
    case 'tool_reference':
      return toolReferenceTokens(textOf(block['tool_name']), request);
    default:
      throw new Unbounded(`a block of type ${textOf(block['type']) || 'unknown'}`);
  }
}

/** A reference puts the definition of a deferred tool in its place. */
function toolReferenceTokens(name: string, request: MessagesRequest): number {
  const tool = recordsOf(request.tools).find((candidate) => candidate['name'] === name);
  return textTokens(name) + (tool === undefined ? 0 : toolTokens(tool));
}

function toolsTokens(request: MessagesRequest): number {
  const tools = recordsOf(request.tools);
  return tools.length === 0 ? 0 : tools.reduce((sum, tool) => sum + toolTokens(tool), TOOL_PROMPT);
}

function toolTokens(tool: OpenRecord): number {
  const type = textOf(tool['type']);
  if (type === '' || type === 'custom') return TOOL_FRAMING + jsonTokens(tool);
  if (clientToolType.test(type)) return CLIENT_TOOL + jsonTokens(tool);
  throw new Unbounded(`a tool of type ${type}`);
}

/** Only edits that clear what was sent make the input smaller; others have the provider run a model of its own. */
function refuseCompaction(value: unknown): void {
  const edits = isRecord(value) ? recordsOf(value['edits']) : [];
  const other = edits.find((edit) => !textOf(edit['type']).startsWith('clear_'));
  if (other !== undefined) throw new Unbounded(`context_management with ${textOf(other['type'])}`);
}

function textTokens(text: string): number {
  const bytes = Buffer.byteLength(text);
  if (bytes === text.length) return bytes;
  return Math.max(bytes, Buffer.byteLength(text.normalize('NFKC')));
}

function jsonTokens(value: unknown): number {
  const json = JSON.stringify(value) ?? '';
  const bytes = Buffer.byteLength(json);
  // A non-ASCII UTF-16 unit takes at least one byte more than its length, and six characters when escaped.
  return json.length + 5 * (bytes - json.length);
}
