// Lists of the console: what a filter leaves, what wants to be looked at, what an event changes.

import { describe, expect, test } from 'vitest';
import {
  aboutOf,
  activityPath,
  changeWords,
  happeningsPath,
  outcomeWords,
  targetWords,
  withNewest,
  withOlder,
} from '../../../../server/console/app/activity.ts';
import type { AuditEntry } from '../../../../server/console/app/api/site-types.ts';
import type { Repo, Sync } from '../../../../server/console/app/api/content-types.ts';
import type { Host } from '../../../../server/console/app/api/types.ts';
import {
  chooseShown,
  countPhases,
  filterHosts,
  isIdle,
  pageOf,
  runningHosts,
  stuckHosts,
} from '../../../../server/console/app/host-list.ts';
import { withHosts, withSync } from '../../../../server/console/app/live/heard.ts';

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

test.each([
  ['', 'abc', '1 of 3: 1 to 3'],
  ['2', 'def', '2 of 3: 4 to 6'],
  ['3', 'g', '3 of 3: 7 to 7'],
  ['9', 'g', '3 of 3: 7 to 7'],
  ['0', 'abc', '1 of 3: 1 to 3'],
  ['-1', 'abc', '1 of 3: 1 to 3'],
  ['two', 'abc', '1 of 3: 1 to 3'],
])('page %j of seven in threes is %j', (asked, letters, words) => {
  const { shown, page, pages, first, last } = pageOf('abcdefg'.split(''), asked, 3);
  expect([shown.join(''), `${page} of ${pages}: ${first} to ${last}`]).toEqual([letters, words]);
});

test.each([
  ['', 'ab', 'ab'],
  ['a', 'ab', 'ab'],
  ['ab', 'ab', ''],
  ['xa', 'ab', 'xab'],
  ['xab', 'ab', 'x'],
])('where %j is chosen, the box of all that are shown, %j, leaves %j', (chosen, shown, left) => {
  expect([...chooseShown(new Set(chosen), shown.split(''))].join('')).toBe(left);
});

test('nothing has one page', () => {
  expect(pageOf([], '2', 3)).toEqual({ shown: [], page: 1, pages: 1, first: 0, last: 0 });
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
  const changed = withHosts({ items: hosts }, [host('xs-02', { phase: 'armed' })]).items;
  expect(changed.map(({ phase }) => phase)).toEqual(['armed', 'installing', 'armed', 'installing', 'installed']);
  expect(withHosts({ items: hosts }, [host('other')]).items).toEqual(hosts);
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

describe('what happened', () => {
  test('is asked for by what the address says', () => {
    expect(happeningsPath({ show: 'events', about: 'a&b', kind: '', who: 'old' }, 50, '5.h1')).toBe(
      '/api/v1/happenings?about=a%26b&limit=50&cursor=5.h1',
    );
  });
  test.each([
    [{ host: 'cs40' }, { name: 'cs40', to: '/hosts/cs40' }],
    [{ host: '<a>/b' }, { name: '<a>/b', to: '/hosts/%3Ca%3E%2Fb' }],
    [{ repo: 'base' }, { name: 'base', to: '/content?repo=base' }],
    [{ tree: 'rhel6' }, { name: 'rhel6', to: '/content' }],
    [{}, undefined],
  ])('leads to the view of what it is about', (about, link) => expect(aboutOf({ about })).toEqual(link));
});

describe('what was done', () => {
  const entry = (number: number, of: Partial<AuditEntry> = {}): AuditEntry => {
    const about = { who: 'anna', via: 'session', address: '::1', operation: 'armHost', target: '/x', status: 200 };
    return { id: `f.${number}`, at: number, ...about, ...of };
  };
  const known = (from: number, to: number, next?: string) => ({
    items: Array.from({ length: from - to + 1 }, (_, index) => entry(from - index)),
    next,
  });
  const shown = ({ items, next }: ReturnType<typeof known>) => [items.map(({ at }) => at), next];

  test('is asked for by what the address says', () => {
    expect(activityPath({ who: 'a&b', outcome: '', q: 'old' }, 50)).toBe('/api/v1/activity?who=a%26b&limit=50');
    expect(activityPath({ target: 'cs40' }, 5, 'f.1')).toBe('/api/v1/activity?target=cs40&limit=5&cursor=f.1');
  });
  test.each([
    ['the first look', known(0, 1), known(5, 3, 'f.3'), [[5, 4, 3], 'f.3']],
    ['nothing new', known(5, 3, 'f.3'), known(5, 3, 'f.3'), [[5, 4, 3], 'f.3']],
    ['more on top', known(5, 3, 'f.3'), known(7, 5, 'f.5'), [[7, 6, 5, 4, 3], 'f.3']],
    ['more on top of all there is', known(2, 1), known(4, 2, 'f.2'), [[4, 3, 2, 1], undefined]],
    ['a gap: it begins anew', known(5, 1), known(20, 18, 'f.18'), [[20, 19, 18], 'f.18']],
  ])('%s', (_, before, newest, after) => expect(shown(withNewest(before, newest) as never)).toEqual(after));
  test.each([
    ['at the first look goes on further back', known(0, 1), known(0, 1, 'f.9'), [[], 'f.9']],
    ['that was looked for further back stays', known(0, 1, 'f.3'), known(0, 1, 'f.9'), [[], 'f.3']],
    ['that was found further back stays', known(3, 3, 'f.3'), known(0, 1, 'f.9'), [[3], 'f.3']],
    ['that was found last of all stays', known(3, 3), known(0, 1, 'f.9'), [[3], undefined]],
    ['that is kept no more goes', known(3, 3), known(0, 1), [[], undefined]],
  ])('what is rare %s', (_, before, newest, after) =>
    expect(shown(withNewest(before, newest) as never)).toEqual(after),
  );
  test('goes on behind what is known', () => {
    expect(shown(withOlder(known(5, 3, 'f.3'), known(3, 1)) as never)).toEqual([[5, 4, 3, 2, 1], undefined]);
  });
  test.each([
    [{ before: 'disarmed', after: 'armed, to wipe sda' }, 'disarmed → armed, to wipe sda'],
    [{ after: 'viewer' }, 'viewer'],
    [{ before: 'admin' }, 'was admin'],
    [{}, ''],
  ])('%j is %j', (of, words) => expect(changeWords(entry(1, of))).toBe(words));
  test('is told on what, without what every path of the API begins with', () => {
    expect(targetWords(entry(1, { target: '/api/v1/hosts/cs40/arm' }))).toBe('hosts/cs40/arm');
    expect(targetWords(entry(1, { target: 'cs40' }))).toBe('cs40');
  });
  test.each([
    [0, 'done'],
    [204, 'done'],
    [412, 'refused 412'],
    [1, 'refused 1'],
  ])('the status %i is %j', (status, words) => expect(outcomeWords(entry(1, { status }))).toBe(words));
});
