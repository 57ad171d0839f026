/** One model that the Claude simulator offers. */
export interface ClaudeModel {
  readonly id: string;
  readonly displayName: string;
  /** Input and output together never pass it. */
  readonly contextTokens: number;
  /** A higher `max_tokens` is refused. */
  readonly maxOutputTokens: number;
}

const contextTokens = 1_000_000;
const maxOutputTokens = 128_000;

/** The current models, newest first, as `/v1/models` lists them. Their limits are the simulator's, not a promise of Anthropic's. */
export const defaultClaudeModels: readonly ClaudeModel[] = [
  'claude-haiku-5-5',
  'claude-sonnet-5-5',
  'claude-opus-5-5',
  'claude-sonnet-5',
  'claude-opus-5',
  'claude-opus-4-8',
  'claude-opus-4-6',
  'claude-sonnet-4-6',
  'claude-haiku-4-5',
  'claude-sonnet-4-5',
].map(claudeModel);

/** A model with the simulator's usual limits. */
export function claudeModel(id: string): ClaudeModel {
  return { id, displayName: displayName(id), contextTokens, maxOutputTokens };
}

/** The listed model; where `isOpen`, also any other id that begins with `claude-`. */
export function findClaudeModel(
  models: readonly ClaudeModel[],
  id: string,
  isOpen: boolean,
): ClaudeModel | null {
  const listed = models.find((model) => model.id === id);
  if (listed !== undefined) return listed;
  return isOpen && id.startsWith('claude-') ? claudeModel(id) : null;
}

/** The body of `/v1/models/{id}`. */
export function modelInfo(model: ClaudeModel): Readonly<Record<string, unknown>> {
  return {
    type: 'model',
    id: model.id,
    display_name: model.displayName,
    created_at: '2026-01-01T00:00:00Z',
    deprecated_at: null,
    lifecycle: 'active',
    line: null,
    capabilities: null,
    max_input_tokens: model.contextTokens,
    max_tokens: model.maxOutputTokens,
  };
}

function displayName(id: string): string {
  return id
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ');
}
