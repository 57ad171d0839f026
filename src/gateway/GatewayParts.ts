import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentName, Specialist } from '../agents/Specialist.ts';
import type { DecisionLog } from '../logging/LogEntry.ts';
import type { Ledger } from '../state/Ledger.ts';
import type { ReportedLimits } from '../state/ReportedLimits.ts';
import type { WorkObserver } from '../work-events.ts';
import type { Conversations } from './conversations.ts';
import type { CoolDowns } from './cool-downs.ts';
import type { Holds } from './holds.ts';
import type { Client } from './identify-client.ts';
import type { Policy } from './policy.ts';
import type { Upstream } from './upstream.ts';

/** What the routes of one gateway share. */
export interface GatewayParts {
  readonly upstream: Upstream;
  readonly ollama: Specialist;
  readonly ledger: Ledger;
  readonly holds: Holds;
  readonly conversations: Conversations;
  readonly coolDowns: CoolDowns;
  /** What Claude reported of its limits; null where nobody keeps it. */
  readonly limits: GatewayLimits | null;
  readonly policy: Policy;
  readonly log: DecisionLog;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly onDecision: (decision: GatewayDecision) => void;
  /** Told of each request, when it has ended; null where nobody measures. */
  readonly observe: WorkObserver | null;
  readonly behaviour: GatewayBehaviour;
}

export type GatewayLimits = Pick<ReportedLimits, 'note' | 'reserveReached' | 'flush'>;

export interface GatewayBehaviour {
  /** Whether Ollama goes on where Claude's answer broke off after content; else the client is told of the break. */
  readonly continueAnswers: boolean;
  /** Whether the user is told in the answer when a conversation passes to Ollama. */
  readonly notices: boolean;
  /** Silence of the local model after which a ping is sent. */
  readonly pingMs: number;
}

/** One request on its way. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query. */
  readonly path: string;
  readonly client: Client;
}

/** Who answered a request, and why. */
export interface GatewayDecision {
  readonly atMs: number;
  readonly model: string;
  readonly agent: AgentName | 'none';
  /** A sentence without its full stop. */
  readonly reason: string;
  /** Who was asked before, where the request passed on. */
  readonly from: AgentName | null;
  readonly heldTokens: number;
  /** What `max_tokens` was lowered to; null where it was not. */
  readonly maxTokens: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly remainingTokens: number;
  readonly durationMs: number;
  /** Name of the gateway key; null without one. */
  readonly key: string | null;
}
