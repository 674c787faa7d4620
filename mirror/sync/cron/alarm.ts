// What is to be said aloud of a repo's syncs: the last one failed, or none has succeeded for too long. Pure.

import type { CronTimes } from './times.ts';

/** The syncs of a repo as far as the alarm looks. Times are ms since 1970. */
export type SyncState = {
  /** The newest sync that ended by itself: what somebody stopped tells nothing of upstream. */
  readonly lastEnded: { readonly outcome: string | undefined; readonly reason: string | undefined } | undefined;
  readonly lastGoodAt: number | undefined;
  /** Of repos with a schedule: its times, and when the site first named them. */
  readonly scheduled: { readonly times: CronTimes; readonly since: number } | undefined;
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A sync takes its time, and begins with jitter: an hour, or a tenth of the period for those that come often. */
const GRACE_MS = HOUR_MS;

/** The alarm, or undefined. A failure is the better answer where both are true: it tells why. */
export function alarmOf(state: SyncState, now: number): string | undefined {
  const { lastEnded } = state;
  if (lastEnded?.outcome === 'failed' || lastEnded?.outcome === 'broken-off')
    return `last sync failed: ${lastEnded.reason ?? 'nobody saw why'}`;
  return staleness(state, now);
}

/** Two regular times have passed since the last good sync, or since there is a schedule. */
function staleness({ lastGoodAt, scheduled }: SyncState, now: number): string | undefined {
  if (scheduled === undefined) return undefined;
  const { times, since } = scheduled;
  const from = lastGoodAt ?? since;
  const first = times.next(from);
  const second = first === undefined ? undefined : times.next(first);
  if (first === undefined || second === undefined) return undefined;
  if (now < second + Math.min(GRACE_MS, (second - first) / 10)) return undefined;
  const age = ageText(now - from);
  return lastGoodAt === undefined ? `no good sync since it got its schedule ${age} ago` : `last good sync ${age} ago`;
}

/** `3 days`, `5 hours`, `20 minutes`. */
export function ageText(ms: number): string {
  const [count, unit] =
    ms >= 2 * DAY_MS ? [ms / DAY_MS, 'day'] : ms >= 2 * HOUR_MS ? [ms / HOUR_MS, 'hour'] : [ms / 60_000, 'minute'];
  const whole = Math.max(0, Math.floor(count));
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}
