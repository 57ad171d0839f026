import { type Protocol, recoverAll, type State } from './protocol.ts';

/** What must hold in every state; the first that does not, in words, or null. */
export function brokenInvariant(protocol: Protocol, state: State): string | null {
  return (
    brokenSums(protocol, state) ?? brokenTurns(state) ?? brokenAfter(protocol, recoverAll(protocol, state))
  );
}

function brokenSums({ limit, mutation }: Protocol, state: State): string | null {
  for (const [window, { settled, held }] of state.sums.entries()) {
    if (settled + held > limit)
      return `window ${window}: ${settled} settled and ${held} held pass the limit of ${limit}`;
    if (held < 0 || settled < 0)
      return `window ${window}: ${held} held, ${settled} settled: something was freed twice`;
    let charged = 0;
    let open = 0;
    let records = 0;
    for (const { reservation, turns } of state.processes) {
      if (reservation?.window !== window) continue;
      open += reservation.unsent;
      for (const turn of turns) {
        charged += Math.max(0, turn.provider);
        records += turn.charged;
        if (turn.state === 'in-flight') open += turn.hold;
      }
    }
    if (charged > settled + held)
      return `window ${window}: the provider charged ${charged}, the ledger has ${settled} settled and ${held} held: usage was lost`;
    if (mutation !== 'no-in-flight-mark' && settled !== records)
      return `window ${window}: ${settled} settled, but its turns were charged ${records}`;
    if (held !== open)
      return `window ${window}: ${held} held, but ${open} are open: something was freed twice or lost`;
  }
  return null;
}

function brokenTurns(state: State): string | null {
  for (const [who, { turns, settles }] of state.processes.entries()) {
    for (const turn of turns) {
      if (turn.state === 'settled' && turn.charged !== turn.provider)
        return `process ${who}: a turn used ${turn.provider} and is settled with ${turn.charged}, after ${settles} settles`;
      if (turn.charged > turn.hold)
        return `process ${who}: a turn is charged ${turn.charged} above its hold of ${turn.hold}`;
    }
  }
  return null;
}

/** From every state: whoever recovers after all have died leaves no hold, and loses nothing. */
function brokenAfter(protocol: Protocol, recovered: State): string | null {
  const broken = brokenSums(protocol, recovered);
  if (broken !== null) return `after recovery, ${broken}`;
  const held = recovered.sums.reduce((sum, one) => sum + one.held, 0);
  return held === 0 ? null : `after recovery, ${held} tokens stay held`;
}
