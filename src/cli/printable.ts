/** What a model or a provider wrote may not steer the terminal: control characters but line breaks and tabs are left out. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '');
}
