import type { AnswerRequest } from './built-in-answer.ts';
import { sampleCode } from './sample-code.ts';
import type { AnswerBlock } from './scripted-answer.ts';

const tools = ['list_files', 'read_file', 'edit_file', 'write_file'] as const;

/**
 * The next step of a small edit, for a request that offers the tools of a workspace: look at what there is, then put a comment on top of the
 * file that the task names, or write a sample where it names none. Null when it is done, and for any other request.
 */
export function sampleEdit({
  prompt,
  toolResults,
  tools: offered,
  model,
}: AnswerRequest): AnswerBlock | null {
  const names = new Set(offered.map(({ name }) => name));
  if (!tools.every((name) => names.has(name))) return null;
  const [listed, read, ...later] = toolResults;
  if (listed === undefined) return call('list_files', {});
  const isNamed = (path: string) => path.length > 2 && prompt.includes(path) && commentOn(path, '') !== null;
  const path = listed.split('\n').find(isNamed);
  if (path === undefined) {
    if (read !== undefined) return null;
    const content = `// [simulated ${model}]\n${sampleCode('typescript', ['simulated', 'example'])}\n`;
    return call('write_file', { path: 'simulated-example.ts', content });
  }
  if (read === undefined) return call('read_file', { path });
  const first = /^1\t(.*)$/m.exec(read)?.[1];
  if (later.length > 0 || first === undefined || first.trim() === '') return null;
  const comment = commentOn(path, `[simulated ${model}] a sample edit`) ?? '';
  return call('edit_file', { path, old_string: first, new_string: `${comment}\n${first}` });
}

function call(name: (typeof tools)[number], input: Readonly<Record<string, unknown>>): AnswerBlock {
  return { type: 'tool_use', name, input };
}

/** A comment in the language of a file; null where it is not known, or has none. */
function commentOn(path: string, text: string): string | null {
  if (/\.[cm]?[jt]sx?$|\.(?:go|rs|java|c|h|cpp|cs|php)$/.test(path)) return `// ${text}`;
  if (/\.(?:py|rb|sh|ya?ml|toml)$/.test(path)) return `# ${text}`;
  return /\.(?:md|html)$/.test(path) ? `<!-- ${text} -->` : null;
}
