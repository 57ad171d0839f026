/** A shorter value is too common to be told from other words. */
const shortest = 8;
/** Longer files are no list of keys. */
const longestFile = 200_000;

/** Words in the names of settings that hold keys; others, such as a host or a folder, would mask what a failure is about. */
const secretName = /key|token|secret|pass|phrase|pwd|cred|auth|private|salt|cookie|session/i;

/**
 * The values in a file that holds keys by custom: in `.env` and others that name what they set, of those that are named like keys; else every
 * line and its last word.
 */
export function secretValues(content: Buffer): readonly string[] {
  if (content.length > longestFile) return [];
  return content
    .toString()
    .split(/\r?\n/)
    .filter((line) => !/^\s*#/.test(line))
    .flatMap((line) => {
      const setting = /^\s*(?:export\s+)?([^\s=]+)\s*=\s*(.*)$/.exec(line);
      if (setting?.[2]) return secretName.test(setting[1] ?? '') ? [setting[2]] : [];
      return [line, line.split(/[\s:]+/).at(-1) ?? ''];
    })
    .map((value) => value.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .filter((value) => value.length >= shortest);
}

/** A text in which none of the values stands any more; longer ones go first, since one may be part of another. */
export function withoutValues(text: string, values: Iterable<string>): string {
  return [...values]
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, value) => masked.replaceAll(value, '[masked]'), text);
}
