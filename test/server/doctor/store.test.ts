// Stages on disk: they survive, are joined under a MAC learnt late, stay bounded, and never cost a boot.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StageStore } from '../../../server/doctor/store.ts';
import { openStageStore } from '../../../server/doctor/store.ts';
import type { Log } from '../../../server/log.ts';
import { quietLog } from '../../../server/log.ts';
import { MAC, START, asked, content, file, given, report } from './stages.ts';

let directory = '';
let path = '';
const opened: StageStore[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-stages-'));
  path = join(directory, 'stages.db');
});
afterEach(() => {
  opened.splice(0).forEach((store) => store.close());
  rmSync(directory, { recursive: true });
});

function open(log: Log = quietLog): StageStore {
  const store = openStageStore(path, log);
  opened.push(store);
  return store;
}

const address = '192.168.168.2';
const known = { mac: MAC, address };
const nobody = { mac: undefined, address };
const macOf = (index: number): string =>
  `52:54:00:${[16, 8, 0].map((shift) => ((index >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`;

test('stages are the same after the file was closed and opened, and are read by another process meanwhile', () => {
  const first = open();
  const stages = [asked(), file('loader', 'pxelinux.0'), given(), report('installed', 'done')];
  stages.forEach((stage, index) => first.note(known, stage, START + index));
  const told = stages.map((stage, index) => ({ at: START + index, machine: { mac: MAC, address: undefined }, stage }));
  expect(first.read([MAC], 10)).toEqual(told);
  expect(open().read([MAC], 10)).toEqual(told);
  expect(open().read([MAC], 2)).toEqual(told.slice(2));
});

