import * as z from 'zod';
import { isRecord } from '../../messages/open-record.ts';
import { Refusal } from '../Refusal.ts';
import type { WorkspaceStage } from '../WorkspaceStage.ts';

/** What a tool works with. */
export interface ToolContext {
  readonly stage: WorkspaceStage;
  /** What the task has read of each file on disk, as a hash of its content. */
  readonly seen: Map<string, string>;
  readonly signal: AbortSignal;
}

/** A tool as the Messages API takes it, and what runs it. */
export interface WorkspaceTool {
  readonly name: string;
  readonly description: string;
  /** JSON schema of the input. */
  readonly inputSchema: { readonly type: 'object'; readonly [keyword: string]: unknown };
  /** Text for the model; a refusal where the input is not valid, or the tool cannot do it. */
  readonly run: (input: unknown, context: ToolContext) => Promise<string | Refusal>;
}

/** Makes a tool whose input is checked against its schema before it runs. */
export function defineTool<Shape extends z.ZodRawShape>(tool: {
  readonly name: string;
  readonly description: string;
  readonly shape: Shape;
  readonly run: (
    input: z.infer<z.ZodObject<Shape>>,
    context: ToolContext,
  ) => string | Refusal | Promise<string | Refusal>;
}): WorkspaceTool {
  const schema = z.strictObject(tool.shape);
  const { $schema: _dialect, ...inputSchema } = z.toJSONSchema(schema, { io: 'input' });
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: { ...inputSchema, type: 'object', properties: briefly(inputSchema.properties ?? {}) },
    run: async (input, context) => {
      const parsed = schema.safeParse(asMeant(input, inputSchema.properties ?? {}));
      if (parsed.success) return tool.run(parsed.data, context);
      const problems = parsed.error.issues.slice(0, 3).map(({ path, message }) => {
        const at = path.join('.');
        return at === '' ? message : `${at}: ${message}`;
      });
      const names = Object.keys(tool.shape).join(', ');
      return new Refusal(
        `The input of ${tool.name} is not valid (${problems.join('; ')}). It takes ${names}. Correct it and call it again.`,
      );
    },
  };
}

/** Each turn sends the schemas again, so what the description says, or hardly ever matters, is left out. */
function briefly(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      if (!isRecord(property)) return [name, property];
      const { default: _default, minimum: _least, maximum: _most, ...rest } = property;
      return [name, rest];
    }),
  );
}

/** Names that models use for ours, from other tools that they know. */
const otherNames: Readonly<Record<string, string>> = {
  file_path: 'path',
  filePath: 'path',
  file: 'path',
  filename: 'path',
  old_str: 'old_string',
  new_str: 'new_string',
  old_text: 'old_string',
  new_text: 'new_string',
  text: 'content',
  contents: 'content',
};

/** Smaller models write numbers and flags as texts, one text for a list, and null for what they leave out. */
function asMeant(input: unknown, properties: Readonly<Record<string, unknown>>): unknown {
  if (!isRecord(input)) return input;
  const meant: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(input)) {
    const other = otherNames[given];
    const name =
      properties[given] === undefined && other !== undefined && properties[other] !== undefined
        ? other
        : given;
    if (value === null || value === undefined) continue;
    meant[name] = inForm(value, properties[name]);
  }
  return meant;
}

function inForm(value: unknown, property: unknown): unknown {
  const type = isRecord(property) ? property['type'] : undefined;
  if (typeof value !== 'string') return value;
  if (type === 'integer' && /^\s*\d+\s*$/.test(value)) return Number(value);
  if (type === 'boolean' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (type === 'array') return value === '' ? [] : [value];
  return value;
}
