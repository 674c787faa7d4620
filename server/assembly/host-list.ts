// The list of all hosts, which pages ask for again and again: made once for all who ask, in turns with boots that wait meanwhile.

import { setImmediate as breathe } from 'node:timers/promises';
import type { Host, HostState, Site } from '../domain.ts';
import { unarmed } from '../hosts/lifecycle.ts';
import type { Progress } from '../hosts/progress.ts';
import type { House } from './house.ts';
import { recentVerdicts, recordsOf } from './doctor.ts';
import { listedInstalls, progressFor } from './progress.ts';
import type { HostView } from './views.ts';
import { hostView } from './views.ts';

/** Progress, verdicts and an arming that has run out may be so old; what is done to a host, or to the site, is in every list asked for after it. */
const HOLDS_MS = 1000;
/** The progress of so many installs is told in one turn: some 5 ms. */
const A_TURN = 10;

type Made = {
  readonly site: Site;
  readonly change: number;
  readonly at: number;
  readonly views: Promise<readonly HostView[]>;
};

/** The hosts of the site, in its order, and where they stand. */
export function openHostList(house: House): () => Promise<readonly HostView[]> {
  let last: Made | undefined;
  return () => {
    const [site, change, at] = [house.site(), house.hosts.newestChange(), house.now()];
    const isFresh = last?.site === site && last.change === change && at >= last.at && at - last.at < HOLDS_MS;
    if (last === undefined || !isFresh) last = { site, change, at, views: hostViews(house) };
    return last.views;
  };
}

type Standing = { readonly host: Host; readonly state: HostState };

async function hostViews(house: House): Promise<readonly HostView[]> {
  const states = house.hosts.states(house.now());
  const hosts = house.site().hosts.map((host) => ({ host, state: states.get(host.name) ?? unarmed }));
  const progress = await progressOf(house, listedInstalls(hosts));
  const verdicts = recentVerdicts(house);
  await breathe();
  return hosts.map(({ host, state }) =>
    hostView(host, state, { progress: progress.get(host.name), verdict: verdicts.get(host.name) }),
  );
}

/** How far `installs` are, by their hosts' names. */
async function progressOf(house: House, installs: readonly Standing[]): Promise<ReadonlyMap<string, Progress>> {
  const told = new Map<string, Progress>();
  for (const [index, { host, state }] of installs.entries()) {
    if (index % A_TURN === 0) await breathe();
    const progress = progressFor(house, { host, state, records: recordsOf(house, host) });
    if (progress !== undefined) told.set(host.name, progress);
  }
  return told;
}
