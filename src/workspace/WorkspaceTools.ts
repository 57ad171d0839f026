import { Refusal } from './Refusal.ts';
import type { ToolContext, WorkspaceTool } from './tools/define-tool.ts';
import { deleteFile } from './tools/delete-file.ts';
import { editFile } from './tools/edit-file.ts';
import { listFiles } from './tools/list-files.ts';
import { readFile } from './tools/read-file.ts';
import { renameFile } from './tools/rename-file.ts';
import { search } from './tools/search.ts';
import { writeFile } from './tools/write-file.ts';
import type { WorkspaceStage } from './WorkspaceStage.ts';

const tools: readonly WorkspaceTool[] = [
  listFiles,
  readFile,
  search,
  writeFile,
  editFile,
  deleteFile,
  renameFile,
];

/** What a tool answered to the model. */
export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** The tools that a specialist works on a stage with. What a task has read is remembered from one call to the next. */
export class WorkspaceTools {
  private readonly stage: WorkspaceStage;
  private seen = new Map<string, string>();

  constructor(stage: WorkspaceStage) {
    this.stage = stage;
  }

  /** As the Messages API takes them. */
  get definitions(): readonly {
    name: string;
    description: string;
    input_schema: WorkspaceTool['inputSchema'];
  }[] {
    return tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      input_schema: inputSchema,
    }));
  }

  /** What the task knows of each file that it read or wrote: a hash of its content. A copy. */
  seenFiles(): ReadonlyMap<string, string> {
    return new Map(this.seen);
  }

  restoreSeen(seen: ReadonlyMap<string, string>): void {
    this.seen = new Map(seen);
  }

  /**
   * Runs one call of a model. Whatever cannot be done is an answer that says so.
   * @throws The signal's reason, when it is aborted.
   */
  async call(name: string, input: unknown, signal: AbortSignal): Promise<ToolAnswer> {
    signal.throwIfAborted();
    const tool = tools.find((each) => each.name === name);
    if (!tool) {
      const names = tools.map((each) => each.name).join(', ');
      return { text: `There is no tool ${JSON.stringify(name)}. The tools are ${names}.`, isError: true };
    }
    const context: ToolContext = { stage: this.stage, seen: this.seen, signal };
    const result = await tool.run(input, context);
    return result instanceof Refusal
      ? { text: result.reason, isError: true }
      : { text: result, isError: false };
  }
}
