// When cron expressions fall due, over the days when clocks change; node-cron is asked too, where it keeps to crontab(5).

import { createTask } from 'node-cron';
import { describe, expect, test } from 'vitest';
import { cronTimes } from '../../../../mirror/sync/cron/times.ts';
import { Malformed } from '../../../../server/malformed.ts';

/** The next `count` times after `from`, as ISO text to the minute. */
function nextTimes(cron: string, zone: string, from: string, count: number): readonly string[] {
  const times = cronTimes(cron, zone);
  const found: string[] = [];
  for (let at = times.next(Date.parse(from)); at !== undefined && found.length < count; at = times.next(at))
    found.push(new Date(at).toISOString().slice(0, 16));
  return found;
}

/** The same list, found backwards from its end. */
function backwards(cron: string, zone: string, times: readonly string[]): readonly string[] {
  const { latest } = cronTimes(cron, zone);
  const found: string[] = [];
  let at: number | undefined = Date.parse(`${times.at(-1) ?? ''}Z`);
  while (at !== undefined && found.length < times.length) {
    at = latest(at);
    if (at !== undefined) found.unshift(new Date(at).toISOString().slice(0, 16));
    at = at === undefined ? undefined : at - 1;
  }
  return found;
}

describe('times', () => {
  test.each<[string, string, string, string, string[]]>([
    [
      'every night, in the site’s zone',
      '0 3 * * *',
      'Asia/Shanghai',
      '2026-11-22T12:00Z',
      ['2026-11-22T19:00', '2026-11-23T19:00'],
    ],
    ['the moment itself is past', '0 3 * * *', 'UTC', '2026-11-22T03:00Z', ['2026-11-23T03:00']],
    [
      'Berlin leaves 02:30 out: it comes at 03:30, once',
      '30 2 * * *',
      'Europe/Berlin',
      '2027-03-27T00:00Z',
      ['2027-03-27T01:30', '2027-03-28T01:30', '2027-03-29T00:30'],
    ],
    [
      'Berlin has 02:30 twice: the first counts',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'New York leaves 02:30 out',
      '30 2 * * *',
      'America/New_York',
      '2027-03-13T12:00Z',
      ['2027-03-14T07:30', '2027-03-15T06:30'],
    ],
    [
      'New York has 01:30 twice',
      '30 1 * * *',
      'America/New_York',
      '2026-10-31T12:00Z',
      ['2026-11-01T05:30', '2026-11-02T06:30'],
    ],
    [
      'every half hour goes on through a gap',
      '*/30 * * * *',
      'Europe/Berlin',
      '2027-03-28T00:15Z',
      ['2027-03-28T00:30', '2027-03-28T01:00', '2027-03-28T01:30'],
    ],
    [
      'every half hour goes on through an hour that comes twice',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-10-24T23:45Z',
      ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'],
    ],
    [
      'a clock that changes by half an hour',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T00:00Z',
      ['2026-10-03T15:45', '2026-10-04T15:15'],
    ],
    [
      'a day that begins at one o’clock',
      '30 0 * * *',
      'Asia/Beirut',
      '2027-03-26T23:00Z',
      ['2027-03-27T22:30', '2027-03-28T21:30'],
    ],
    [
      'a leap day',
      '0 3 29 2 *',
      'UTC',
      '2026-01-01T00:00Z',
      ['2028-02-29T03:00', '2032-02-29T03:00', '2036-02-29T03:00'],
    ],
    ['no leap day in 2100', '0 3 29 2 *', 'UTC', '2096-03-01T00:00Z', ['2104-02-29T03:00']],
    [
      'the 31st',
      '0 0 31 * *',
      'UTC',
      '2026-01-01T00:00Z',
      ['2026-01-31T00:00', '2026-03-31T00:00', '2026-05-31T00:00'],
    ],
    [
      'both days restricted: either is enough',
      '0 0 13 * fri',
      'UTC',
      '2026-11-07T00:00Z',
      ['2026-11-13T00:00', '2026-11-20T00:00', '2026-11-27T00:00', '2026-12-04T00:00'],
    ],
    [
      'a star with a step is no restriction',
      '0 0 */2 * 5',
      'UTC',
      '2026-11-07T00:00Z',
      ['2026-11-13T00:00', '2026-11-27T00:00'],
    ],
    ['Sunday by both numbers', '0 0 * * 7', 'UTC', '2026-11-22T12:00Z', ['2026-11-29T00:00']],
    ['a nickname', '@monthly', 'UTC', '2026-11-22T12:00Z', ['2026-12-01T00:00', '2027-01-01T00:00']],
  ])('%s', (_what, cron, zone, from, times) => {
    expect(nextTimes(cron, zone, from, times.length)).toEqual(times);
    expect(backwards(cron, zone, times)).toEqual(times);
  });

  test.each([
    ['a day that never comes', '0 0 31 2 *', 'UTC'],
    ['six fields', '0 0 3 * * *', 'UTC'],
    ['a minute that is none', '61 * * * *', 'UTC'],
    ['a path', './evil.js', 'UTC'],
    ['what only node-cron reads', '0 0 L * *', 'UTC'],
    ['no zone', '0 3 * * *', 'Mars/Olympus'],
  ])('%s is malformed', (_what, cron, zone) => {
    expect(() => cronTimes(cron, zone)).toThrow(Malformed);
  });
});

describe('node-cron agrees, minute by minute over three days without a change of clocks', () => {
  test.each([
    ['0 3 * * *', 'Asia/Shanghai'],
    ['*/7 1-4,22 * * *', 'America/New_York'],
    ['10-50/20 * * 11 mon-fri', 'Asia/Kathmandu'],
    ['5 4 23 * *', 'Pacific/Auckland'],
    ['0 */6 * * 0,2', 'Europe/Berlin'],
  ])('%s in %s', (cron, zone) => {
    const task = createTask(cron, () => undefined, { timezone: zone });
    const [from, to] = [Date.parse('2026-11-22T00:00Z'), Date.parse('2026-11-25T00:00Z')];
    const theirs: number[] = [];
    for (let at = from; at < to; at += 60_000) if (task.match(new Date(at))) theirs.push(at);
    const times = cronTimes(cron, zone);
    const ours: number[] = [];
    for (let at = times.next(from - 1); at !== undefined && at < to; at = times.next(at)) ours.push(at);
    expect(ours.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });
});
