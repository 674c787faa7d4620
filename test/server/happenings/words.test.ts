// How what hosts, syncs, jobs and the site file have kept reads in the list of what happened, and what of it is wrong.

import { expect, test } from 'vitest';
import type { Happening } from '../../../server/happenings/happening.ts';
import { openNotices, rogueHeard, siteRefused } from '../../../server/happenings/notices.ts';
import type { HostLine, JobLine, SyncLine } from '../../../server/happenings/words.ts';
import { hostHappening, jobHappenings, siteChanged, syncBegun, syncEnded } from '../../../server/happenings/words.ts';

const said = ({ id, at, what, detail, outcome }: Happening): string => `${id} ${at} ${outcome}: ${what}: ${detail}`;

const line: HostLine = { id: 7, host: 'cs40', at: 5, what: 'armed', detail: 'disarmed → armed', times: 1 };
test.each<[string, Partial<HostLine>, string]>([
  ['a change', {}, 'h7 5 fine: armed: disarmed → armed'],
  ['counted', { what: 'booted its disk', times: 3 }, 'h7 5 fine: booted its disk: disarmed → armed (3 times)'],
  ['stopped', { what: 'stopped' }, 'h7 5 wrong: stopped: disarmed → armed'],
  ['failed', { what: 'reported failed' }, 'h7 5 wrong: reported failed: disarmed → armed'],
  ['installed', { what: 'reported installed' }, 'h7 5 fine: reported installed: disarmed → armed'],
  ['hostile words', { detail: '<b>\u001b[2J\u202e\n%41' }, 'h7 5 fine: armed: <b> [2J %41'],
  ['refused', { what: 'instructions refused' }, 'h7 5 wrong: instructions refused: disarmed → armed'],
])('a host: %s', (_, of, expected) => {
  const told = hostHappening({ ...line, ...of });
  expect(said(told)).toBe(expected);
  expect([told.kind, told.about]).toEqual(['host', { host: 'cs40' }]);
});

const sync: SyncLine = {
  id: 3,
  about: { repo: 'base' },
  cause: 'schedule',
  startedAt: 1,
  endedAt: 9,
  outcome: 'published',
  snapshot: '2026-1',
  reason: null,
  remedy: null,
};
test.each<[string, Partial<SyncLine>, string]>([
  ['published', {}, 'e3 9 fine: sync published: 2026-1'],
  ['nothing new', { outcome: 'unchanged', snapshot: null }, 'e3 9 fine: sync found nothing new: '],
  [
    'failed',
    { outcome: 'failed', reason: 'no answer', remedy: 'ask later' },
    'e3 9 wrong: sync failed: no answer; ask later',
  ],
  ['broken off', { outcome: 'broken-off', reason: 'died' }, 'e3 9 wrong: sync broke off: died'],
  ['cancelled', { outcome: 'cancelled', reason: 'asked' }, 'e3 9 fine: sync cancelled: asked'],
  ['as a later version ends it', { outcome: 'paused' }, 'e3 9 fine: sync paused: 2026-1'],
])('a sync: %s', (_, of, expected) => {
  const one = { ...sync, ...of };
  expect([said(syncBegun(one)), said(syncEnded(one))]).toEqual(['b3 1 fine: sync began: by schedule', expected]);
  expect(syncEnded(one).about).toEqual({ repo: 'base' });
});

const job: JobLine = { id: 'x', kind: 'verify', tree: 'rhel6', by: 'anna', startedAt: 2 };
test.each<[string, Partial<JobLine>, readonly string[]]>([
  ['that runs', {}, []],
  ['sound', { endedAt: 4, outcome: 'sound' }, ['kx 4 fine: verification: sound: ']],
  [
    'damaged',
    { endedAt: 4, outcome: 'damaged', damaged: [1, 2], damagedMore: 5, reason: 'r' },
    ['kx 4 wrong: verification: damaged: 7 damaged; r'],
  ],
  ['a repair', { kind: 'repair', endedAt: 4, outcome: 'failed' }, ['kx 4 wrong: repair: failed: ']],
])('a job: %s', (_, of, [ended]) => {
  const [began, end, ...others] = jobHappenings({ ...job, ...of }).map(said);
  const name = of.kind === 'repair' ? 'repair' : 'verification';
  expect([began, end, others]).toEqual([`jx 2 fine: ${name} began: by anna`, ended, []]);
});

test('a version of the site file', () => {
  expect(said(siteChanged({ id: 4, at: 8 }, '4 (+1 −0)'))).toBe('v4 8 fine: site changed: version 4 (+1 −0)');
});

test.each([
  [[{ path: 'hosts[1].mac', line: 7 }], '1 problem, the first at hosts[1].mac, line 7; the last good one goes on'],
  [[{ path: '', line: undefined }, { path: 'x' }], '2 problems, the first at its top; the last good one goes on'],
])('a refused site tells where, and never what', (problems, detail) => {
  const told = siteRefused(problems.map((one) => ({ ...one, message: 'rootPassword: hunter2' })));
  expect(told).toMatchObject({ kind: 'site', outcome: 'wrong', detail });
});

test('notices: the newest are kept, each with an id of its own', () => {
  const { add, list } = openNotices(() => 1000);
  for (let number = 0; number < 250; number += 1)
    add(rogueHeard({ kind: 'dhcp', server: `10.0.0.${number}`, evidence: 'heard' }));
  const all = list();
  expect([all.length, new Set(all.map(({ id }) => id)).size]).toEqual([200, 200]);
  expect(all.at(-1)).toMatchObject({
    at: 1000,
    what: 'another DHCP server',
    detail: '10.0.0.249: heard',
    outcome: 'wrong',
  });
  expect(all.at(-1)?.id).toMatch(/^n\d+$/);
});
