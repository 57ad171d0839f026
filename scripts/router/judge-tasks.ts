import { readFileSync } from 'node:fs';
import type { ComplexityLevel } from '../../src/agents/complexity.ts';
import { Router } from '../../src/agents/Router.ts';
import type { RouterWeights } from '../../src/agents/router-weights.ts';

/** A hand-labelled engineering task of test/fixtures/router-tasks.jsonl. */
export interface LabelledTask {
  readonly level: ComplexityLevel;
  readonly half: 'tuning' | 'held-out';
  readonly task: string;
}

export interface Judgement {
  readonly right: number;
  readonly of: number;
  readonly wrong: readonly (LabelledTask & { readonly score: number })[];
}

export function readLabelledTasks(path: string | URL): LabelledTask[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): LabelledTask => JSON.parse(line));
}

/** How many of the tasks a Router with these weights puts on the labelled side. */
export function judgeTasks(tasks: readonly LabelledTask[], weights: RouterWeights): Judgement {
  const router = new Router({ weights });
  const judged = tasks.map((task) => ({ ...task, assessed: router.assess(task.task) }));
  const wrong = judged
    .filter(({ level, assessed }) => assessed.level !== level)
    .map(({ assessed, ...task }) => ({ ...task, score: assessed.score }));
  return { right: judged.length - wrong.length, of: judged.length, wrong };
}
