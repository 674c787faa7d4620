// The log of syncs: rows from begin to end, seen by every process, bounded, and no hindrance where it cannot be kept.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventsOf } from '../../../../mirror/sync/log/events.ts';
import type { SyncEnding } from '../../../../mirror/sync/log/record.ts';
import { isBrokenOff, noFindings, tellable } from '../../../../mirror/sync/log/record.ts';
import type { SyncLog } from '../../../../mirror/sync/log/store.ts';
import { openSyncLog } from '../../../../mirror/sync/log/store.ts';
import { quietLog } from '../../../../server/log.ts';

let directory = '';
let log: SyncLog;
let other: SyncLog;
const file = (): string => join(directory, 'syncs.db');
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-syncs-'));
  log = openSyncLog(file(), quietLog);
  other = openSyncLog(file(), quietLog);
});
afterEach(() => {
  log.close();
  other.close();
  rmSync(directory, { recursive: true });
});

function begin(repo = 'base', startedAt = 1000): number {
  const id = log.begin({ repo, cause: 'command', startedAt });
  if (id === undefined) throw new Error('nothing was written');
  return id;
}

const COUNTS = { packages: 2, files: 5, bytes: 100, filesFetched: 1, bytesFetched: 50, bytesReused: 0 };
const published = (endedAt: number): SyncEnding => ({
  ...noFindings,
  endedAt,
  outcome: 'published',
  snapshot: 's1',
  counts: COUNTS,
  notes: ['one'],
});
const progress = (bytesDone: number) => ({
  phase: 'packages',
  filesDone: 1,
  filesTotal: 4,
  bytesDone,
  bytesTotal: 400,
  reused: 7,
  bytesPerSecond: 10,
  etaSeconds: 30,
});

test('what began and what ended is in order of time, of all repos, read on behind any of it', () => {
  const [first, second, third] = [begin('base', 1000), begin('extras', 1000), begin('late', 500)];
  log.end(first, published(3000));
  log.end(third, published(2000));
  const top = { at: 9999, number: 0 };
  const ids = (by: 'startedAt' | 'endedAt', before = top, limit = 10) =>
    other.happened(by, before, limit).map(({ id }) => id);
  expect(ids('startedAt')).toEqual([second, first, third]);
  expect(ids('endedAt')).toEqual([first, third]);
  expect(ids('startedAt', { at: 1000, number: second })).toEqual([first, third]);
  expect(ids('endedAt', { at: 3000, number: first })).toEqual([third]);
  expect(ids('startedAt', top, 1)).toEqual([second]);
  const [ended] = other.happened('endedAt', top, 1);
  expect(ended).toMatchObject({ repo: 'base', cause: 'command', outcome: 'published', snapshot: 's1', reason: null });
  expect(other.happened('startedAt', top, 1)).toMatchObject([{ endedAt: null, outcome: null, snapshot: null }]);
});

test('a row tells the whole sync to every process: begun, how far, ended', () => {
  const id = begin();
  expect(other.open()).toEqual([
    {
      ...noFindings,
      id,
      repo: 'base',
      cause: 'command',
      startedAt: 1000,
      seenAt: 1000,
      endedAt: undefined,
      outcome: undefined,
      cancelAsked: false,
      progress: undefined,
    },
  ]);
  log.sign(id, 2000, progress(100));
  expect(other.record(id)).toMatchObject({ seenAt: 2000, progress: progress(100) });
  log.sign(id, 7000, undefined);
  expect(other.record(id)).toMatchObject({ seenAt: 7000, progress: progress(100) });
  log.end(id, published(9000));
  expect(other.open()).toEqual([]);
  expect(other.history('base', 10)).toMatchObject([
    { endedAt: 9000, outcome: 'published', snapshot: 's1', counts: COUNTS, notes: ['one'] },
  ]);
  expect(other.history('updates', 10)).toEqual([]);
});

test('an end is final', () => {
  const id = begin();
  log.end(id, published(9000));
  log.end(id, { ...noFindings, endedAt: 9999, outcome: 'failed' });
  log.sign(id, 9999, progress(1));
  expect(log.record(id)).toMatchObject({ endedAt: 9000, seenAt: 9000, outcome: 'published' });
});

test('any process may ask that a sync end, while it runs', () => {
  const id = begin();
  expect(log.cancelAsked(id)).toBe(false);
  expect(other.askCancel(id)).toBe(true);
  expect(log.cancelAsked(id)).toBe(true);
  log.end(id, { ...noFindings, endedAt: 2000, outcome: 'cancelled' });
  expect(other.askCancel(id)).toBe(false);
});

test('who begins closes what a dead process left open: it holds the lock', () => {
  const id = begin('base', 1000);
  const elsewhere = begin('updates', 1000);
  log.sign(id, 5000, undefined);
  const next = begin('base', 60_000);
  expect(log.record(id)).toMatchObject({
    endedAt: 5000,
    outcome: 'broken-off',
    reason: expect.stringContaining('ended before'),
  });
  expect(log.open().map((record) => record.id)).toEqual([elsewhere, next]);
});

test('the newest 200 of each repo are kept', () => {
  const first = begin('updates');
  for (let at = 0; at < 230; at += 1) log.end(begin('base', at), published(at));
  const kept = log.history('base', 1000);
  expect([kept.length, kept[0]?.startedAt, kept.at(-1)?.startedAt]).toEqual([200, 229, 30]);
  expect(log.record(first)).toBeDefined();
});

