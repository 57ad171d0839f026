/** Claude Code sends a few kilobytes at once and closes; nobody else may make it wait or grow. */
const longestWaitMs = 1_000;
const mostCharacters = 1_000_000;

/** The JSON text that Claude Code gives on stdin; what came where it was cut off, is too long or does not end. Never throws. */
export async function readHookInput(stdin: NodeJS.ReadStream): Promise<string> {
  const timer = setTimeout(() => stdin.destroy(), longestWaitMs);
  let text = '';
  try {
    for await (const chunk of stdin.setEncoding('utf8')) {
      text += String(chunk);
      if (text.length > mostCharacters) break;
    }
  } catch {
    // A stdin that was cut off or is closed: what came is what there is.
  } finally {
    clearTimeout(timer);
  }
  return text;
}
