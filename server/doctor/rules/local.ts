// Machines that were told to boot their own disk: strangers, hosts nobody armed, and armed ones that could not be installed. Pure.

import type { HostState } from '../../domain.ts';
import { isUnspent } from '../../arming.ts';
import { stagesOf } from '../boots.ts';
import type { Rule, Spoken, View } from '../rule.ts';
import { fine, hostName, seen } from '../rule.ts';

/** Of boots whose last script said `local`; in the order they are asked. */
export const localRules: readonly Rule[] = [
  { name: 'unknown-machine', speak: (view) => (localReason(view) === undefined ? undefined : unknownWords(view)) },
  { name: 'unarmed-told-local', speak: (view) => (localReason(view) === undefined ? undefined : unarmedWords(view)) },
  { name: 'armed-told-local', speak: armedToldLocal },
];

/** A machine that is in no site is left alone. */
export function unknownWords({ facts }: View): Spoken | undefined {
  if (facts.host !== undefined) return undefined;
  return fine(
    'no host of the site has its MAC address: it was left to boot its own disk',
    'to install it, add it to the hosts of the site file (kickstand host enroll MAC does), and arm it',
  );
}

/** A host that may not install is left alone too. */
export function unarmedWords(view: View): Spoken | undefined {
  const state = view.facts.host?.state;
  if (state === undefined || isArmed(state)) return undefined;
  return fine(
    `it is not armed (${state.reason}): it was left to boot its own disk`,
    `to install it: kickstand host arm ${hostName(view)}, then boot it from the network`,
  );
}

/** Armed, and asked after that, and yet not installed: its tree is gone, its repo has no snapshot, its profile was changed. */
function armedToldLocal(view: View): Spoken | undefined {
  const reason = localReason(view);
  if (reason === undefined) return undefined;
  return seen(
    `it is armed, and was told to boot its own disk: ${reason}`,
    `kickstand host render ${hostName(view)} and kickstand doctor tell what its install lacks; put it right and boot it again`,
  );
}

/** Why this boot's last script let it boot its disk; undefined where it did not, or said so before the arming. */
function localReason({ boot, facts }: View): string | undefined {
  const script = stagesOf(boot, 'script').at(-1);
  if (script?.told !== 'local') return undefined;
  const armedAt = facts.host?.state.arming?.armedAt ?? 0;
  return facts.host !== undefined && isArmed(facts.host.state) && script.at < armedAt ? undefined : script.reason;
}

function isArmed({ arming, phase }: HostState): boolean {
  return arming !== undefined && isUnspent(phase);
}
