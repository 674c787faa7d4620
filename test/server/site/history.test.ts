// The versions of a site file: what is one, how much of them is kept, what a crash leaves, and who may read them.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countChanges } from '../../../server/site/history/lines.ts';
import { openSiteHistory } from '../../../server/site/history/store.ts';
import type { SiteVersion } from '../../../server/site/history/version.ts';
import { keptVersions, ON_DISK, parseVersion, versionWords } from '../../../server/site/history/version.ts';

let directory = '';
const at = (name: string): string => join(directory, 'site-history', name);
const history = () => openSiteHistory(join(directory, 'site-history'));
const keep = (text: string, now = 1) => history().keep(text, ON_DISK, now);
const ids = async () => (await history().versions()).map(({ id }) => id);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-history-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('there is none before the first', async () => {
  expect(await history().versions()).toEqual([]);
  expect(await history().text(1)).toBeUndefined();
});

test('the same text twice in a row is one version; again later, another', async () => {
  for (const [index, text] of ['a\n', 'a\n', 'b\n', 'a\n'].entries()) await keep(text, index);
  const versions = await history().versions();
  expect(versions.map(({ id, at: when }) => [id, when])).toEqual([
    [3, 3],
    [2, 2],
    [1, 0],
  ]);
  expect(await Promise.all(versions.map(({ id }) => history().text(id)))).toEqual(['a\n', 'b\n', 'a\n']);
});

test('they are as secret as the file', async () => {
  await keep('a\n');
  expect(statSync(at('')).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(at(''))) expect(statSync(at(name)).mode & 0o777, name).toBe(0o600);
});

test('the oldest are forgotten, their texts too, and no number comes back', async () => {
  const short = openSiteHistory(at(''), { versions: 5, bytes: 1000 });
  for (let number = 1; number <= 8; number += 1) await short.keep(`${number}\n`, ON_DISK, 1);
  expect(await ids()).toEqual([8, 7, 6, 5, 4]);
  expect(readdirSync(at('')).toSorted().slice(0, 2)).toEqual(['000004.json', '000004.yaml']);
  await short.keep('x'.repeat(999), ON_DISK, 1);
  expect(await ids()).toEqual([9]);
});

test('a text whose record a crash kept from being written is no version, and its number is not used again', async () => {
  await keep('a\n');
  writeFileSync(at('000002.yaml'), 'half');
  expect(await ids()).toEqual([1]);
  expect((await keep('b\n')).id).toBe(3);
});

test('a damaged record is passed over, and its text is left', async () => {
  await keep('a\n');
  await keep('b\n');
  writeFileSync(at('000001.json'), '{"id": 1');
  expect(await ids()).toEqual([2]);
  await keep('c\n');
  expect(existsSync(at('000001.yaml'))).toBe(true);
});

test.each<[string, string]>([
  ['no JSON', '{'],
  ['another version', '{"id":7}'],
  ['not an object', '[]'],
])('a record that is %s is none', (_, text) => expect(parseVersion(text, 1)).toBeUndefined());

describe('of versions that are too many or too large', () => {
  const version = (id: number, bytes: number): SiteVersion => {
    return { id, at: 1, ...ON_DISK, added: 0, removed: 0, bytes, sha256: '' };
  };
  test.each<[string, number[], number]>([
    ['all that fit are kept', [10, 10, 10], 3],
    ['those beyond the room go', [10, 80, 11, 1], 2],
    ['those beyond the number go', [1, 1, 1, 1, 1, 1], 4],
    ['the newest stays however large it is', [200, 1], 1],
  ])('%s', (_, sizes, left) => {
    const versions = sizes.map((bytes, index) => version(100 - index, bytes));
    expect(keptVersions(versions, { versions: 4, bytes: 100 })).toEqual(versions.slice(0, left));
  });
});

test.each<[string, string, number, number]>([
  ['', 'a\nb\n', 2, 0],
  ['a\nb\n', 'a\nb\n', 0, 0],
  ['a\nb\n', 'a\nc\nb\n', 1, 0],
  ['a\nb\nc\n', 'a\nx\ny\n', 2, 2],
  ['a\nb\n', '', 0, 2],
])('%j to %j: %i more, %i less', (before, after, added, removed) => {
  expect(countChanges(before, after)).toEqual({ added, removed });
});

test('whatever two texts say, the counts add up to the difference of their lengths', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 })
    .map((lines) => lines.map((one) => `${one}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { added, removed } = countChanges(before, after);
      expect(added - removed).toBe(after.split('\n').length - before.split('\n').length);
    }),
  );
});

test('texts with nothing in common are counted, not compared line by line', () => {
  const lines = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word} ${index}\n`).join('');
  const begun = performance.now();
  expect(countChanges(lines('a'), lines('b'))).toEqual({ added: 20_000, removed: 20_000 });
  expect(performance.now() - begun).toBeLessThan(2000);
});

test('a version in words', () => expect(versionWords({ id: 12, added: 3, removed: 1 })).toBe('12 (+3 −1)'));
