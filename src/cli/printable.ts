/** A model's text without what steers a terminal: control characters but line breaks and tabs are left out. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '');
}
