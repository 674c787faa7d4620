// Logs on disk: in order, bounded for each host and kind, the install's beginning kept, and no fault of the file anybody's fault.

import Database from 'better-sqlite3';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogLine } from '../../../../server/hosts/logs/lines.ts';
import type { HostLogs } from '../../../../server/hosts/logs/store.ts';
import { openHostLogs } from '../../../../server/hosts/logs/store.ts';
import type { Log } from '../../../../server/log.ts';
import { quietLog } from '../../../../server/log.ts';

let directory: string;
let logs: HostLogs;
const file = (): string => join(directory, 'logs.db');
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-logs-'));
  logs = openHostLogs(file(), quietLog);
});
afterEach(() => {
  logs.close();
  rmSync(directory, { recursive: true });
});

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  at: 1,
  install: 1,
  kind: 'syslog',
  severity: 6,
  source: 'a',
  text,
  ...more,
});
const texts = (host: string, after?: number, limit = 100_000): readonly string[] =>
  logs.read(host, { after, limit }).map(({ text }) => text);

test('lines come back in the order they came, of both kinds, for each host its own', () => {
  logs.note('a', line('one'));
  logs.note('b', line('other'));
  logs.note('a', line('two', { kind: 'script' }));
  logs.note('a', line('three'));
  expect(texts('a')).toEqual(['one', 'two', 'three']);
  expect(texts('a', undefined, 2)).toEqual(['two', 'three']);
  expect(texts('a', 0, 2)).toEqual(['one', 'two']);
  const [, second] = logs.read('a', { after: 0, limit: 2 });
  expect(texts('a', second?.id)).toEqual(['three']);
  expect(logs.read('a', { after: undefined, limit: 9, kind: 'script' }).map(({ text }) => text)).toEqual(['two']);
  expect(texts('nobody')).toEqual([]);
});

test('they are there after a restart, for the owner alone', () => {
  logs.note('a', line('one'));
  logs.learnSender('192.168.168.77', 'a', 5);
  logs.close();
  logs = openHostLogs(file(), quietLog);
  expect(texts('a')).toEqual(['one']);
  expect(logs.senders(5)).toEqual(new Map([['192.168.168.77', 'a']]));
  expect(logs.senders(6)).toEqual(new Map());
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test('another process reads what is written, without asking for it', async () => {
  const other = openHostLogs(file(), quietLog);
  logs.note('a', line('one'));
  await vi.waitFor(() => expect(other.read('a', { after: 0, limit: 9 })).toHaveLength(1), 5000);
  other.close();
});

test('too many lines: the oldest go, but the beginning of the newest install stays, and what scripts sent', () => {
  logs.note('a', line('script', { kind: 'script' }));
  for (let at = 0; at < 3000; at += 1) logs.note('a', line(`old ${at}`));
  for (let at = 0; at < 30_000; at += 1) logs.note('a', line(`new ${at}`, { install: 2 }));
  logs.note('b', line('other'));
  const kept = texts('a');
  expect(kept.length).toBeLessThanOrEqual(20_001);
  expect(kept.length).toBeGreaterThan(15_000);
  expect(kept.slice(0, 3)).toEqual(['script', 'new 0', 'new 1']);
  expect(kept.at(-1)).toBe('new 29999');
  expect(texts('b')).toEqual(['other']);
  // What is counted is what there is.
  logs.close();
  const counted = new Database(file()).prepare<[], { lines: number }>(
    "SELECT lines FROM kept WHERE host = 'a' AND kind = 'syslog'",
  );
  expect(counted.get()?.lines).toBe(kept.length - 1);
});

test('too many bytes: the same', () => {
  for (let at = 0; at < 900; at += 1) logs.note('a', line(`${at} ${'é'.repeat(4000)}`));
  const kept = texts('a');
  const bytes = kept.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  expect(bytes).toBeLessThanOrEqual(2 * 1024 * 1024);
  expect(bytes).toBeGreaterThan(1024 * 1024);
  expect(kept[0]?.startsWith('0 ')).toBe(true);
  expect(kept.at(-1)?.startsWith('899 ')).toBe(true);
});

test('more than can wait is let go, and the log says how many', () => {
  const warned: unknown[] = [];
  const log: Log = { ...quietLog, warn: (_message, fields) => void warned.push(fields?.['lines']) };
  const busy = openHostLogs(join(directory, 'busy.db'), log);
  for (let at = 0; at < 40_005; at += 1) busy.note('a', line(String(at)));
  expect(busy.read('a', { after: undefined, limit: 1 })[0]?.text).toBe('39999');
  expect(warned).toEqual([5]);
  busy.close();
});

test('a damaged file is begun anew; one that cannot be made loses lines and nothing else', () => {
  logs.close();
  writeFileSync(file(), 'no database at all, but long enough to be looked at as one'.repeat(40));
  logs = openHostLogs(file(), quietLog);
  expect(texts('a')).toEqual([]);
  logs.note('a', line('one'));
  expect(texts('a')).toEqual(['one']);
  const nowhere = openHostLogs(join(directory, 'none', 'logs.db'), quietLog);
  nowhere.note('a', line('one'));
  nowhere.learnSender('192.168.168.77', 'a', 5);
  expect([nowhere.read('a', { after: undefined, limit: 1 }), nowhere.senders(0).size]).toEqual([[], 0]);
  nowhere.close();
  expect(readFileSync(file()).subarray(0, 6).toString()).toBe('SQLite');
});
