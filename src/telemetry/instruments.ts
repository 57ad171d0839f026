import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_TOKEN_TYPE,
  ATTR_GEN_AI_WORKFLOW_NAME,
  METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
  METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
} from '@opentelemetry/semantic-conventions/incubating';
import { own } from './attribute-names.ts';
import type { Instrument } from './Instrument.ts';

const modelAttributes = [
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
];

/** Names, units and buckets of the `gen_ai` ones are the GenAI conventions' own (gen-ai-metrics.md). */
export const instruments = {
  tokenUsage: {
    name: METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
    kind: 'histogram',
    unit: '{token}',
    description: 'Number of input and output tokens used.',
    attributes: [...modelAttributes, ATTR_GEN_AI_TOKEN_TYPE],
    buckets: Array.from({ length: 14 }, (_, index) => 4 ** index),
  },
  callDuration: {
    name: METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
    kind: 'histogram',
    unit: 's',
    description: 'GenAI operation duration.',
    attributes: [...modelAttributes, ATTR_ERROR_TYPE],
    buckets: Array.from({ length: 14 }, (_, index) => 2 ** index / 100),
  },
  taskDuration: {
    // In the conventions, and not yet in the package of their names.
    name: 'gen_ai.workflow.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of a task, from its words to its judged answer.',
    attributes: [ATTR_GEN_AI_WORKFLOW_NAME, ATTR_ERROR_TYPE],
    buckets: [1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200],
  },
  decisions: {
    name: 'teelamma.decisions',
    kind: 'counter',
    unit: '{decision}',
    description: 'Tasks by who was chosen for them, gateway requests by who answered them, and why.',
    attributes: [own.door, own.agent, own.cause],
  },
  handovers: {
    name: 'teelamma.handovers',
    kind: 'counter',
    unit: '{handover}',
    description: 'Work that passed from one specialist to the other.',
    attributes: [own.door, own.from, own.to, own.cause],
  },
  tasks: {
    name: 'teelamma.tasks',
    kind: 'counter',
    unit: '{task}',
    description: 'Tasks that ended, by what came of them and who gave the answer.',
    attributes: [own.door, own.agent, own.outcome],
  },
  reviews: {
    name: 'teelamma.reviews',
    kind: 'counter',
    unit: '{review}',
    description: 'Answers that the critic judged.',
    attributes: [own.agent, own.purpose, own.outcome],
  },
  checks: {
    name: 'teelamma.checks',
    kind: 'counter',
    unit: '{check}',
    description: "Runs of projects' checks.",
    attributes: [own.outcome],
  },
  thresholds: {
    name: 'teelamma.budget.thresholds',
    kind: 'counter',
    unit: '{threshold}',
    description: 'Thresholds of budgets that were reached.',
    attributes: [own.budget, own.percent],
  },
} as const satisfies Readonly<Record<string, Instrument>>;

const amounts = {
  limit: 'Most that a budget lets Claude use in its window',
  used: 'What was used of a budget in its window',
  held: 'What running work holds of a budget',
  remaining: 'What a budget has left in its window',
  overdraft: 'What forced work took above the limit',
} as const;

export type BudgetAmount = keyof typeof amounts;

/** A budget counts tokens, or money; each has gauges of its own, so that no sum adds the two. */
export const budgetGauges = {
  tokens: gaugesOf('teelamma.budget', '{token}', 'tokens'),
  usd: gaugesOf('teelamma.budget.usd', '{USD}', 'USD'),
  reset: {
    name: 'teelamma.budget.reset_time',
    kind: 'gauge',
    unit: 's',
    description: 'When the window of a budget ends, in seconds since 1970.',
    attributes: [own.budget, own.counter],
  } satisfies Instrument as Instrument,
};

/** Every gauge there is. */
export const allGauges: readonly Instrument[] = [
  ...Object.values(budgetGauges.tokens),
  ...Object.values(budgetGauges.usd),
  budgetGauges.reset,
];

function gaugesOf(prefix: string, unit: string, word: string): Readonly<Record<BudgetAmount, Instrument>> {
  const gauge = (name: BudgetAmount): Instrument => ({
    name: `${prefix}.${name}`,
    kind: 'gauge',
    unit,
    description: `${amounts[name]}, in ${word}.`,
    attributes: [own.budget, own.counter],
  });
  return {
    limit: gauge('limit'),
    used: gauge('used'),
    held: gauge('held'),
    remaining: gauge('remaining'),
    overdraft: gauge('overdraft'),
  };
}
