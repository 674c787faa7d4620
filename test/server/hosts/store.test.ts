// Host state on disk: it survives, two openers agree, and what it remembers is bounded.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHostStore } from '../../../server/hosts/store.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-hosts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const arming = { token: 'a-token', armedAt: 5, expiresAt: 100, pins: { cloudstack: 's1' }, install: 'F' };

test('a state is the same after it was closed and opened', () => {
  const first = openHostStore(join(directory, 'state.db'));
  const armed = first.apply('cs40', { kind: 'armed', now: 5, arming });
  first.close();
  const second = openHostStore(join(directory, 'state.db'));
  expect(second.state('cs40', 6)).toEqual(armed);
  expect(second.state('cs40', 100).phase).toBe('disarmed');
  expect(second.state('other', 6).phase).toBe('disarmed');
  second.close();
});

test('what one process writes, another that has it open reads', () => {
  const appliance = openHostStore(join(directory, 'state.db'));
  const command = openHostStore(join(directory, 'state.db'));
  command.apply('cs40', { kind: 'armed', now: 5, arming });
  expect(appliance.state('cs40', 6).phase).toBe('armed');
  appliance.apply('cs40', { kind: 'booted', now: 7, token: 'a-token' });
  expect(command.state('cs40', 8)).toMatchObject({ phase: 'booting', attempts: 1 });
  appliance.close();
  command.close();
});

test('all states at once are those of each host, whoever wrote them', () => {
  const store = openHostStore(join(directory, 'state.db'));
  const command = openHostStore(join(directory, 'state.db'));
  expect(store.states(5)).toEqual(new Map());
  for (const host of ['cs40', 'xs-01']) store.apply(host, { kind: 'armed', now: 5, arming });
  const change = store.newestChange();
  for (const now of [6, 7, 100]) {
    if (now === 7) command.apply('xs-01', { kind: 'booted', now, token: 'a-token' });
    const each = ['cs40', 'xs-01'].map((host) => [host, store.state(host, now)] as const);
    expect([now, store.states(now)]).toEqual([now, new Map(each)]);
  }
  expect(store.newestChange()).toBeGreaterThan(change);
  store.close();
  command.close();
});

test('hosts whose install was stopped are found, and only they', () => {
  const store = openHostStore(join(directory, 'state.db'));
  expect(store.stalled()).toEqual(new Set());
  for (const host of ['stopped', 'armed', 'says "phase":"stalled"'])
    store.apply(host, { kind: 'armed', now: 5, arming });
  store.apply('stopped', { kind: 'stopped', now: 6, reason: 'it came back 3 times' });
  store.apply('armed', { kind: 'reported', now: 6, stage: 'failed', message: '"phase":"stalled"' });
  expect(store.stalled()).toEqual(new Set(['stopped']));
  store.apply('stopped', { kind: 'armed', now: 7, arming });
  expect(store.stalled()).toEqual(new Set());
  store.close();
});

test('only its owner may read the file', () => {
  openHostStore(join(directory, 'state.db')).close();
  expect(statSync(join(directory, 'state.db')).mode & 0o777).toBe(0o600);
});

test('the history tells changes with their evidence, never the token, and is bounded', () => {
  const store = openHostStore(join(directory, 'state.db'));
  store.apply('cs40', { kind: 'armed', now: 5, arming });
  store.apply('cs40', { kind: 'booted', now: 6, token: 'a-token' });
  store.apply('cs40', { kind: 'reported', now: 7, stage: 'failed', message: 'no disk' });
  expect(store.history('cs40', 10).map(({ times: _times, ...entry }) => entry)).toEqual([
    { at: 7, what: 'reported failed', detail: 'booting → failed: no disk' },
    { at: 6, what: 'booted', detail: 'armed → booting' },
    { at: 5, what: 'armed', detail: 'disarmed → armed, until 1970-01-01T00:00:00.100Z, cloudstack@s1' },
  ]);
  expect(JSON.stringify(store.history('cs40', 10))).not.toContain('a-token');
  store.close();
});

