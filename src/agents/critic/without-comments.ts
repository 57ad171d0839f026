/** Comments and template texts of JavaScript and TypeScript blanked, line for line; strings with comment marks in them stay. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|`(?:\\[\s\S]|[^`\\])*`|\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*/g,
    (match, kept: string | undefined) => kept ?? match.replace(/[^\n]/g, ' '),
  );
}
