// The syncs of repos and trees as plain values: the last result, the one that runs, the next, and what is alarming. No secret is in them.

import { contentNameOfTree, treeOfContentName } from '../../mirror/content/layout.ts';
import { alarmOf } from '../../mirror/sync/cron/alarm.ts';
import type { Attempt } from '../../mirror/sync/cron/due.ts';
import { decideSync } from '../../mirror/sync/cron/due.ts';
import type { CronTimes } from '../../mirror/sync/cron/times.ts';
import { cronTimes } from '../../mirror/sync/cron/times.ts';
import type { SyncOutcome, SyncRecord } from '../../mirror/sync/log/record.ts';
import { GOOD_OUTCOMES } from '../../mirror/sync/log/record.ts';
import type { ScheduledSync } from '../../mirror/sync/schedule.ts';
import { planSchedules } from '../../mirror/sync/schedule.ts';
import { Malformed } from '../malformed.ts';
import type { House } from './house.ts';
import { runningSync, settleSyncs } from './sync-jobs.ts';

/** A sync for people and machines: of a repo, or of a tree. Times are ms since 1970. */
export type SyncView = Omit<SyncRecord, 'seenAt' | 'repo'> & ({ readonly repo: string } | { readonly tree: string });

/** What the syncs of a repo say of it. `nextSync` is when the schedule, or a retry, starts the next one: its jitter included. */
export type RepoSyncs = {
  readonly lastSync: SyncView | undefined;
  readonly lastGoodSync: SyncView | undefined;
  readonly runningSync: SyncView | undefined;
  readonly nextSync: number | undefined;
  readonly alarm: string | undefined;
};

/** What somebody stopped tells nothing of upstream. */
const TELLING: readonly SyncOutcome[] = [...GOOD_OUTCOMES, 'failed', 'broken-off'];
const ALL: readonly SyncOutcome[] = [...TELLING, 'cancelled', 'stopped'];
/** The rule asks only for those since the last regular time. */
const ATTEMPTS_READ = 50;
const HISTORY_LIMIT = 200;

/** The view of one record. */
export function syncView({ seenAt, repo, id, ...record }: SyncRecord): SyncView {
  void seenAt;
  const tree = treeOfContentName(repo);
  return { id, ...(tree === undefined ? { repo } : { tree }), ...record };
}

/** What the log and the schedule say of a repo of the site, to be asked at once. */
export async function repoSyncs(house: House): Promise<(repo: string) => RepoSyncs> {
  await settleSyncs(house);
  const schedules = new Map(planSchedules(house.site()).map((schedule) => [schedule.repo, schedule] as const));
  return (repo) => syncsOf(house, repo, schedules.get(repo));
}

/** What the syncs of a tree from a URL say of it. */
export type TreeSyncs = Pick<RepoSyncs, 'lastSync' | 'runningSync'>;

/** What the log says of a tree from a URL, to be asked at once. */
export async function treeSyncs(house: House): Promise<(tree: string) => TreeSyncs> {
  await settleSyncs(house);
  return (tree) => {
    const name = contentNameOfTree(tree);
    const [last, running] = [house.syncs.newestEnded(name, ALL), runningSync(house, name)];
    return { lastSync: last && syncView(last), runningSync: running && syncView(running) };
  };
}

function syncsOf(house: House, repo: string, schedule: ScheduledSync | undefined): RepoSyncs {
  const now = house.now();
  const [last, good, telling] = [ALL, GOOD_OUTCOMES, TELLING].map((outcomes) =>
    house.syncs.newestEnded(repo, outcomes),
  );
  const running = runningSync(house, repo);
  const times = schedule === undefined ? undefined : timesOf(schedule);
  const planned = schedule === undefined || times === undefined ? undefined : { times, ...remembered(house, schedule) };
  const verdict =
    planned === undefined || schedule === undefined ? undefined : decideSync({ schedule, ...planned }, now);
  const view = (record: SyncRecord | undefined): SyncView | undefined => record && syncView(record);
  return {
    lastSync: view(last),
    lastGoodSync: view(good),
    runningSync: view(running),
    nextSync: verdict?.kind === 'sync' ? verdict.dueAt : verdict?.until,
    alarm: alarmOf({ lastEnded: telling, lastGoodAt: good?.endedAt, scheduled: planned }, now),
  };
}

/** A schedule that cannot be read is told by the check of the site file, and by the log of who would run it. */
function timesOf({ cron, timezone }: ScheduledSync): CronTimes | undefined {
  try {
    return cronTimes(cron, timezone);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return undefined;
  }
}

/** What is remembered of a schedule's repo: since when it has this schedule, and its syncs. */
export function remembered(house: House, { repo, cron, timezone }: ScheduledSync) {
  const since = house.syncs.scheduledSince(repo, `${cron} ${timezone}`, house.now());
  return { since, attempts: house.syncs.history(repo, ATTEMPTS_READ).map(attemptOf) };
}

/** A record as the schedule's rule sees it. */
export function attemptOf({ cause, startedAt, seenAt, endedAt, outcome }: SyncRecord): Attempt {
  return { cause, startedAt, at: endedAt ?? seenAt, outcome };
}

/** The newest syncs of the repo, or of the tree kept under that name, newest first. */
export async function syncHistory(house: House, repo: string, limit: number): Promise<readonly SyncView[]> {
  await settleSyncs(house);
  return house.syncs.history(repo, Math.min(limit, HISTORY_LIMIT)).map(syncView);
}

/** What is wrong with a repo's syncs, and where to look. */
export type SyncAlarm = {
  readonly code: 'repo-sync-alarm';
  readonly what: string;
  readonly reason: string;
  readonly remedy: string;
};

/** The alarms of the site's repos. */
export async function syncAlarms(house: House): Promise<readonly SyncAlarm[]> {
  const syncs = await repoSyncs(house);
  return house.site().repos.flatMap(({ name }) => {
    const { alarm } = syncs(name);
    if (alarm === undefined) return [];
    return [
      {
        code: 'repo-sync-alarm',
        what: `repo ${name}`,
        reason: alarm,
        remedy: `kickstand repo history ${name} tells more`,
      },
    ];
  });
}
