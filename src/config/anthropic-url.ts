/** Claude's own address, where none is configured. */
export const anthropicUrl = 'https://api.anthropic.com';
