// Waits until the house goes by a site file that was just changed: who is told that it is done may look, or sync, at once.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../domain.ts';
import type { House } from './house.ts';

const PATIENCE_MS = 3000;
const PAUSE_MS = 20;

/** The house of an appliance reads a changed file a moment later; that of a command, when it is told to. */
export async function untilKnown(
  { site, reread }: Pick<House, 'site' | 'reread'>,
  isSo: (site: Site) => boolean,
): Promise<void> {
  if (reread !== undefined) return reread();
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && !isSo(site()); waitedMs += PAUSE_MS) await sleep(PAUSE_MS);
}
