import {
  type ClaudeSimulator,
  type ClaudeSimulatorOptions,
  startClaudeSimulator,
} from './start-claude-simulator.ts';
import {
  type OllamaSimulator,
  type OllamaSimulatorOptions,
  startOllamaSimulator,
} from './start-ollama-simulator.ts';

/** Both simulators. Disposing ends both. */
export interface Simulators extends AsyncDisposable {
  readonly claude: ClaudeSimulator;
  readonly ollama: OllamaSimulator;
}

/**
 * Starts both simulators, or neither.
 * @throws TeelammaError `port-taken`
 */
export async function startSimulators(
  options: { readonly claude?: ClaudeSimulatorOptions; readonly ollama?: OllamaSimulatorOptions } = {},
): Promise<Simulators> {
  const claude = await startClaudeSimulator(options.claude);
  try {
    const ollama = await startOllamaSimulator(options.ollama);
    return {
      claude,
      ollama,
      async [Symbol.asyncDispose]() {
        await Promise.all([claude.close(), ollama.close()]);
      },
    };
  } catch (error) {
    await claude.close();
    throw error;
  }
}
