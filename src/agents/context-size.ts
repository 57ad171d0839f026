/**
 * Context sizes that Ollama is asked for, in tokens. Few and fixed, because a change of `num_ctx` makes Ollama load the model anew.
 */
export const contextSteps: readonly number[] = [4_096, 8_192, 16_384, 32_768, 65_536, 131_072, 262_144];

/**
 * Tokens of output that a context is sized for at most. Clients ask for far more than they use (Claude Code for 128,000), and memory
 * grows with the context.
 */
export const SIZED_OUTPUT_TOKENS = 16_384;

/** Smallest step that holds the tokens, at most `limit`; the limit itself where no step does. */
export function contextSizeFor(tokens: number, limit: number): number {
  const step = contextSteps.find((size) => size >= tokens) ?? limit;
  return Math.min(step, limit);
}