test('what strangers ask is counted, bounded, and pushes no change of state out', () => {
  const store = openHostStore(join(directory, 'state.db'));
  store.apply('cs40', { kind: 'armed', now: 5, arming });
  for (let now = 10; now < 60; now += 1) store.note('cs40', { at: now, what: 'refused', detail: 'no token' });
  expect(store.history('cs40', 10)).toMatchObject([
    { at: 59, what: 'refused', times: 50 },
    { what: 'armed', times: 1 },
  ]);
  for (let now = 100; now < 600; now += 1) store.note('cs40', { at: now, what: 'refused', detail: String(now) });
  const kept = store.history('cs40', 5000);
  expect([kept.length, kept.at(-1)?.what]).toEqual([201, 'armed']);
  for (let now = 1000; now < 2100; now += 1) store.apply('cs40', { kind: 'disarmed', now, reason: '' });
  expect(store.history('cs40', 5000)).toHaveLength(1200);
  store.close();
});

test('what happened to all hosts is one list in order of time, read on behind any of it', () => {
  const store = openHostStore(join(directory, 'state.db'));
  for (const [at, host] of [
    [5, 'cs40'],
    [9, 'xs-01'],
    [7, 'cs40'],
    [7, 'xs-01'],
    [7, 'xs-02'],
  ] as const)
    store.note(host, { at, what: 'refused', detail: String(at) });
  const all = store.happened({ at: 10, number: 0 }, 10);
  expect(all.map(({ at, host }) => `${at} ${host}`)).toEqual(['9 xs-01', '7 xs-02', '7 xs-01', '7 cs40', '5 cs40']);
  for (const [index, { at, id }] of all.entries())
    expect(store.happened({ at, number: id }, 2)).toEqual(all.slice(index + 1, index + 3));
  // What is counted anew stands at its new time, under the number it had.
  store.note('cs40', { at: 11, what: 'refused', detail: '5' });
  expect(store.happened({ at: 99, number: 0 }, 1)).toEqual([{ ...all[4], at: 11, times: 2 }]);
  store.close();
});

