// Lists of the console: what a filter leaves, what wants to be looked at, what an event changes.

import { describe, expect, test } from 'vitest';
import { filterActivity } from '../../../../server/console/app/activity.ts';
import type { AuditEntry, Host, Repo, Sync } from '../../../../server/console/app/api/types.ts';
import {
  countPhases,
  filterHosts,
  isIdle,
  runningHosts,
  stuckHosts,
} from '../../../../server/console/app/host-list.ts';
import { withHost, withSync } from '../../../../server/console/app/live/heard.ts';

function host(name: string, of: Partial<Host> = {}): Host {
  return {
    name,
    profile: 'hypervisor',
    network: 'lab',
    address: `10.0.0.${name.length}`,
    macs: ['52:54:00:00:00:0a'],
    phase: 'disarmed',
    reason: 'never armed',
    changedAt: 1,
    attempts: 0,
    ...of,
  };
}
const progress = { phase: 'packages', percent: 40, detail: '' };
const wrong = { health: 'wrong', summary: 'no loader' } as const;
const names = (hosts: readonly Host[]): string => hosts.map(({ name }) => name).join(' ');

const hosts = [
  host('cs40', { profile: 'management', phase: 'armed', verdict: wrong, changedAt: 5 }),
  host('xs-01', { phase: 'installing', progress, reason: 'read by 10.0.0.5' }),
  host('xs-02', { phase: 'failed', changedAt: 9, reason: 'no such disk' }),
  host('xs-03', { phase: 'installing', progress: { ...progress, percent: 70, silent: 'silent for 12 min' } }),
  host('xs-04', { phase: 'installed', verdict: wrong }),
];

test.each([
  ['', '', 'cs40 xs-01 xs-02 xs-03 xs-04'],
  ['XS', '', 'xs-01 xs-02 xs-03 xs-04'],
  ['xs disk', '', 'xs-02'],
  ['management', '', 'cs40'],
  ['00:0a xs-04', '', 'xs-04'],
  ['', 'installing', 'xs-01 xs-03'],
  ['02', 'installing', ''],
  ['.*', '', ''],
])('the filter %j with the state %j leaves %j', (text, phase, left) => {
  expect(names(filterHosts(hosts, { text, phase }))).toBe(left);
});

test('stuck: failed, silent, or awaited and wrong, the newest first; what was wrong before an install that ended is past', () => {
  expect(names(stuckHosts(hosts))).toBe('xs-02 cs40 xs-03');
});

test('installing: the furthest first', () => {
  expect(names(runningHosts([...hosts, host('xs-05', { phase: 'booting' })]))).toBe('xs-03 xs-01 xs-05');
});

test('each phase is counted', () => {
  expect([...countPhases(hosts)]).toEqual([
    ['armed', 1],
    ['installing', 2],
    ['failed', 1],
    ['installed', 1],
  ]);
});

test('what runs or is armed is not offered to be armed', () => {
  expect(names(hosts.filter(isIdle))).toBe('xs-02 xs-04');
});

test('an event changes its host and no other; one of a host that is not listed changes nothing', () => {
  const changed = withHost({ items: hosts }, host('xs-02', { phase: 'armed' })).items;
  expect(changed.map(({ phase }) => phase)).toEqual(['armed', 'installing', 'armed', 'installing', 'installed']);
  expect(withHost({ items: hosts }, host('other')).items).toEqual(hosts);
});

describe('an event of a sync', () => {
  const repo: Repo = { name: 'base', upstream: 'http://u/', keep: 3, snapshots: [] };
  const sync: Sync = { id: 7, repo: 'base', cause: 'operator', startedAt: 1 };
  const page = { items: [repo, { ...repo, name: 'other' }] };

  test('that goes on shows it', () => {
    expect(withSync(page, sync).items).toEqual([{ ...repo, runningSync: sync }, page.items[1]]);
  });
  test('that ended takes it away, and is the last', () => {
    const ended = { ...sync, endedAt: 5, outcome: 'published' };
    expect(withSync(withSync(page, sync), ended).items[0]).toEqual({ ...repo, lastSync: ended });
  });
  test('of one before leaves the one that runs', () => {
    const running = withSync(page, { ...sync, id: 8 });
    expect(withSync(running, { ...sync, endedAt: 5 })).toEqual(running);
  });
});

test.each([
  ['', 2],
  ['anna', 1],
  ['ANNA arm', 1],
  ['409', 1],
  ['anna 409', 0],
])('activity filtered by %j leaves %i', (text, left) => {
  const entry: AuditEntry = {
    at: 1,
    who: 'anna',
    via: 'session',
    address: '::1',
    operation: 'armHost',
    target: '/x',
    status: 200,
  };
  expect(filterActivity([entry, { ...entry, who: 'ben', status: 409 }], text)).toHaveLength(left);
});
