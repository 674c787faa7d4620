// Syncs that an operator begins over the API: they go on after the answer, and end with the appliance.

import type { No } from '../malformed.ts';
import { messageOf, no } from '../malformed.ts';
import type { House } from './house.ts';
import { runningSync, runSync, settleSyncs } from './sync-jobs.ts';

export type SyncStarter = {
  /** Begins a sync of a repo of the site; it is in the log when this is answered, or a moment later. */
  readonly begin: (repo: string) => Promise<No | { readonly kind: 'begun'; readonly repo: string }>;
  /** Ends the syncs begun here, and waits for them. */
  readonly close: () => Promise<void>;
};

/** More at once would share what one line and one disk have. */
const AT_ONCE = 4;

export function openSyncStarter(house: House): SyncStarter {
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  const run = async (name: string): Promise<void> => {
    const repo = house.site().repos.find((known) => known.name === name);
    if (repo === undefined) return;
    try {
      const watch = { cause: 'api', onProgress: () => {}, signal: stop.signal, ifAborted: 'stopped' } as const;
      await runSync(house, repo, watch);
    } catch (error) {
      house.log.error('repo sync failed', { repo: name, error: messageOf(error) });
    }
  };
  return {
    begin: async (name) => {
      await settleSyncs(house);
      if (runningSync(house, name) !== undefined)
        return no(`a sync of ${name} runs already`, 'follow it, or end it first');
      if (running.size >= AT_ONCE) return no(`${running.size} syncs were begun and run`, 'wait for one of them');
      house.log.info('repo sync begins', { repo: name, cause: 'operator' });
      const job = run(name).finally(() => running.delete(job));
      running.add(job);
      return { kind: 'begun', repo: name };
    },
    close: async () => {
      stop.abort(new Error('the appliance stops'));
      await Promise.all(running);
    },
  };
}