test('what happened is found by an index, of all hosts and of one', () => {
  const file = join(directory, 'state.db');
  openHostStore(file).close();
  const raw = new Database(file);
  const plan = (query: string) => raw.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${query}`).all();
  expect(plan('SELECT * FROM history WHERE (at, id) < (9, 9) ORDER BY at DESC, id DESC LIMIT 5')).toMatchObject([
    { detail: expect.stringContaining('USING INDEX history_by_time') },
  ]);
  expect(plan("SELECT at FROM history WHERE host = 'cs40' ORDER BY at DESC, id DESC LIMIT 5")[0]?.detail).toContain(
    'USING INDEX history_by_host',
  );
  raw.close();
});

test('a state that cannot be read installs nothing, and is set right by arming', () => {
  const file = join(directory, 'state.db');
  openHostStore(file).close();
  const raw = new Database(file);
  raw.exec(`INSERT INTO host_state VALUES ('cs40', '{"phase":"armed"'), ('xs-01', '{"phase":"nonsense"}')`);
  raw.close();
  const store = openHostStore(file);
  for (const host of ['cs40', 'xs-01']) {
    expect(store.state(host, 6)).toMatchObject({
      phase: 'disarmed',
      reason: expect.stringContaining('cannot be read'),
    });
    expect(store.apply(host, { kind: 'armed', now: 5, arming }).phase).toBe('armed');
    expect(store.state(host, 6).phase).toBe('armed');
  }
  store.close();
});

test('unknown machines are remembered once each, newest first', () => {
  const store = openHostStore(join(directory, 'state.db'));
  const silent = { firmware: undefined, vendorClass: undefined, userClass: undefined, hostname: undefined };
  const seen = { ...silent, uuid: undefined, address: '192.168.168.77', firstSeen: 1, lastSeen: 1 };
  store.discover({ ...seen, mac: '52:54:00:00:00:01' });
  store.discover({ ...seen, mac: '52:54:00:00:00:02', firstSeen: 2, lastSeen: 2 });
  store.discover({ ...seen, mac: '52:54:00:00:00:01', address: undefined, firstSeen: 3, lastSeen: 3 });
  expect(store.discovered(10)).toEqual([
    { ...seen, mac: '52:54:00:00:00:01', lastSeen: 3 },
    { ...seen, mac: '52:54:00:00:00:02', firstSeen: 2, lastSeen: 2 },
  ]);
  store.close();
});

test('what a machine says of itself is added as it becomes known, and never lost', () => {
  const store = openHostStore(join(directory, 'state.db'));
  const mac = '52:54:00:00:00:01';
  store.discover({
    mac,
    firstSeen: 1,
    lastSeen: 1,
    vendorClass: 'PXEClient:Arch:00007',
    firmware: 'uefi x86_64 over tftp',
  });
  store.discover({ mac, firstSeen: 2, lastSeen: 2, hostname: 'rack-7', address: '192.168.168.77' });
  const known = {
    mac,
    uuid: undefined,
    address: '192.168.168.77',
    firmware: 'uefi x86_64 over tftp',
    vendorClass: 'PXEClient:Arch:00007',
    userClass: undefined,
    hostname: 'rack-7',
    firstSeen: 1,
    lastSeen: 2,
  };
  expect(store.discovered(10)).toEqual([known]);
  expect(store.sighting(mac)).toEqual(known);
  expect(store.sighting('52:54:00:00:00:02')).toBeUndefined();
  store.close();
});

test('machines that are known by now are left out, and take nobody’s place', () => {
  const store = openHostStore(join(directory, 'state.db'));
  for (let at = 1; at <= 9; at += 1) store.discover({ mac: `52:54:00:00:00:0${at}`, firstSeen: at, lastSeen: at });
  const last = (isKnown: (mac: string) => boolean): readonly string[] =>
    store.discovered(2, isKnown).map(({ mac }) => mac.slice(-1));
  expect(last(() => false)).toEqual(['9', '8']);
  expect(last((mac) => Number(mac.slice(-1)) > 3)).toEqual(['3', '2']);
  expect(last(() => true)).toEqual([]);
  // The reading above was broken off: the file must still take what comes.
  store.discover({ mac: '52:54:00:00:00:0a', firstSeen: 10, lastSeen: 10 });
  expect(last(() => false)).toEqual(['a', '9']);
  store.close();
});

/** The table as the version before firmware and vendor strings made it. */
const FIRST_VERSION = `
  CREATE TABLE discovered (
    mac TEXT PRIMARY KEY, uuid TEXT, address TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
  ) STRICT;
  INSERT INTO discovered VALUES ('52:54:00:00:00:01', NULL, '192.168.168.77', 1, 2);
`;

test('a file of an older version keeps its machines and takes what is new; the older version goes on with it', () => {
  const file = join(directory, 'state.db');
  const older = new Database(file);
  older.exec(FIRST_VERSION);
  const olderWrite = older.prepare('INSERT INTO discovered (mac, first_seen, last_seen) VALUES (?, 5, 5)');
  const store = openHostStore(file);
  expect(store.discovered(10)).toMatchObject([
    { mac: '52:54:00:00:00:01', address: '192.168.168.77', firmware: undefined, firstSeen: 1, lastSeen: 2 },
  ]);
  store.discover({ mac: '52:54:00:00:00:01', userClass: 'iPXE', firstSeen: 3, lastSeen: 3 });
  olderWrite.run('52:54:00:00:00:02');
  const again = openHostStore(file);
  expect(again.discovered(10)).toMatchObject([
    { mac: '52:54:00:00:00:02', userClass: undefined },
    { mac: '52:54:00:00:00:01', userClass: 'iPXE', firstSeen: 1 },
  ]);
  for (const one of [store, again, older]) one.close();
});
