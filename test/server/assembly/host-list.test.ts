// The list of all hosts: made once for who asks at once, and never older than a change that came before the question.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHostList } from '../../../server/assembly/host-list.ts';
import type { House } from '../../../server/assembly/house.ts';
import type { Site } from '../../../server/domain.ts';
import { exampleSite } from '../../support/example.ts';
import { houseOver } from '../../support/open-house.ts';

let directory = '';
let house: House;
let site: Site;
let now = 1_800_000_000_000;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-host-list-'));
  site = exampleSite();
  house = await houseOver({ data: directory, site: () => site });
});
afterEach(async () => {
  await house.close();
  rmSync(directory, { recursive: true });
});

const arming = () => ({ token: 'a'.repeat(22), armedAt: now, expiresAt: now + 60_000, pins: {}, install: 'F' });
const list = () => openHostList({ ...house, now: () => now });
const phases = async (hosts: ReturnType<typeof list>): Promise<string> =>
  (await hosts()).map(({ name, phase }) => `${name} ${phase}`).join(', ');

test('it tells every host of the site, in its order', async () => {
  house.hosts.apply('xs-01', { kind: 'armed', now, arming: arming() });
  expect(await phases(list())).toBe('cs40 disarmed, xs-01 armed, xs-02 disarmed');
});

test('who asks at once gets the same, for a second', async () => {
  const hosts = list();
  const first = hosts();
  expect(hosts()).toBe(first);
  now += 999;
  expect(hosts()).toBe(first);
  now += 1;
  expect(hosts()).not.toBe(first);
});

test('a change is in what is asked for after it, even while an older list is made', async () => {
  const hosts = list();
  const before = hosts();
  house.hosts.apply('cs40', { kind: 'armed', now, arming: arming() });
  expect(await phases(hosts)).toContain('cs40 armed');
  expect((await before)[0]?.phase).toBe('disarmed');
  site = { ...site, hosts: site.hosts.slice(1) };
  expect(await phases(hosts)).toBe('xs-01 disarmed, xs-02 disarmed');
});

test('an arming ends in it by itself', async () => {
  const hosts = list();
  house.hosts.apply('cs40', { kind: 'armed', now, arming: arming() });
  expect(await phases(hosts)).toContain('cs40 armed');
  now += 60_000;
  expect(await phases(hosts)).toContain('cs40 disarmed');
});
