// When a repo is synced by itself: on time with its jitter, late when it was missed, again after failures, and when it is alarming.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alarmOf } from '../../../../mirror/sync/cron/alarm.ts';
import type { Attempt } from '../../../../mirror/sync/cron/due.ts';
import { decideSync, jitterMs } from '../../../../mirror/sync/cron/due.ts';
import { cronTimes } from '../../../../mirror/sync/cron/times.ts';
import type { ScheduledSync } from '../../../../mirror/sync/schedule.ts';

const MINUTE = 60_000;
const schedule = (over: Partial<ScheduledSync> = {}): ScheduledSync => ({
  site: 'lab',
  repo: 'base',
  cron: '0 3 * * *',
  timezone: 'UTC',
  ...over,
});
const timesOf = ({ cron, timezone }: ScheduledSync) => cronTimes(cron, timezone);
const at = (text: string): number => Date.parse(`2026-11-${text}Z`);

describe('jitter', () => {
  const jitter = (over: Partial<ScheduledSync>, time: number): number =>
    jitterMs(schedule(over), timesOf(schedule(over)), time);

  test('is the same for the same site, repo and time, and another for another', () => {
    const time = at('22T03:00');
    const all = [
      jitter({}, time),
      jitter({ repo: 'updates' }, time),
      jitter({ site: 'other' }, time),
      jitter({}, at('23T03:00')),
    ];
    expect(jitter({}, time)).toBe(all[0]);
    expect(new Set(all).size).toBe(4);
  });

  test.each<[string, string, number]>([
    ['ten minutes of a day', '0 3 * * *', 10 * MINUTE],
    ['a tenth of a quarter of an hour', '*/15 * * * *', 1.5 * MINUTE],
    ['a tenth of a minute', '* * * * *', 0.1 * MINUTE],
  ])('is at most %s, and uses all of it', (_what, cron, most) => {
    const time = at('22T03:00');
    const all = Array.from({ length: 200 }, (_, index) => jitter({ cron, repo: `repo${index}` }, time));
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all)).toBeLessThan(most);
    expect(Math.max(...all)).toBeGreaterThan(0.9 * most);
    expect(Math.min(...all)).toBeLessThan(0.1 * most);
  });
});

const attempt = (cause: Attempt['cause'], outcome: Attempt['outcome'], from: string, until = from): Attempt => ({
  cause,
  outcome,
  startedAt: at(from),
  at: at(until),
});

/** `sync CAUSE` or `wait UNTIL`, with the day's jitter taken off where it is a regular time. */
function decision(now: string, attempts: readonly Attempt[], over: Partial<ScheduledSync> = {}, since = '01T00:00') {
  const of = schedule(over);
  const times = timesOf(of);
  const verdict = decideSync({ schedule: of, times, since: at(since), attempts }, at(now));
  if (verdict.kind === 'sync') return `sync ${verdict.cause}`;
  if (verdict.until === undefined) return 'wait';
  const regular = times.latest(verdict.until) ?? 0;
  const isRegular = verdict.until === regular + jitterMs(of, times, regular);
  return `wait ${new Date(isRegular ? regular : verdict.until).toISOString().slice(8, 16)}`;
}

