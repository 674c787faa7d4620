// The transcript of boots: other servers are shown while they answer, and whose a stage is shows in what DHCP told.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromNumber, parseIpv4, parseMac } from '../../../server/address.ts';
import { openTranscript } from '../../../server/assembly/transcript.ts';
import type { StageStore } from '../../../server/doctor/store.ts';
import { openStageStore } from '../../../server/doctor/store.ts';
import { quietLog } from '../../../server/log.ts';
import { exampleSite } from '../../support/example.ts';
import { file } from '../doctor/stages.ts';

const MINUTE = 60_000;
const rogue = (server: string) =>
  ({ server: parseIpv4(server), kind: 'dhcp', evidence: 'it answers', firstSeen: 0 }) as const;

let directory = '';
let stages: StageStore;
let now = 0;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-transcript-'));
  stages = openStageStore(join(directory, 'stages.db'), quietLog);
  now = 0;
});
afterEach(() => {
  stages.close();
  rmSync(directory, { recursive: true });
});

const site = exampleSite();
const open = () => openTranscript({ now: () => now, site: () => site, stages });

test('another server is shown as long as it is reported each hour, and no longer', () => {
  const { rogues } = open();
  rogues.add(rogue('10.0.0.2'));
  rogues.add(rogue('10.0.0.3'));
  now = 70 * MINUTE;
  rogues.add(rogue('10.0.0.2'));
  expect(rogues.list().map(({ server }) => server)).toEqual(['10.0.0.3', '10.0.0.2']);
  now = 90 * MINUTE;
  expect(rogues.list().map(({ server }) => server)).toEqual(['10.0.0.2']);
});

test('a wire full of other servers is cut', () => {
  const { rogues } = open();
  for (let index = 1; index <= 100; index += 1) rogues.add(rogue(fromNumber(index)));
  expect(rogues.list()).toHaveLength(20);
});

test('what an address fetched is the machine that took it, from whichever server: a proxy hears it named', () => {
  const transcript = open();
  const [mac, address] = [parseMac('52:54:00:a8:a8:02'), '192.168.168.200'];
  transcript.machines.learn(address, { mac, uuid: undefined, firmware: undefined });
  transcript.note({ mac: undefined, address }, file('loader', 'bootx64.efi'));
  expect(stages.read([mac], 10).map(({ stage }) => stage)).toMatchObject([{ name: 'bootx64.efi' }]);
});
