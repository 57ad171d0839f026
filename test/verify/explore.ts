/** What was found by looking at every state that can be reached. */
export interface Exploration<S> {
  readonly states: number;
  readonly transitions: number;
  /** Steps of the longest of the shortest ways to a state. */
  readonly depth: number;
  /** Distinct schedules from the start to an end, each a different order of steps. */
  readonly schedules: bigint;
  /** States in which nobody can do anything more. */
  readonly ends: number;
  /** The shortest way to a state that breaks an invariant. */
  readonly counterexample: { readonly broken: string; readonly steps: readonly S[] } | null;
}

/**
 * Breadth first over every state, each looked at once, so that a counterexample is a shortest one. The model must have no cycles: then
 * the schedules can be counted, though there are far too many to walk.
 */
export function explore<State, Step>(model: {
  readonly initial: State;
  readonly next: (state: State) => [Step, State][];
  readonly broken: (state: State) => string | null;
  /** The same for states of which one need not be told from the other. */
  readonly key: (state: State) => string;
}): Exploration<Step> {
  const numbers = new Map<string, number>();
  const cameFrom: { readonly state: number; readonly step: Step | null }[] = [];
  const following: (readonly number[])[] = [];
  let level: [number, State][] = [];
  let transitions = 0;
  let ends = 0;
  let depth = 0;
  const add = (state: State, from: number, step: Step | null): [number, boolean] => {
    const key = model.key(state);
    const known = numbers.get(key);
    if (known !== undefined) return [known, false];
    numbers.set(key, numbers.size);
    cameFrom.push({ state: from, step });
    return [numbers.size - 1, true];
  };
  const found = (number: number, broken: string): Exploration<Step> => {
    const steps: Step[] = [];
    for (let at = number; ; ) {
      const from = cameFrom[at];
      if (!from?.step) break;
      steps.unshift(from.step);
      at = from.state;
    }
    return {
      states: numbers.size,
      transitions,
      depth,
      schedules: 0n,
      ends,
      counterexample: { broken, steps },
    };
  };
  level.push([add(model.initial, -1, null)[0], model.initial]);
  const atStart = model.broken(model.initial);
  if (atStart !== null) return found(0, atStart);
  while (level.length > 0) {
    const nextLevel: [number, State][] = [];
    for (const [number, state] of level) {
      const steps = model.next(state);
      const targets: number[] = [];
      for (const [step, after] of steps) {
        transitions += 1;
        const [target, isNew] = add(after, number, step);
        targets.push(target);
        if (!isNew) continue;
        const broken = model.broken(after);
        if (broken !== null) return found(target, broken);
        nextLevel.push([target, after]);
      }
      following[number] = targets;
      if (targets.length === 0) ends += 1;
    }
    if (nextLevel.length > 0) depth += 1;
    level = nextLevel;
  }
  const schedules = countPaths(following);
  return { states: numbers.size, transitions, depth, schedules, ends, counterexample: null };
}

/** Paths from state 0 to the states without successors, in the order in which all predecessors of a state are done (Kahn). */
function countPaths(following: readonly (readonly number[])[]): bigint {
  const waiting = new Int32Array(following.length);
  for (const targets of following) for (const target of targets) waiting[target] = (waiting[target] ?? 0) + 1;
  const paths = new Array<bigint>(following.length).fill(0n);
  paths[0] = 1n;
  const ready = [0];
  let total = 0n;
  let done = 0;
  for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
    done += 1;
    const here = paths[at] ?? 0n;
    const targets = following[at] ?? [];
    if (targets.length === 0) total += here;
    for (const target of targets) {
      paths[target] = (paths[target] ?? 0n) + here;
      waiting[target] = (waiting[target] ?? 0) - 1;
      if (waiting[target] === 0) ready.push(target);
    }
  }
  if (done !== following.length) throw new Error('The model has a cycle, so its schedules cannot be counted');
  return total;
}
