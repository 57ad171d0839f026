import type { Process, State } from './protocol.ts';

/**
 * A short name for a state, the same for states that differ only in ways that cannot matter: in the order of the processes, which all do
 * the same, and in the past of those that are over and resolved, of which only the sums are left. So each such state is looked at once.
 */
export function canonicalKey(state: State): string {
  const past = state.sums.map(() => 0);
  const alone = state.processes.map((one) => {
    if (!isPast(one)) return withoutReferences(one);
    for (const turn of one.turns) {
      const window = one.reservation?.window ?? 0;
      past[window] = (past[window] ?? 0) + Math.max(0, turn.provider);
    }
    return '.';
  });
  const sums = state.sums.map(({ settled, held }, window) => `${settled},${held},${past[window]}`);
  const order = [...alone.keys()].sort((a, b) => compare(alone[a], alone[b]));
  const isDistinct = order.every((who, index) => index === 0 || alone[who] !== alone[order[index - 1] ?? -1]);
  const orders = isDistinct ? [order] : tiedOrders(order, alone);
  const named = orders.map((one) => nameIn(one, state, alone));
  return `${sums.join(' ')}|${named.toSorted()[0]}`;
}

/** Nothing comes of it any more; another may still have it on its list, and will find it ended. */
function isPast(one: Process): boolean {
  return (one.at === 'left' || one.at === 'dead') && one.isEnded;
}

function withoutReferences(one: Process): string {
  const { at, isCut, isEnded, reservation, turns, recovery, settles } = one;
  const own = reservation
    ? `${reservation.window}${reservation.granted}${reservation.unsent}${reservation.charged}${reservation.isClosed ? 'c' : 'o'}`
    : '';
  const sent = turns.map(
    (turn) => `${turn.hold}${turn.state[0]}${turn.charged}${turn.provider}${turn.outcome ?? '-'}`,
  );
  const seen = recovery ? `${recovery.stage}${recovery.seenUnsent}/${recovery.seenInFlight.join()}` : '';
  return `${at}${isCut ? 'x' : ''}${isEnded ? 'e' : ''};${own};${sent.join('_')};${seen};${settles}`;
}

function nameIn(order: readonly number[], state: State, alone: readonly string[]): string {
  const place = (who: number) => (who < 0 ? '' : order.indexOf(who));
  return order
    .map((who) => {
      const one = state.processes[who];
      return `${alone[who]}>${place(one?.recovery?.of ?? -1)}<${place(one?.lockedBy ?? -1)}`;
    })
    .join('|');
}

/** Every order that the sorting leaves open: those that exchange processes which look the same by themselves. */
function tiedOrders(sorted: readonly number[], alone: readonly string[]): number[][] {
  const [first, ...rest] = sorted;
  if (first === undefined) return [[]];
  const tied = sorted.filter((who) => alone[who] === alone[first]);
  if (tied.length === 1) return tiedOrders(rest, alone).map((order) => [first, ...order]);
  return tied.flatMap((who) =>
    tiedOrders(
      sorted.filter((other) => other !== who),
      alone,
    ).map((order) => [who, ...order]),
  );
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
