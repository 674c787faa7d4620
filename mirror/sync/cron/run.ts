// The loop that syncs what is due: looks again when the next time comes, and every minute. Clock, timer and sync are handed in.

import type { Log } from '../../../server/log.ts';
import { Malformed, messageOf } from '../../../server/malformed.ts';
import type { Turns } from '../parallel.ts';
import { takeTurns } from '../parallel.ts';
import type { ScheduledSync } from '../schedule.ts';
import type { Attempt, OwnCause, Verdict } from './due.ts';
import { decideSync } from './due.ts';
import type { CronTimes } from './times.ts';
import { cronTimes } from './times.ts';

/** What the loop is handed. */
export type ScheduleEdges = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back after so many milliseconds; the answer takes it back. */
  readonly wakeIn: (delayMs: number, wake: () => void) => () => void;
  /** What is remembered of a repo: since when it has this schedule, and its syncs. */
  readonly remembered: (schedule: ScheduledSync) => { readonly since: number; readonly attempts: readonly Attempt[] };
  /** Syncs one repo. Undefined: another process is at it, or the site has it no more; looked at again later. */
  readonly sync: (repo: string, cause: OwnCause) => Promise<Attempt | undefined>;
  readonly log: Log;
};

export type Schedules = {
  /** Takes over a reloaded site's schedules; a sync that runs is left to end. */
  replace(schedules: readonly ScheduledSync[]): void;
  /** Starts nothing more, and waits for what runs: who wants it to end at once aborts it first. */
  close(): Promise<void>;
};

type Entry = { readonly schedule: ScheduledSync; readonly times: CronTimes };

/** Clocks are set and machines sleep: no timer is believed for longer. */
const LOOK_EVERY_MS = 60_000;
const REMEMBERED = 10;
/** Two: one upstream that trickles, for hours perhaps, must not keep all others out of date. */
const LATE_AT_ONCE = 2;

/**
 * Runs `schedules` until closed, beginning with what was missed. What is on time begins at once; what is late (caught up, tried
 * again) waits its turn, two repos at once. No repo twice at once. A schedule that cannot be read is logged and left out.
 */
export function runSchedules(schedules: readonly ScheduledSync[], edges: ScheduleEdges): Schedules {
  let entries = readEntries(schedules, edges.log);
  const busy = new Map<string, Promise<void>>();
  // The log on disk may be lost or not kept: what this process tried itself it must know, or it would try every minute.
  const tried = new Map<string, readonly Attempt[]>();
  const late = takeTurns(LATE_AT_ONCE);
  let isClosed = false;
  let forget = (): void => {};

  const remember = (repo: string, attempt: Attempt): void => {
    tried.set(repo, [...(tried.get(repo) ?? []), attempt].slice(-REMEMBERED));
  };
  const run = async (repo: string, cause: OwnCause): Promise<void> => {
    try {
      const attempt = isClosed ? undefined : await edges.sync(repo, cause);
      if (attempt !== undefined) remember(repo, attempt);
    } catch (error) {
      // A bug of ours must not be met again each minute.
      const at = edges.now();
      edges.log.error('scheduled sync failed', { repo, reason: messageOf(error) });
      remember(repo, { cause, startedAt: at, at, outcome: 'failed' });
    } finally {
      busy.delete(repo);
    }
  };
  const start = (repo: string, cause: OwnCause): void => {
    const sync = () => run(repo, cause);
    busy.set(repo, cause === 'schedule' ? sync() : inTurn(late, sync));
  };
  const verdictOn = ({ schedule, times }: Entry, now: number): Verdict => {
    const { since, attempts } = edges.remembered(schedule);
    return decideSync({ schedule, times, since, attempts: merged(attempts, tried.get(schedule.repo) ?? []) }, now);
  };
  const look = (): void => {
    if (isClosed) return;
    const now = edges.now();
    const times: number[] = [];
    for (const entry of entries.filter(({ schedule }) => !busy.has(schedule.repo))) {
      const verdict = verdictOn(entry, now);
      if (verdict.kind === 'sync') start(entry.schedule.repo, verdict.cause);
      else if (verdict.until !== undefined) times.push(verdict.until);
    }
    forget = edges.wakeIn(Math.max(1, Math.min(LOOK_EVERY_MS, ...times.map((time) => time - now))), look);
  };

  look();
  return {
    replace: (wanted) => {
      entries = readEntries(wanted, edges.log);
      forget();
      look();
    },
    close: async () => {
      isClosed = true;
      forget();
      await Promise.all(busy.values());
    },
  };
}

/** Close waits for those that wait, too: nothing takes them out of the line. */
const { signal: NEVER } = new AbortController();

async function inTurn(turns: Turns, task: () => Promise<void>): Promise<void> {
  const giveBack = await turns.take(NEVER);
  await task().finally(giveBack);
}

/** The same sync may be known from both sides. */
function merged(logged: readonly Attempt[], tried: readonly Attempt[]): readonly Attempt[] {
  return [...logged, ...tried.filter((own) => !logged.some(({ startedAt }) => startedAt === own.startedAt))];
}

function readEntries(schedules: readonly ScheduledSync[], log: Log): readonly Entry[] {
  return schedules.flatMap((schedule) => {
    const { repo, cron, timezone } = schedule;
    try {
      return [{ schedule, times: cronTimes(cron, timezone) }];
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      log.error('schedule not usable', { repo, schedule: cron, timezone, reason: error.message });
      return [];
    }
  });
}
