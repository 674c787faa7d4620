// The timers behind the schedules: calls a sync when its time has come, never twice at once, and goes on when one fails.

import { createTask, validate, type ScheduledTask } from 'node-cron';
import type { Log } from '../../../server/log.ts';
import { messageOf } from '../../../server/malformed.ts';
import { changeSchedules, type ScheduledSync } from '../schedule.ts';

export type Schedules = {
  /** Takes over a reloaded site's schedules; a sync that runs is left to end. */
  replace(schedules: readonly ScheduledSync[]): Promise<void>;
  close(): Promise<void>;
};

type Running = { readonly schedule: ScheduledSync; readonly task: ScheduledTask };

/** Starts the timers. `run` syncs one repo; what it throws is logged. A schedule that cron cannot read is logged and left out. */
export async function startSchedules(
  schedules: readonly ScheduledSync[],
  run: (repo: string) => Promise<unknown>,
  log: Log,
): Promise<Schedules> {
  const running = new Map<string, Running>();
  const replace = async (wanted: readonly ScheduledSync[]): Promise<void> => {
    const change = changeSchedules(
      [...running.values()].map(({ schedule }) => schedule),
      wanted,
    );
    for (const repo of change.stop) {
      await running.get(repo)?.task.destroy();
      running.delete(repo);
    }
    for (const schedule of change.start) {
      const task = await startTask(schedule, run, log);
      if (task !== undefined) running.set(schedule.repo, { schedule, task });
    }
  };
  await replace(schedules);
  return { replace, close: () => replace([]) };
}

async function startTask(
  schedule: ScheduledSync,
  run: (repo: string) => Promise<unknown>,
  log: Log,
): Promise<ScheduledTask | undefined> {
  const { repo, cron, timezone } = schedule;
  const fields = { repo, schedule: cron, timezone };
  const sync = async (): Promise<void> => {
    try {
      await run(repo);
    } catch (error) {
      log.error('scheduled sync failed', { repo, reason: messageOf(error) });
    }
  };
  try {
    if (!validate(cron)) throw new Error('not a cron expression');
    const task = createTask(cron, sync, { timezone, noOverlap: true, name: repo, logger: quiet });
    task.on('execution:overlap', () => log.warn('sync skipped: the one before still runs', fields));
    task.on('execution:missed', () => log.warn('sync missed its time', fields));
    await task.start();
    return task;
  } catch (error) {
    log.error('schedule not usable', { ...fields, reason: messageOf(error) });
    return undefined;
  }
}

/** node-cron's own notices; the events above tell what matters. */
const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