describe('decideSync', () => {
  const good = attempt('schedule', 'published', '22T03:05', '22T03:20');
  test.each<[string, string, Attempt[], string]>([
    ['before its time it waits', '22T02:59', [attempt('schedule', 'unchanged', '21T03:05')], 'wait 22T03:00'],
    ['its jitter is waited out', '22T03:00', [], 'wait 22T03:00'],
    ['on time', '22T03:10', [], 'sync schedule'],
    ['missed: the appliance was off', '22T11:00', [attempt('schedule', 'published', '20T03:05')], 'sync catch-up'],
    ['done, it waits for the next', '22T11:00', [good], 'wait 23T03:00'],
    [
      'what a command brought since is enough',
      '22T11:00',
      [attempt('command', 'unchanged', '22T10:00')],
      'wait 23T03:00',
    ],
    ['what a command failed to bring is not', '22T11:00', [attempt('command', 'failed', '22T10:00')], 'sync catch-up'],
    [
      'a command that began before its time is not',
      '22T11:00',
      [attempt('command', 'published', '22T02:50')],
      'sync catch-up',
    ],
    ['one that runs is left', '22T03:30', [attempt('schedule', undefined, '22T03:05')], 'wait 23T03:00'],
    [
      'failed: a quarter of an hour',
      '22T03:20',
      [attempt('schedule', 'failed', '22T03:05', '22T03:10')],
      'wait 22T03:25',
    ],
    ['which passes', '22T03:25', [attempt('schedule', 'failed', '22T03:05', '22T03:10')], 'sync retry'],
    [
      'failed twice: an hour',
      '22T03:40',
      [attempt('retry', 'failed', '22T03:25', '22T03:30'), attempt('schedule', 'failed', '22T03:05', '22T03:10')],
      'wait 22T04:30',
    ],
    [
      'failed three times: the next regular time',
      '22T08:00',
      ['22T03:05', '22T03:25', '22T04:30'].map((from) => attempt('retry', 'failed', from)),
      'wait 23T03:00',
    ],
    [
      'yesterday’s failures do not count',
      '22T03:10',
      ['21T03:05', '21T03:25', '21T04:30'].map((from) => attempt('retry', 'failed', from)),
      'sync schedule',
    ],
    [
      'a process that died counts as a failure',
      '22T03:10',
      [attempt('schedule', 'broken-off', '22T03:05')],
      'wait 22T03:20',
    ],
    [
      'an appliance that was stopped goes on at once',
      '22T03:10',
      [attempt('schedule', 'stopped', '22T03:05')],
      'sync catch-up',
    ],
    [
      'what somebody cancelled is not begun again',
      '22T09:00',
      [attempt('schedule', 'cancelled', '22T03:05')],
      'wait 23T03:00',
    ],
    [
      'the clock was set back: what is to come proves nothing',
      '22T11:00',
      [attempt('schedule', 'published', '29T03:05')],
      'sync catch-up',
    ],
    [
      'the clock was set back by minutes',
      '22T02:30',
      [good, attempt('schedule', 'published', '21T03:05')],
      'wait 22T03:00',
    ],
  ])('%s', (_what, now, attempts, verdict) => {
    expect(decision(now, attempts)).toBe(verdict);
  });

  test('a schedule that is newer than its last time has missed nothing', () => {
    expect(decision('22T11:00', [], {}, '22T10:00')).toBe('wait 23T03:00');
    expect(decision('22T11:00', [], {}, '22T02:00')).toBe('sync catch-up');
  });

  test('a retry that would come after the next regular time is left to that', () => {
    const failed = [attempt('schedule', 'failed', '22T03:00', '22T03:01')];
    expect(decision('22T03:02', failed, { cron: '*/10 * * * *' })).toBe('wait 22T03:10');
  });

  test('02:30 on the day that has none is not lost', () => {
    const of = schedule({ cron: '30 2 * * *', timezone: 'Europe/Berlin' });
    const now = Date.parse('2027-03-28T01:41Z');
    const verdict = decideSync(
      {
        schedule: of,
        times: timesOf(of),
        since: 0,
        attempts: [{ cause: 'schedule', outcome: 'published', startedAt: now - 86_400_000, at: now - 86_400_000 }],
      },
      now,
    );
    if (verdict.kind !== 'sync') throw new Error('it waits');
    expect(new Date(verdict.dueAt).toISOString()).toMatch(/^2027-03-28T01:3/);
  });

  test('whenever it is looked at, each regular time is synced once where syncs succeed', () => {
    const of = schedule({ cron: '*/20 * * * *' });
    const times = timesOf(of);
    const start = at('22T00:00');
    const steps = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(steps, (seconds) => {
        const attempts: Attempt[] = [];
        let now = start;
        for (const step of seconds) {
          now += step * 1000;
          const verdict = decideSync({ schedule: of, times, since: start, attempts }, now);
          if (verdict.kind === 'sync')
            attempts.push({ cause: verdict.cause, startedAt: now, at: now, outcome: 'unchanged' });
        }
        const served = attempts.map(({ startedAt }) => times.latest(startedAt));
        expect(new Set(served).size).toBe(served.length);
        const wanted: (number | undefined)[] = [];
        const last = times.latest(now - 3 * MINUTE - 300_000) ?? 0;
        for (let time = times.next(start - 1); time !== undefined && time <= last; time = times.next(time))
          wanted.push(time);
        expect(served).toEqual(expect.arrayContaining(wanted));
      }),
      { numRuns: 40 },
    );
  });
});

describe('the alarm', () => {
  const scheduled = { times: timesOf(schedule()), since: at('01T00:00') };
  const ended = (outcome: string, reason?: string) => ({ outcome, reason });
  test.each<[string, Parameters<typeof alarmOf>[0], string, string | undefined]>([
    [
      'a failure, with its reason',
      { lastEnded: ended('failed', 'no route'), lastGoodAt: at('22T03:00'), scheduled },
      '22T09:00',
      'last sync failed: no route',
    ],
    [
      'a process that died',
      { lastEnded: ended('broken-off', 'it died'), lastGoodAt: undefined, scheduled: undefined },
      '22T09:00',
      'last sync failed: it died',
    ],
    [
      'nothing, after a good one',
      { lastEnded: ended('unchanged'), lastGoodAt: at('22T03:05'), scheduled },
      '23T02:00',
      undefined,
    ],
    [
      'nothing yet, a period after',
      { lastEnded: ended('published'), lastGoodAt: at('20T03:05'), scheduled },
      '22T03:30',
      undefined,
    ],
    [
      'two periods after',
      { lastEnded: ended('published'), lastGoodAt: at('20T03:05'), scheduled },
      '22T04:30',
      'last good sync 2 days ago',
    ],
    [
      'never a good one',
      { lastEnded: undefined, lastGoodAt: undefined, scheduled },
      '22T09:00',
      'no good sync since it got its schedule 21 days ago',
    ],
    [
      'nothing of a repo without a schedule',
      { lastEnded: ended('published'), lastGoodAt: at('01T00:00'), scheduled: undefined },
      '22T09:00',
      undefined,
    ],
  ])('says %s', (_what, state, now, alarm) => {
    expect(alarmOf(state, at(now))).toBe(alarm);
  });
});
