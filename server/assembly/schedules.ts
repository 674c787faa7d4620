// The schedules of the site's repos over the open house: what is missed is caught up, and a reloaded site is taken over.

import type { Attempt, OwnCause } from '../../mirror/sync/cron/due.ts';
import { startSchedules } from '../../mirror/sync/cron/listener.ts';
import { planSchedules } from '../../mirror/sync/schedule.ts';
import type { Appliance } from './appliance.ts';
import { runSync, settleSyncs } from './sync-jobs.ts';
import { attemptOf, remembered } from './sync-views.ts';

/** Syncs each repo when it is due, until closed; a sync that runs then is ended, and goes on when the appliance runs again. */
export async function startRepoSchedules(appliance: Appliance): Promise<{ close(): Promise<void> }> {
  const { house } = appliance;
  const stop = new AbortController();
  // A process that was killed counts as a failure of its sync, and not as one that still runs.
  await settleSyncs(house);
  const sync = async (name: string, cause: OwnCause): Promise<Attempt | undefined> => {
    const repo = house.site().repos.find((known) => known.name === name);
    if (repo === undefined) return undefined;
    house.log.info('repo sync begins', { repo: name, cause });
    const end = await runSync(house, repo, { cause, onProgress: () => {}, signal: stop.signal, ifAborted: 'stopped' });
    if (end.kind === 'ended') return attemptOf(end.record);
    house.log.info('repo sync put off: one runs already', { repo: name, cause });
    return undefined;
  };
  const schedules = startSchedules(planSchedules(house.site()), {
    remembered: (schedule) => remembered(house, schedule),
    sync,
    log: house.log,
  });
  appliance.onReload((site) => schedules.replace(planSchedules(site)));
  return {
    close: async () => {
      stop.abort(new Error('the appliance stops'));
      await schedules.close();
    },
  };
}