test('the newest that ended so', () => {
  log.end(begin('base', 1), published(2));
  log.end(begin('base', 3), { ...noFindings, endedAt: 4, outcome: 'failed', reason: 'no route' });
  begin('base', 5);
  expect(log.newestEnded('base', ['published', 'unchanged'])?.endedAt).toBe(2);
  expect(log.newestEnded('base', ['published', 'failed'])?.reason).toBe('no route');
  expect(log.newestEnded('base', ['cancelled'])).toBeUndefined();
});

test('what changed after a revision, as events; a sign of life alone is none', () => {
  const start = log.changes(0, 100).newest;
  const id = begin();
  const begun = other.changes(start, 100);
  expect(eventsOf(begun.records, new Set()).map(({ event }) => event)).toEqual(['sync-started']);
  log.sign(id, 1500, progress(10));
  log.sign(id, 2000, progress(20));
  const moved = other.changes(begun.newest, 100);
  expect(eventsOf(moved.records, new Set([id]))).toMatchObject([
    { event: 'sync-progress', id: moved.newest, sync: { progress: { bytesDone: 20 } } },
  ]);
  log.sign(id, 3000, undefined);
  expect(other.changes(moved.newest, 100)).toEqual({ newest: moved.newest, records: [] });
  log.end(id, published(4000));
  const ended = other.changes(moved.newest, 100);
  expect(eventsOf(ended.records, new Set([id])).map(({ event }) => event)).toEqual(['sync-ended']);
});

describe('a schedule is known since it was first named', () => {
  test.each<[string, [string, string, number][], number]>([
    ['a new one since now', [['base', '0 3', 500]], 500],
    [
      'an old one since then',
      [
        ['base', '0 3', 100],
        ['base', '0 3', 500],
      ],
      100,
    ],
    [
      'a changed one since the change',
      [
        ['base', '0 3', 100],
        ['base', '0 4', 300],
        ['base', '0 4', 500],
      ],
      300,
    ],
    [
      'that of another repo is another',
      [
        ['updates', '0 3', 100],
        ['base', '0 3', 500],
      ],
      500,
    ],
    [
      'one of the future since now: the clock was set back',
      [
        ['base', '0 3', 900],
        ['base', '0 3', 500],
        ['base', '0 3', 600],
      ],
      500,
    ],
  ])('%s', (_what, calls, since) => {
    expect(calls.map(([repo, schedule, now]) => other.scheduledSince(repo, schedule, now)).at(-1)).toBe(since);
  });
});

describe('a process that died', () => {
  const seen = (now: number, isLocked: boolean) => ({ now, isLocked: () => isLocked });
  test.each<[string, { endedAt: number | undefined; seenAt: number }, ReturnType<typeof seen>, boolean]>([
    ['is heard of no more and holds no lock', { endedAt: undefined, seenAt: 1000 }, seen(60_000, false), true],
    ['a lock is proof of life', { endedAt: undefined, seenAt: 1000 }, seen(60_000, true), false],
    ['who was heard of is not asked for', { endedAt: undefined, seenAt: 55_000 }, seen(60_000, false), false],
    ['a sign of life from the future is none', { endedAt: undefined, seenAt: 900_000 }, seen(60_000, false), true],
    ['what has ended has not broken off', { endedAt: 2000, seenAt: 1000 }, seen(60_000, false), false],
  ])('%s', (_what, record, at, isBroken) => {
    expect(isBrokenOff(record, at)).toBe(isBroken);
  });
});

test('texts of an upstream are cut and move no cursor', () => {
  const id = begin();
  log.end(id, {
    ...noFindings,
    endedAt: 2,
    outcome: 'failed',
    reason: `a\u001b[2Jb\n${'x'.repeat(10_000)}`,
    notes: ['c\u0007d', 'e\u009b2Jf', 'g\u202egpj.h'],
  });
  const { reason = '', notes } = log.record(id) ?? { notes: [] };
  expect(reason.length).toBe(500);
  expect(reason.startsWith('a [2Jb x')).toBe(true);
  expect(notes).toEqual(['c d', 'e 2Jf', 'g gpj.h']);
});

test('whoever synced says the same of it as the log', () => {
  const ending = { ...noFindings, outcome: 'failed', endedAt: 2, reason: 'a\u009b2Jb', notes: ['c\u001bd'] } as const;
  expect(tellable(ending)).toEqual({ ...ending, reason: 'a 2Jb', notes: ['c d'] });
});

test('it is its owner’s alone', () => {
  begin();
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

describe('where it cannot be kept, a sync goes on and it is said once', () => {
  const told: string[] = [];
  const listening = { ...quietLog, warn: (message: string) => void told.push(message) };
  beforeEach(() => void told.splice(0));

  test('no directory', () => {
    const lost = openSyncLog(join(directory, 'nowhere', 'syncs.db'), listening);
    expect(lost.begin({ repo: 'base', cause: 'command', startedAt: 1 })).toBeUndefined();
    expect(lost.history('base', 1)).toEqual([]);
    expect(lost.scheduledSince('base', '0 3', 7)).toBe(7);
    expect(told).toEqual(['the log of syncs is not kept']);
    lost.close();
  });

  test('a file that is no database is begun anew', () => {
    const path = join(directory, 'torn.db');
    writeFileSync(path, 'x'.repeat(8192));
    const torn = openSyncLog(path, listening);
    expect(torn.begin({ repo: 'base', cause: 'command', startedAt: 1 })).toBeUndefined();
    expect(torn.begin({ repo: 'base', cause: 'command', startedAt: 1 })).toBe(1);
    expect(told).toEqual(['the log of syncs is not kept']);
    torn.close();
  });
});
