// Is a repo to be synced now, or when: regular times with their jitter, missed ones, failures tried again. Pure.

import { createHash } from 'node:crypto';
import type { SyncCause, SyncOutcome } from '../log/record.ts';
import type { ScheduledSync } from '../schedule.ts';
import type { CronTimes } from './times.ts';

/** A sync there was. Times are ms since 1970; `at` is its end, or the last that was heard of it. */
export type Attempt = {
  readonly cause: SyncCause;
  readonly startedAt: number;
  readonly at: number;
  /** Undefined: it runs. */
  readonly outcome: SyncOutcome | undefined;
};

/** What the rule looks at. `since`: when the site first said so; what was due before was nobody's to do. */
export type Standing = {
  readonly schedule: ScheduledSync;
  readonly times: CronTimes;
  readonly since: number;
  readonly attempts: readonly Attempt[];
};

export type OwnCause = Exclude<SyncCause, 'command' | 'api'>;

/** Sync now, or look again at `until` (undefined: the schedule has no time any more). */
export type Verdict =
  | { readonly kind: 'sync'; readonly cause: OwnCause; readonly dueAt: number }
  | { readonly kind: 'wait'; readonly until: number | undefined };

const MINUTE_MS = 60_000;
const LONGEST_JITTER_MS = 10 * MINUTE_MS;
/** After the first and the second failure in a row; after the third comes the next regular time. */
const RETRY_AFTER_MS = [15 * MINUTE_MS, 60 * MINUTE_MS];
/** Later than this is not on time: the appliance was off, asleep or busy. */
const ON_TIME_MS = 5 * MINUTE_MS;

/**
 * How long after its regular `time` a sync begins: up to ten minutes or a tenth of the way to the next time, whichever is less.
 * The same for the same site, repo and time, so that a restart does not move it; another for another, so that the repos of a
 * site and the sites of the world do not ask one upstream all at 03:00.
 */
export function jitterMs({ site, repo }: ScheduledSync, times: CronTimes, time: number): number {
  const next = times.next(time);
  const most = next === undefined ? LONGEST_JITTER_MS : Math.min(LONGEST_JITTER_MS, (next - time) / 10);
  const share = createHash('sha256').update(`${site}\n${repo}\n${time}`).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(most * share);
}

/** What `standing` asks for at `now`. Attempts from the future (a clock set back) prove nothing. */
export function decideSync(standing: Standing, now: number): Verdict {
  const { schedule, times, since } = standing;
  const time = times.latest(now);
  const next = times.next(now);
  const nextDue = next === undefined ? undefined : next + jitterMs(schedule, times, next);
  if (time === undefined || time < since) return { kind: 'wait', until: nextDue };
  const after = standing.attempts.filter(({ startedAt }) => startedAt >= time && startedAt <= now);
  if (after.some(isSuccess)) return { kind: 'wait', until: nextDue };
  const own = after.filter(isOwn).toSorted((one, other) => one.startedAt - other.startedAt);
  const last = own.at(-1);
  if (last === undefined) return firstTry(time + jitterMs(schedule, times, time), now);
  const again = againAt(last, own.filter(isFailure).length);
  if (again === undefined || (next !== undefined && again >= next)) return { kind: 'wait', until: nextDue };
  if (again > now) return { kind: 'wait', until: again };
  return { kind: 'sync', cause: last.outcome === 'stopped' ? 'catch-up' : 'retry', dueAt: again };
}

function firstTry(dueAt: number, now: number): Verdict {
  if (now < dueAt) return { kind: 'wait', until: dueAt };
  return { kind: 'sync', cause: now - dueAt > ON_TIME_MS ? 'catch-up' : 'schedule', dueAt };
}

/** When a sync that brought nothing is tried again; undefined: not before the next regular time. */
function againAt(last: Attempt, failures: number): number | undefined {
  if (last.outcome === 'stopped') return last.at;
  const delayMs = isFailure(last) ? RETRY_AFTER_MS[failures - 1] : undefined;
  return delayMs === undefined ? undefined : last.at + delayMs;
}

function isOwn({ cause }: Attempt): boolean {
  return cause !== 'command' && cause !== 'api';
}

function isSuccess({ outcome }: Attempt): boolean {
  return outcome === 'published' || outcome === 'unchanged';
}

function isFailure({ outcome }: Attempt): boolean {
  return outcome === 'failed' || outcome === 'broken-off';
}
