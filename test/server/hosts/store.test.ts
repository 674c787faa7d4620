// Host state on disk: it survives, two openers agree, and what it remembers is bounded.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHostStore } from '../../../server/hosts/store.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-hosts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const arming = { token: 'a-token', armedAt: 5, expiresAt: 100, pins: { cloudstack: 's1' } };

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
  appliance.apply('cs40', { kind: 'booted', now: 7 });
  expect(command.state('cs40', 8)).toMatchObject({ phase: 'booting', attempts: 1 });
  appliance.close();
  command.close();
});

test('only its owner may read the file', () => {
  openHostStore(join(directory, 'state.db')).close();
  expect(statSync(join(directory, 'state.db')).mode & 0o777).toBe(0o600);
});

test('the history tells changes with their evidence, never the token, and is bounded', () => {
  const store = openHostStore(join(directory, 'state.db'));
  store.apply('cs40', { kind: 'armed', now: 5, arming });
  store.apply('cs40', { kind: 'booted', now: 6 });
  store.apply('cs40', { kind: 'reported', now: 7, stage: 'failed', message: 'no disk' });
  expect(store.history('cs40', 10)).toEqual([
    { at: 7, what: 'reported failed', detail: 'booting → failed: no disk' },
    { at: 6, what: 'booted', detail: 'armed → booting' },
    { at: 5, what: 'armed', detail: 'disarmed → armed, until 1970-01-01T00:00:00.100Z, cloudstack@s1' },
  ]);
  expect(JSON.stringify(store.history('cs40', 10))).not.toContain('a-token');
  for (let now = 0; now < 1100; now += 1) store.note('cs40', { at: now, what: 'asked', detail: '' });
  expect(store.history('cs40', 5000)).toHaveLength(1000);
  store.close();
});

test('unknown machines are remembered once each, newest first', () => {
  const store = openHostStore(join(directory, 'state.db'));
  const seen = { uuid: undefined, address: '192.168.168.77', firstSeen: 1, lastSeen: 1 };
  store.discover({ ...seen, mac: '52:54:00:00:00:01' });
  store.discover({ ...seen, mac: '52:54:00:00:00:02', firstSeen: 2, lastSeen: 2 });
  store.discover({ ...seen, mac: '52:54:00:00:00:01', address: undefined, firstSeen: 3, lastSeen: 3 });
  expect(store.discovered()).toEqual([
    { ...seen, mac: '52:54:00:00:00:01', lastSeen: 3 },
    { ...seen, mac: '52:54:00:00:00:02', firstSeen: 2, lastSeen: 2 },
  ]);
  store.close();
});
