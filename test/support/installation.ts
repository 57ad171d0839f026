import { type App, type AppOptions, createApp, type Environment } from '../../src/index.ts';
import {
  type ClaudeSimulator,
  type ClaudeSimulatorOptions,
  startClaudeSimulator,
} from '../../src/simulators/start-claude-simulator.ts';
import {
  type OllamaSimulator,
  type OllamaSimulatorOptions,
  startOllamaSimulator,
} from '../../src/simulators/start-ollama-simulator.ts';
import { temporaryHome } from './temporary-home.ts';

export interface Installation extends AsyncDisposable {
  readonly home: string;
  readonly claude: ClaudeSimulator;
  readonly ollama: OllamaSimulator;
  readonly environment: Environment;
  /** One more app on the same home and simulators; ended with the installation. */
  open(environment?: Environment, options?: Omit<AppOptions, 'environment'>): Promise<App>;
}

/** A fresh home with both providers simulated over loopback HTTP. */
export async function startInstallation(
  options: { readonly claude?: ClaudeSimulatorOptions; readonly ollama?: OllamaSimulatorOptions } = {},
): Promise<Installation> {
  const folder = temporaryHome();
  const claude = await startClaudeSimulator(options.claude);
  const ollama = await startOllamaSimulator(options.ollama);
  const environment = {
    TEELAMMA_HOME: folder.home,
    TEELAMMA_CLAUDE_URL: claude.url,
    ANTHROPIC_API_KEY: 'sk-test-not-a-key',
    OLLAMA_HOST: ollama.url,
  };
  const apps: App[] = [];
  return {
    home: folder.home,
    claude,
    ollama,
    environment,
    async open(more = {}, options = {}) {
      const app = await createApp({ ...options, environment: { ...environment, ...more } });
      apps.push(app);
      return app;
    },
    async [Symbol.asyncDispose]() {
      for (const app of apps) await app[Symbol.asyncDispose]();
      await claude.close();
      await ollama.close();
      folder.remove();
    },
  };
}
