import type { Router } from '../agents/Router.ts';
import type { AgentName } from '../agents/Specialist.ts';
import type { MessagesRequest } from '../messages/types.ts';
import { firstUserText } from './conversations.ts';

/** Sends requests for certain models to one specialist. */
export interface ModelRule {
  /** A model's id; `*` stands for any characters. */
  readonly pattern: string;
  readonly agent: AgentName;
}

export interface PolicyOptions {
  /** The first that matches counts. Default none. */
  readonly models: readonly ModelRule[];
  /** Who answers requests of the small model, which clients use for titles and summaries. Default Claude. */
  readonly background: AgentName;
  /** Whether conversations whose first message is a simple task go to Ollama. Default false. */
  readonly routeByComplexity: boolean;
}

/** What the policy says before the budget is asked. */
export interface PolicyDecision {
  readonly agent: AgentName;
  /** A sentence without its full stop. */
  readonly reason: string;
}

export type Policy = (request: MessagesRequest) => PolicyDecision;

const claudeByDefault: PolicyDecision = {
  agent: 'claude-specialist',
  reason: 'The token budget has room',
};
/** Enough of a long first message to tell how complex it is; it may hold a whole file. */
const judgedCharacters = 8_000;

/** Who should answer a request: a rule for its model, then the rule for background work, then the complexity; else Claude. */
export function createPolicy(options: PolicyOptions, ports: { readonly router: Router }): Policy {
  const rules = options.models.map(({ pattern, agent }) => ({ pattern, agent, matches: matcher(pattern) }));
  return (request) => {
    for (const { pattern, agent, matches } of rules) {
      if (matches.test(request.model)) return { agent, reason: `Rule for models ${pattern}` };
    }
    if (options.background === 'ollama-specialist' && /haiku/i.test(request.model)) {
      return { agent: options.background, reason: 'Background request of the small model' };
    }
    if (!options.routeByComplexity) return claudeByDefault;
    const { level, score } = ports.router.assess(firstUserText(request).slice(0, judgedCharacters));
    if (level === 'complex')
      return { ...claudeByDefault, reason: `Complex task (score ${score.toFixed(2)})` };
    return { agent: 'ollama-specialist', reason: `Simple task (score ${score.toFixed(2)})` };
  };
}

function matcher(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 'i');
}
