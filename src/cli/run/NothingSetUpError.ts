import { SpecialistError } from '../../agents/Specialist.ts';
import type { Config } from '../../config/Config.ts';
import { TeelammaError } from '../../errors.ts';
import type { NoSpecialistAvailableError } from '../../turn/NoSpecialistAvailableError.ts';

/** There is neither a key for Claude nor an Ollama to talk to: what a newcomer sees first, so it says how to get either. */
export class NothingSetUpError extends TeelammaError {
  private constructor(config: Config, cause: NoSpecialistAvailableError) {
    const { host, model } = config.ollama;
    super(
      'no-specialist-available',
      `Nobody is there to do the task: no Claude key is set, and no Ollama answers at ${host}. ` +
        'Either set an API key (export ANTHROPIC_API_KEY=...), or run Ollama ' +
        `(\`ollama serve\`, then \`ollama pull ${model}\`). To try it without either, with simulated answers, add --simulate.`,
      { cause },
    );
  }

  /** Null where something is set up and failed for another reason. */
  static from(error: NoSpecialistAvailableError, config: Config): NothingSetUpError | null {
    const hasKey = config.claude.apiKey !== undefined || config.claude.authToken !== undefined;
    const isOllamaAway = error.attempts.some(
      ({ agent, cause }) =>
        agent === 'ollama-specialist' && cause instanceof SpecialistError && cause.failure === 'unreachable',
    );
    return !hasKey && isOllamaAway ? new NothingSetUpError(config, error) : null;
  }
}
