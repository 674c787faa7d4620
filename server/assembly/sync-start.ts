// Syncs that an operator begins over the API: they go on after the answer, and end with the appliance.

import { contentNameOfTree } from '../../mirror/content/layout.ts';
import type { No } from '../malformed.ts';
import { messageOf, no } from '../malformed.ts';
import type { House } from './house.ts';
import type { JobEnd, JobWatch } from './sync-jobs.ts';
import { runningSync, runSync, runTreeSync, settleSyncs, shownName } from './sync-jobs.ts';

export type SyncStarter = {
  /** Begins a sync of a repo of the site; it is in the log when this is answered, or a moment later. */
  readonly begin: (repo: string) => Promise<No | { readonly kind: 'begun'; readonly repo: string }>;
  /** The same for a tree of the site; a `No` too for one that is not from a URL. */
  readonly beginTree: (tree: string) => Promise<No | { readonly kind: 'begun'; readonly tree: string }>;
  /** Ends the syncs begun here, and waits for them. */
  readonly close: () => Promise<void>;
};

/** More at once would share what one line and one disk have. */
const AT_ONCE = 4;

type Run = (watch: JobWatch) => Promise<JobEnd>;

export function openSyncStarter(house: House): SyncStarter {
  const stop = new AbortController();
  /** By the names of the log. */
  const running = new Map<string, Promise<void>>();
  const follow = async (name: string, run: Run): Promise<void> => {
    try {
      await run({ cause: 'api', onProgress: () => {}, signal: stop.signal, ifAborted: 'stopped' });
    } catch (error) {
      house.log.error('sync failed', { content: name, error: messageOf(error) });
    } finally {
      running.delete(name);
    }
  };
  const start = async (name: string, run: Run): Promise<No | undefined> => {
    await settleSyncs(house);
    if (stop.signal.aborted) return no('the appliance stops', 'ask again when it runs');
    if (running.has(name) || runningSync(house, name) !== undefined)
      return no(`a sync of ${shownName(name)} runs already`, 'follow it, or end it first');
    if (running.size >= AT_ONCE) return no(`${running.size} syncs were begun and run`, 'wait for one of them');
    running.set(name, follow(name, run));
    return undefined;
  };
  return {
    begin: async (name) => {
      const repo = house.site().repos.find((known) => known.name === name);
      if (repo === undefined) return no(`the site has no repo ${name}`);
      const refused = await start(name, (watch) => runSync(house, repo, watch));
      if (refused !== undefined) return refused;
      house.log.info('repo sync begins', { repo: name, cause: 'operator' });
      return { kind: 'begun', repo: name };
    },
    beginTree: async (name) => {
      const tree = house.site().trees.find((known) => known.name === name);
      if (tree === undefined) return no(`the site has no tree ${name}`);
      if (tree.source.kind !== 'upstream')
        return no(`${name} is no tree from a URL`, `kickstand tree add ${name} FILE replaces its medium`);
      const refused = await start(contentNameOfTree(name), (watch) => runTreeSync(house, tree, watch));
      if (refused !== undefined) return refused;
      house.log.info('tree sync begins', { tree: name, cause: 'operator' });
      return { kind: 'begun', tree: name };
    },
    close: async () => {
      stop.abort(new Error('the appliance stops'));
      await Promise.all(running.values());
    },
  };
}
