// A site file changed by programs: whole or not at all, one after another, and never over somebody else's words.

import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Site } from '../../../server/domain.ts';
import { takeLock } from '../../../server/lock.ts';
import { no } from '../../../server/malformed.ts';
import { openSiteHistory } from '../../../server/site/history/store.ts';
import { keepSite, replaceSite, rewriteSite } from '../../../server/site/rewrite/store.ts';
import { example } from './example.ts';

let directory = '';
const at = (name: string): string => join(directory, name);
const history = () => openSiteHistory(at('data/site-history'));
const author = { by: 'anna', via: 'session', operation: 'saveSite' } as const;
const edit = () => ({
  file: at('site.yaml'),
  lockFile: at('data/locks/site.lock'),
  history: history(),
  author,
  now: () => 1000,
});
const kept = async () =>
  (await history().versions()).map(({ id, by, operation, added, removed }) => [id, by, operation, added, removed]);
const rename = (text: string): string => text.replace('name: cs-cloud', 'name: other');
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-rewrite-'));
  writeFileSync(at('site.yaml'), example, { mode: 0o640 });
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a right change is saved, with the mode the file had, and nothing is left beside it', async () => {
  expect(await rewriteSite(edit(), { change: rename })).toMatchObject({ kind: 'rewritten', site: { name: 'other' } });
  expect(readFileSync(at('site.yaml'), 'utf8')).toBe(rename(example));
  expect(statSync(at('site.yaml')).mode & 0o777).toBe(0o640);
  expect(readdirSync(directory).toSorted()).toEqual(['data', 'site.yaml']);
});

test('a file that is a link stays one; what it points at is changed', async () => {
  mkdirSync(at('git'));
  writeFileSync(at('git/s.yaml'), example);
  symlinkSync('git/s.yaml', at('link.yaml'));
  expect(await rewriteSite({ ...edit(), file: at('link.yaml') }, { change: rename })).toMatchObject({
    kind: 'rewritten',
  });
  expect(lstatSync(at('link.yaml')).isSymbolicLink()).toBe(true);
  expect(readFileSync(at('git/s.yaml'), 'utf8')).toBe(rename(example));
});

test.each<[string, () => void, (text: string) => string | ReturnType<typeof no>, Record<string, unknown>]>([
  [
    'into a site with problems: all of them come back',
    () => {},
    (text) => text.replaceAll('profile: hypervisor', 'profile: x'),
    { kind: 'problems', problems: [{ path: 'hosts[1].profile' }, { path: 'hosts[2].profile' }] },
  ],
  ['that is refused on the way', () => {}, () => no('not today'), { kind: 'no', reason: 'not today' }],
  [
    'of a file with problems',
    () => writeFileSync(at('site.yaml'), 'site: {}'),
    (text) => text,
    { kind: 'no', reason: 'the site file has problems already' },
  ],
  [
    'of a file that is not there',
    () => rmSync(at('site.yaml')),
    (text) => text,
    { kind: 'no', reason: 'the site file: there is no such file' },
  ],
])('no change %s', async (_, prepare, change, answer) => {
  prepare();
  const before = readdirSync(directory).map((name) => [name, readFileSync(at(name), 'utf8')]);
  expect(await rewriteSite(edit(), { change })).toMatchObject(answer);
  const after = readdirSync(directory).filter((name) => name !== 'data');
  expect(after.map((name) => [name, readFileSync(at(name), 'utf8')])).toEqual(before);
});

test('a change is saved only when what became of the site is accepted', async () => {
  const names: string[] = [];
  const accepts = (before: Site, after: Site) => {
    names.push(before.name, after.name);
    return no('too much');
  };
  expect(await rewriteSite(edit(), { change: rename, accepts })).toMatchObject({ kind: 'no', reason: 'too much' });
  expect(names).toEqual(['cs-cloud', 'other']);
  expect(readFileSync(at('site.yaml'), 'utf8')).toBe(example);
});