test('nothing is opened before it is needed, and then for its owner only', () => {
  const store = open();
  expect(() => statSync(path)).toThrow('ENOENT');
  store.note(known, given(), START);
  store.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('what an address asked in the last ten minutes is given to its MAC', () => {
  const store = open();
  store.note(nobody, file('loader', 'old.0'), START - 11 * 60_000);
  store.note(nobody, file('loader', 'pxelinux.0'), START - 60_000);
  expect(store.read([address], 10)).toHaveLength(2);
  store.note(known, given(), START);
  expect(store.read([MAC], 10).map(({ stage }) => stage.kind)).toEqual(['file', 'instructions']);
  expect(store.read([address], 10)).toHaveLength(1);
  store.rekey(address, MAC, 0);
  expect(store.read([address], 10)).toHaveLength(0);
  expect(store.heardOf(0, 10)).toEqual([MAC]);
});

test('stages of a MAC and of an address are read in the order of their times', () => {
  const store = open();
  store.note({ mac: MAC, address: undefined }, asked(), START);
  store.note(nobody, file('loader', 'pxelinux.0'), START + 1);
  store.note({ mac: MAC, address: undefined }, given(), START + 2);
  expect(store.read([MAC, address], 10).map(({ stage }) => stage.kind)).toEqual(['dhcp-asked', 'file', 'instructions']);
});

test('a thousand packages are one row, counted on across writes', () => {
  const store = open();
  for (let count = 0; count < 1000; count += 1) {
    store.note(known, content('package', { bytes: 10 }), START + count);
    if (count % 100 === 0) store.read([MAC], 1);
  }
  expect(store.read([MAC], 10)).toMatchObject([
    { at: START + 999, stage: { count: 1000, bytes: 10_000, firstAt: START } },
  ]);
});

test('of one machine the newest are kept', () => {
  const store = open();
  for (let count = 0; count < 1000; count += 1) {
    store.note(known, report(`step-${count}`), START + count);
    if (count % 40 === 0) store.read([MAC], 1);
  }
  const stages = store.read([MAC], 5000).map(({ stage }) => stage);
  expect(stages.length).toBeLessThan(400);
  expect(stages.at(-1)).toMatchObject({ stage: 'step-999' });
});

test('of all machines those heard of last are kept', () => {
  const store = open();
  for (let index = 0; index < 11_000; index += 1) {
    store.note({ mac: macOf(index), address: undefined }, given(), START + index);
    if (index % 1000 === 0) store.read([MAC], 1);
  }
  const heard = store.heardOf(0, 20_000);
  expect(heard.length).toBeLessThan(10_300);
  expect(heard[0]).toBe(macOf(10_999));
  expect(store.read([macOf(0)], 10)).toEqual([]);
  expect(store.heardOf(START + 10_990, 5)).toEqual([10_999, 10_998, 10_997, 10_996, 10_995].map(macOf));
});

describe("a flood of strangers' stages", () => {
  const flood = (store: StageStore, count: number, ofEach: number): void => {
    for (let index = 0; index < count; index += 1) {
      store.note({ mac: macOf(Math.floor(index / ofEach)), address: undefined }, given(), START + 1 + index);
      if (index % 10_000 === 0) store.read([MAC], 1);
    }
  };

  test("pushes out strangers, and nothing of the site's own machines", () => {
    const store = openStageStore(path, quietLog, () => new Set([MAC, '10.0.0.7']));
    store.note(known, given(), START);
    store.note({ mac: undefined, address: '10.0.0.7' }, given(), START);
    flood(store, 11_000, 1);
    expect(store.read([MAC], 10)).toHaveLength(1);
    expect(store.read(['10.0.0.7'], 10)).toHaveLength(1);
    expect(store.read([macOf(0)], 10)).toEqual([]);
    store.close();
  });

  test('does not age them: what counts is how many stages are kept, not how many there were', () => {
    const store = openStageStore(path, quietLog, () => new Set([MAC]));
    store.note(known, given(), START);
    store.read([MAC], 1);
    const raw = new Database(path);
    raw.exec("UPDATE sqlite_sequence SET seq = 600000 WHERE name = 'stage'");
    raw.close();
    flood(store, 4200, 42);
    expect(store.read([MAC], 10)).toHaveLength(1);
    store.close();
  });

  test('keeps a boot or two of each stranger: so all of them together are fewer than what is kept', () => {
    const store = openStageStore(path, quietLog, () => new Set([MAC]));
    for (let count = 0; count < 200; count += 1) {
      store.note(known, report(`step-${count}`), START + count);
      store.note({ mac: macOf(1), address: undefined }, report(`step-${count}`), START + count);
      if (count % 30 === 0) store.read([MAC], 1);
    }
    expect(store.read([MAC], 500)).toHaveLength(200);
    expect(store.read([macOf(1)], 500).length).toBeLessThan(40 + 32 + 30);
    store.close();
  });
});

test('hostile text is made plain and cut', () => {
  const store = open();
  store.note(known, report('x', `\u001b[2J${'é'.repeat(5000)}`), START);
  const [record] = store.read([MAC], 1);
  expect(record?.stage.kind === 'report' ? record.stage.message : '').toMatch(/^\?\[2J\?{996}$/);
});

test('a row that is no stage is passed over', () => {
  open().close();
  const store = open();
  store.note(known, given(), START);
  store.close();
  const raw = new Database(path);
  raw.exec(`INSERT INTO stage (key, at, stage) VALUES ('${MAC}', 1, '{"kind":"of tomorrow"}'), ('${MAC}', 2, '{"ki')`);
  raw.close();
  expect(open().read([MAC], 10)).toHaveLength(1);
});

test('a damaged file costs what was in it, says so, and is begun anew', () => {
  writeFileSync(path, 'no database at all '.repeat(1000));
  const warned: string[] = [];
  const store = open({ ...quietLog, warn: (message) => void warned.push(message) });
  store.note(known, content('package'), START);
  expect(store.read([MAC], 10)).toEqual([]);
  store.note(known, content('package'), START + 1);
  expect(store.read([MAC], 10)).toMatchObject([{ at: START + 1, stage: { count: 1 } }]);
  expect(warned).toEqual(['stages of boots are lost']);
});

test('a file that cannot be opened costs its stages alone', () => {
  const warned: string[] = [];
  const log = { ...quietLog, warn: (message: string) => void warned.push(message) };
  const store = openStageStore(join(directory, 'missing/stages.db'), log);
  store.note(known, given(), START);
  expect(store.read([MAC], 10)).toEqual([]);
  store.close();
  expect(warned).toEqual(['stages of boots are lost']);
});

test('a stage waits for others, and is on disk a moment later by itself', async () => {
  const store = open();
  store.note(known, given(), START);
  const other = open();
  await expect.poll(() => other.read([MAC], 1).length, { timeout: 5000 }).toBe(1);
});
