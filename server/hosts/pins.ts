// The snapshots that an installed host rests on: remembered beside its state, which forgets them when it is armed again. Pure.

import type { Arming, HostState } from '../domain.ts';
import type { HostEvent } from './lifecycle.ts';

/** Repo → snapshot. */
export type Pins = Arming['pins'];

/**
 * What `event` makes of the pins of a host's last install. An install that ended well pins what it was made of; arming the
 * host again, and the end of such an arming, leave that; disarming the host itself lets go of it, and so does disarming it
 * when another install has begun on its disks.
 */
export function pinsAfter(
  event: HostEvent,
  before: HostState,
  after: HostState,
): { readonly kind: 'as before' | 'none' } | { readonly kind: 'pins'; readonly pins: Pins } {
  if (after.phase === 'installed' && after.arming !== undefined) return { kind: 'pins', pins: after.arming.pins };
  const isUnbegun = before.phase === 'armed' || before.phase === 'booting';
  return { kind: event.kind === 'disarmed' && !isUnbegun ? 'none' : 'as before' };
}