test('the example is never changed, by its name or through a link', async () => {
  writeFileSync(at('site.example.yaml'), example);
  symlinkSync('site.example.yaml', at('mine.yaml'));
  for (const name of ['site.example.yaml', 'mine.yaml']) {
    expect(await rewriteSite({ ...edit(), file: at(name) }, { change: rename })).toMatchObject({
      kind: 'no',
      reason: 'the example site is not changed',
    });
  }
  expect(readFileSync(at('site.example.yaml'), 'utf8')).toBe(example);
});

test('what an editor saved meanwhile stays', async () => {
  const saved = example.replace('keyboard: us', 'keyboard: de');
  const answer = await rewriteSite(edit(), {
    change: (text) => {
      writeFileSync(at('site.yaml'), saved);
      return rename(text);
    },
  });
  expect(answer).toMatchObject({ kind: 'no', reason: 'the site file was changed meanwhile' });
  expect(readFileSync(at('site.yaml'), 'utf8')).toBe(saved);
});

test('of many at once each adds its own', async () => {
  const numbers = [5, 6, 7, 8, 9, 10];
  const line = (number: number): string =>
    `  - { name: xs-0${number}, profile: hypervisor, network: lab, address: 192.168.168.${number}, macs: ["52:54:00:00:00:0${number % 10}"] }\n`;
  await Promise.all(numbers.map((number) => rewriteSite(edit(), { change: (text) => text + line(number) })));
  const added = readFileSync(at('site.yaml'), 'utf8').slice(example.length).split('\n').filter(Boolean);
  expect(added.toSorted()).toEqual(numbers.map((number) => line(number).trimEnd()).toSorted());
});

test('who finds another at it waits, and gives up in the end', async () => {
  mkdirSync(at('data/locks'), { recursive: true });
  const lock = takeLock(edit().lockFile, 'exclusive');
  expect(await rewriteSite({ ...edit(), patienceMs: 0 }, { change: rename })).toMatchObject({
    kind: 'no',
    reason: 'another command is changing the site file',
  });
  const waiting = rewriteSite(edit(), { change: rename });
  lock?.release();
  expect(await waiting).toMatchObject({ kind: 'rewritten' });
});

test('what stood before and what came are kept; what stood there untold is of nobody who is known', async () => {
  await rewriteSite(edit(), { change: rename });
  expect(await kept()).toEqual([
    [2, 'anna', 'saveSite', 1, 1],
    [1, 'on disk', 'editSite', example.trimEnd().split('\n').length, 0],
  ]);
  expect(await history().text(1)).toBe(example);
  expect(await history().text(2)).toBe(rename(example));
});

test('a change that is refused keeps no version of what was not taken', async () => {
  await rewriteSite(edit(), { change: (text) => text.replaceAll('profile: hypervisor', 'profile: x') });
  await replaceSite(edit(), { text: async () => 'site: {}', expects: () => true });
  expect((await kept()).map(([id]) => id)).toEqual([1]);
});

test('a file with problems is kept before it is mended', async () => {
  writeFileSync(at('site.yaml'), 'site: {}\n');
  await replaceSite(edit(), { text: async () => example, expects: (before) => before === 'site: {}\n' });
  expect(await history().text(1)).toBe('site: {}\n');
  expect(readFileSync(at('site.yaml'), 'utf8')).toBe(example);
});

test('a file that is gone comes back, for its owner only', async () => {
  rmSync(at('site.yaml'));
  await replaceSite(edit(), { text: async () => example, expects: (before) => before === '' });
  expect(readFileSync(at('site.yaml'), 'utf8')).toBe(example);
  expect(statSync(at('site.yaml')).mode & 0o777).toBe(0o600);
});

test('what an editor leaves is kept as long as it stands there', async () => {
  const byHand = example.replace('keyboard: us', 'keyboard: de');
  await keepSite(edit(), byHand);
  expect(await kept()).toEqual([]);
  writeFileSync(at('site.yaml'), byHand);
  await keepSite(edit(), byHand);
  await keepSite(edit(), byHand);
  expect((await kept()).map(([id, by]) => [id, by])).toEqual([[1, 'on disk']]);
});
