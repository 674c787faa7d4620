// The schedules of the site's repos, replaced whenever the site is reloaded.

import { startSchedules } from '../../mirror/sync/cron/listener.ts';
import { planSchedules } from '../../mirror/sync/schedule.ts';
import { messageOf } from '../malformed.ts';
import type { Appliance } from './appliance.ts';
import { syncNow } from './sync.ts';

/** Syncs each repo when its schedule says so, until closed; a sync that runs then is ended and resumes another time. */
export async function startRepoSchedules(appliance: Appliance): Promise<{ close(): Promise<void> }> {
  const { house } = appliance;
  const stop = new AbortController();
  const run = async (name: string): Promise<void> => {
    const repo = house.site().repos.find((known) => known.name === name);
    if (repo !== undefined) await syncNow(house, repo, { onProgress: () => {}, signal: stop.signal });
  };
  const schedules = await startSchedules(planSchedules(house.site()), run, house.log);
  appliance.onReload((site) => {
    schedules
      .replace(planSchedules(site))
      .catch((error: unknown) => house.log.error('schedules not replaced', { error: messageOf(error) }));
  });
  return {
    close: async () => {
      stop.abort(new Error('the appliance stops'));
      await schedules.close();
    },
  };
}
