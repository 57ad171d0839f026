/** `count_tokens` is an estimate (https://docs.anthropic.com/en/docs/build-with-claude/token-counting): 5 % and 64 tokens are added. */
export function withCountMargin(countedTokens: number): number {
  return Math.ceil(countedTokens * 1.05) + 64;
}
