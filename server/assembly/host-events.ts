// What became of hosts, as events for who listens: read from their history, so that what other processes did is told too.

import type { StreamEvent } from '../api/events/format.ts';
import type { House } from './house.ts';
import { hostViewOf } from './views.ts';

/** More at once are hosts of a whole site: who listens reads the list again. Each is told from its stages (some 0.5 ms) while boots wait. */
const TOLD = 50;

/**
 * Asked again and again: the hosts whose state changed since it was asked last, as they stand now. How far installs are is none of
 * it: who shows that asks for it.
 */
export function watchHosts(house: House): () => readonly Omit<StreamEvent, 'id'>[] {
  let seen: number | undefined;
  return () => {
    const { newest, hosts } = house.hosts.changedSince(seen ?? Number.MAX_SAFE_INTEGER, TOLD + 1);
    const isFirst = seen === undefined;
    seen = newest;
    if (isFirst || hosts.length === 0) return [];
    if (hosts.length > TOLD) return [{ event: 'hosts-changed', data: {} }];
    return hosts.flatMap((name) => {
      const view = hostViewOf(house, name);
      return view === undefined ? [] : [{ event: 'host-changed', data: view }];
    });
  };
}
