// What must be true before a host is armed, how long armings last, and the budget for what strangers ask.

import { describe, expect, test } from 'vitest';
import type { Catalog } from '../../../server/domain.ts';
import { armingEnded } from '../../../server/arming.ts';
import { recently } from '../../../server/assembly/recently.ts';
import { parseDuration, planArming } from '../../../server/hosts/arming.ts';
import { throttle } from '../../../server/hosts/throttle.ts';
import { isNo } from '../../../server/malformed.ts';
import { resolveInstall } from '../../../server/site/resolve.ts';
import { exampleSite, hostOf, readyCatalog } from '../../support/example.ts';

const site = exampleSite();
const ready = readyCatalog(site);
const install = resolveInstall(site, ready, hostOf(site, 'cs40'));
const needed = [
  { name: 'root', generated: false, why: 'root' },
  { name: 'cloud-db', generated: true, why: 'its database' },
];
const secretsOf =
  (...names: string[]) =>
  (name: string) =>
    names.includes(name) ? 'set' : undefined;

function plan(catalog: Catalog, secret: (name: string) => string | undefined) {
  if (isNo(install)) throw new Error(install.reason);
  return planArming(install, { catalog, needed, secret });
}

describe('arming', () => {
  test('pins what is published now, and names the secrets to make up', () => {
    expect(plan(ready, secretsOf('root'))).toEqual({
      kind: 'ready',
      pins: { cloudstack: 's1' },
      generate: ['cloud-db'],
    });
  });

  const noTree = new Map(ready.trees).set('rhel6', {
    kind: 'absent',
    reason: 'the ISO is cut off',
    remedy: 'fetch it again',
    expected: undefined,
  });
  const noRepo = new Map([['cloudstack', { current: undefined, snapshots: [] }]]);
  test.each<[string, Catalog, string[], string, string]>([
    ['a tree that is not there', { ...ready, trees: noTree }, ['root'], 'the ISO is cut off', 'fetch it again'],
    [
      'a repo that was never synced',
      { ...ready, repos: noRepo },
      ['root'],
      'no published snapshot',
      'kickstand repo sync cloudstack',
    ],
    ['a secret only the operator can set', ready, [], 'the secret root is not set', 'kickstand secret set root'],
  ])('is refused for %s, with the remedy', (_name, catalog, secrets, reason, remedy) => {
    expect(plan(catalog, secretsOf(...secrets))).toEqual({
      kind: 'no',
      reason: expect.stringContaining(reason),
      remedy,
    });
  });
});

describe('a length of time', () => {
  test.each<[string, number | undefined]>([
    ['90', 90_000],
    ['45s', 45_000],
    ['90m', 5_400_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['8d', undefined],
    ['0', undefined],
    ['-1h', undefined],
    ['2 h', undefined],
    ['1.5h', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('%j', (text, ms) => {
    const parsed = parseDuration(text);
    expect(isNo(parsed) ? undefined : parsed).toBe(ms);
  });
});

describe('an arming', () => {
  const hour = 3_600_000;
  const arming = { token: 't', armedAt: 10 * hour, expiresAt: 12 * hour, pins: {}, install: 'F' };
  test.each<[string, number, string | undefined]>([
    ['holds at once', 10 * hour, undefined],
    ['holds to its last millisecond', 12 * hour - 1, undefined],
    ['ends on time', 12 * hour, 'the arming has ended'],
    ['bears a clock corrected by a minute', 10 * hour - 60_000, undefined],
    ['bears no clock set back by an hour', 9 * hour, 'the clock was set back behind the arming'],
  ])('%s', (_name, now, ended) => {
    expect(armingEnded(arming, now)).toBe(ended);
  });
});

test('strangers have so many lines a second', () => {
  const may = throttle(3);
  expect([1000, 1001, 1002, 1003, 1999, 2000].map(may)).toEqual([true, true, true, false, false, true]);
});

test('what many ask at once is looked up once, and anew after a moment', async () => {
  let now = 1000;
  let looked = 0;
  const ask = recently(
    () => now,
    async () => (looked += 1),
  );
  await Promise.all([ask(), ask(), ask()]);
  expect(looked).toBe(1);
  now = 1249;
  expect(await ask()).toBe(1);
  now = 1250;
  expect(await ask()).toBe(2);
  now = 0;
  expect(await ask()).toBe(3);
});
