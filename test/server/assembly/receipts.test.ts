// Receipts over the open house: of the boot that installed, whatever the machine booted before it and since.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { House } from '../../../server/assembly/house.ts';
import { catchUpReceipts, receiptsOf } from '../../../server/assembly/receipts.ts';
import { exampleSite } from '../../support/example.ts';
import { houseOver } from '../../support/open-house.ts';
import type { Told } from '../doctor/stages.ts';
import { MAC, answered, asked, bios, content, file, given, later, report, script } from '../doctor/stages.ts';

let directory = '';
let house: House;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-receipts-'));
  const site = exampleSite();
  house = await houseOver({ data: directory, site: () => site });
});
afterEach(async () => {
  await house.close();
  rmSync(directory, { recursive: true });
});

const rom = { ...bios, isIpxe: true };
const leased = answered({ reason: 'not armed' });
const toOwnDisk: Told = [
  [0, asked(rom)],
  [0, leased],
  [1, { ...asked(rom), type: 'request' } as Told[number][1]],
  [1, leased],
];
const install: Told = [
  [0, asked(rom)],
  [0, answered({ file: 'http://192.168.168.26/boot/ipxe/52-54-00-a8-a8-02' })],
  [2, script('install', 'ipxe')],
  [4, file('kernel', 'vmlinuz', { via: 'http' })],
  [6, file('initrd', 'initrd.img', { via: 'http' })],
  [20, given()],
  [40, content('package')],
  [50, report('installed')],
];

/** When its installer reported success, in seconds. */
function toldInstalled(told: Told): number {
  return told.find(([, stage]) => stage.kind === 'report')?.[0] ?? 0;
}

/** The receipt of an install that was told of this by `told`, and whose instructions were read at `givenS`. */
async function receiptAfter(told: Told, givenS: number) {
  const from = house.now() - 600_000;
  const armedAt = from - 1000;
  const token = 'a'.repeat(22);
  const at = (seconds: number): number => from + seconds * 1000;
  const arming = { token, armedAt, expiresAt: armedAt + 7_200_000, pins: {}, install: 'F' };
  house.hosts.apply('cs40', { kind: 'armed', now: armedAt, arming });
  house.hosts.apply('cs40', { kind: 'booted', now: at(givenS - 18), token });
  house.hosts.apply('cs40', { kind: 'installing', now: at(givenS), token, address: '192.168.168.2' });
  house.hosts.apply('cs40', { kind: 'reported', now: at(toldInstalled(told)), stage: 'installed', message: '' });
  const about = { kin: 'k', profile: 'management', tree: 'rhel6', os: 'rhel-6.2-x86_64', address: '192.168.168.2' };
  const text = { what: 'kickstart', sha256: '0'.repeat(64), steps: 1 } as const;
  house.receipts.given('cs40', { armedAt, attempt: 1, at: at(givenS), ...text, ...about });
  for (const [seconds, stage] of told) house.stages.note({ mac: MAC, address: undefined }, stage, at(seconds));
  catchUpReceipts(house);
  await expect.poll(() => receiptsOf(house, 'cs40')).toHaveLength(1);
  const [receipt] = house.receipts.receipts('cs40', 1);
  if (receipt === undefined) return expect.fail('no receipt');
  const { startedAt, installedAt, files } = receipt;
  return { tookS: (installedAt - startedAt) / 1000, files: files.map(({ name }) => name) };
}

test.each<[string, Told, number]>([
  ['alone', install, 20],
  ['a minute after it was left to its own disk', [...toOwnDisk, ...later(60, install)], 80],
  ['before it was left to its own disk', [...install, ...later(70, toOwnDisk)], 20],
  ['whose first sign came a moment after its instructions', install, -0.001],
])('the receipt of an install %s', async (_name, told, givenS) => {
  expect(await receiptAfter(told, givenS)).toEqual({ tookS: 50, files: ['vmlinuz', 'initrd.img'] });
});
