// What became of hosts, as events for who listens: read from their history, so that what other processes did is told too.

import type { StreamEvent } from '../api/events/format.ts';
import type { House } from './house.ts';
import { hostViewOf } from './views.ts';

/** More at once are hosts of a whole site: who listens reads the list again. */
const TOLD = 200;

/** Asked again and again: the hosts that changed since it was asked last, or that are installing, as they stand now. */
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
