import { join } from 'node:path';
import { writeConfigFile } from '../../src/config/config-file.ts';
import { type Simulators, startSimulators } from '../../src/simulators/start-simulators.ts';
import { type SampleProject, sampleProject } from '../support/sample-project.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { type CommandResult, teelamma } from './command.ts';

/** The built command beside a sample project, in a home of its own, on simulators. */
export interface WorkspaceCommand extends AsyncDisposable {
  readonly home: string;
  readonly project: SampleProject;
  readonly simulators: Simulators;
  /** Of every run: Ollama alone, so that whatever is asked of Claude goes there. */
  readonly environment: Readonly<Record<string, string>>;
  /** Added to that, Claude can be asked too. */
  readonly withClaude: Readonly<Record<string, string>>;
  run(words: readonly string[], more?: Readonly<Record<string, string>>): Promise<CommandResult>;
}

/** `config`: settings by key, for its config.json. */
export async function startWorkspaceCommand(
  config: Parameters<typeof writeConfigFile>[1] = {},
): Promise<WorkspaceCommand> {
  const folder = temporaryHome();
  const { home } = folder;
  const project = sampleProject();
  const simulators = await startSimulators();
  const environment = { OLLAMA_HOST: simulators.ollama.url };
  writeConfigFile(join(home, 'config.json'), config);
  return {
    home,
    project,
    simulators,
    environment,
    withClaude: { ANTHROPIC_API_KEY: 'sk-test-not-a-key', TEELAMMA_CLAUDE_URL: simulators.claude.url },
    run: (words, more = {}) => teelamma(words, { home, environment: { ...environment, ...more } }),
    async [Symbol.asyncDispose]() {
      await simulators[Symbol.asyncDispose]();
      folder.remove();
      project.remove();
    },
  };
}
