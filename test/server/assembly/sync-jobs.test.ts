// Which syncs live: a lock is proof of life, silence without one is an end; and what asks for an end reaches only what runs.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SyncLog } from '../../../mirror/sync/log/store.ts';
import { openSyncLog } from '../../../mirror/sync/log/store.ts';
import type { SyncDesk } from '../../../server/assembly/sync-jobs.ts';
import { cancelSync, followSync, runningSync, settleSyncs } from '../../../server/assembly/sync-jobs.ts';
import { takeLock } from '../../../server/lock.ts';
import { quietLog } from '../../../server/log.ts';

let directory = '';
let syncs: SyncLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-jobs-'));
  mkdirSync(join(directory, 'locks'));
  syncs = openSyncLog(join(directory, 'syncs.db'), quietLog);
});
afterEach(() => {
  syncs.close();
  rmSync(directory, { recursive: true });
});

const BEGAN = 1_000_000;
const desk = (afterMs: number): SyncDesk => ({
  syncs,
  now: () => BEGAN + afterMs,
  settings: { dataDirectory: directory },
});
const begin = (): number => syncs.begin({ repo: 'base', cause: 'command', startedAt: BEGAN }) ?? 0;
const lockBase = () => takeLock(join(directory, 'locks', 'sync-base.lock'), 'exclusive');

test('a dead process’s sync is shown as broken off, and its repo can be synced at once', async () => {
  const id = begin();
  await settleSyncs(desk(9000));
  expect(runningSync(desk(9000), 'base')?.id).toBe(id);
  await settleSyncs(desk(11_000));
  expect(syncs.record(id)).toMatchObject({ outcome: 'broken-off', endedAt: BEGAN });
  const lock = lockBase();
  expect(lock).toBeDefined();
  lock?.release();
});

test('a silent process that holds its lock lives', async () => {
  const id = begin();
  const lock = lockBase();
  await settleSyncs(desk(3_600_000));
  expect(syncs.record(id)?.endedAt).toBeUndefined();
  lock?.release();
  await settleSyncs(desk(3_600_000));
  expect(syncs.record(id)?.outcome).toBe('broken-off');
});

test('only a sync that runs can be asked to end', async () => {
  expect(await cancelSync(desk(0), 'base')).toMatchObject({ kind: 'no', reason: 'no sync of base runs' });
  const id = begin();
  expect(await cancelSync(desk(5000), 'base')).toEqual({ kind: 'asked', id });
  expect(syncs.cancelAsked(id)).toBe(true);
  expect(await cancelSync(desk(60_000), 'base')).toMatchObject({ kind: 'no' });
});

test('who follows is told when a process dies, and leaves what runs when told to', async () => {
  const id = begin();
  const watch = { onProgress: () => {}, signal: AbortSignal.abort() };
  expect(await followSync(desk(0), id, watch)).toBeUndefined();
  expect(syncs.record(id)?.endedAt).toBeUndefined();
  const stays = { ...watch, signal: new AbortController().signal };
  expect(await followSync(desk(60_000), id, stays)).toMatchObject({ id, outcome: 'broken-off' });
});
