import { canonicalKey } from './canonical.ts';
import { type Exploration, explore } from './explore.ts';
import { brokenInvariant } from './invariants.ts';
import { initialState, nextSteps, type Protocol, type Step } from './protocol.ts';

/** Looks at every state of a protocol, or up to the first that breaks an invariant. */
export function checkProtocol(protocol: Protocol, key = canonicalKey): Exploration<Step> {
  return explore({
    initial: initialState(protocol),
    next: (state) => nextSteps(protocol, state),
    broken: (state) => brokenInvariant(protocol, state),
    key,
  });
}
