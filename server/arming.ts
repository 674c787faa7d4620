// When an arming holds: the one rule that boot decisions, installers' requests and the passing of time share.

import type { Arming, HostPhase } from './domain.ts';

/** Is an arming still unspent in this phase? After success, failure or a stop no install is begun under it any more. */
export function isUnspent(phase: HostPhase): boolean {
  return phase === 'armed' || phase === 'booting' || phase === 'installing';
}

/** A clock corrected by this much while a host is armed is ordinary; more, and nobody knows how old the arming is. */
const CLOCK_STEP_MS = 5 * 60_000;

/** Why `arming` allows no install at `now` (ms since 1970) any more; undefined while it does. */
export function armingEnded(arming: Arming, now: number): string | undefined {
  if (now >= arming.expiresAt) return 'the arming has ended';
  if (now < arming.armedAt - CLOCK_STEP_MS) return 'the clock was set back behind the arming';
  return undefined;
}
