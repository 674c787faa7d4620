// Evidence that may be lost: one file, opened when it is needed, put aside where it is damaged, and never in anybody's way.

import type Database from 'better-sqlite3';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Evidence } from '../../../server/evidence/store.ts';
import { openEvidence } from '../../../server/evidence/store.ts';
import type { Log, LogFields } from '../../../server/log.ts';
import { quietLog } from '../../../server/log.ts';

let directory = '';
let file = '';
let told: (LogFields | undefined)[] = [];
let opened: Evidence<unknown>[] = [];
const log: Log = { ...quietLog, warn: (_message, fields) => void told.push(fields) };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-evidence-'));
  file = join(directory, 'notes.db');
  told = [];
  opened = [];
});
afterEach(() => {
  for (const one of opened) one.close();
  rmSync(directory, { recursive: true });
});

function tables(database: Database.Database) {
  // What lies in its memory would be read for long after the disk has lost it.
  database.pragma('cache_size = 1');
  const add = database.prepare<[string]>('INSERT INTO note (note) VALUES (?)');
  const all = database.prepare<[], { note: string }>('SELECT note FROM note ORDER BY rowid');
  return {
    add: (note: string): number => add.run(note).changes,
    all: (): readonly string[] => all.all().map(({ note }) => note.slice(0, 8)),
  };
}

function open() {
  const schema = 'CREATE TABLE IF NOT EXISTS note (note TEXT NOT NULL) STRICT';
  const evidence = openEvidence({ file, log, loss: 'notes are lost', synchronous: 'OFF', schema, tables });
  opened.push(evidence);
  return {
    add: (note: string) => evidence.attempt((to) => to.add(note), 0),
    all: () => evidence.attempt<readonly string[]>((from) => from.all(), ['lost']),
    ...evidence,
  };
}

const GARBAGE = 'no database at all '.repeat(1000);

test('a file is made when it is first needed, for its owner alone, and is there for the next', () => {
  const one = open();
  expect(readdirSync(directory)).toEqual([]);
  expect(one.add('a')).toBe(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  one.close();
  expect(open().all()).toEqual(['a']);
  expect(one.all()).toEqual(['a']);
  expect(told).toEqual([]);
});

test('a damaged one costs what was in it: it is put aside, as it was, and another begun', () => {
  writeFileSync(file, GARBAGE);
  const one = open();
  expect([one.add('a'), one.add('b'), one.all()]).toEqual([0, 1, ['b']]);
  expect(told).toMatchObject([{ code: 'SQLITE_NOTADB', aside: `${file}.damaged` }]);
  expect(readFileSync(`${file}.damaged`, 'utf8')).toBe(GARBAGE);
});

test('of two damaged ones the newer lies aside, with nothing of the older', () => {
  writeFileSync(`${file}.damaged`, `older ${GARBAGE}`);
  writeFileSync(`${file}.damaged-wal`, 'the log of the older');
  writeFileSync(file, `newer ${GARBAGE}`);
  expect(open().all()).toEqual(['lost']);
  expect(readdirSync(directory)).toEqual(['notes.db.damaged']);
  expect(readFileSync(`${file}.damaged`, 'utf8')).toMatch(/^newer/);
});

test('a file that is damaged while it is open is put aside as well', () => {
  const one = open();
  fill(one.add);
  damage(file);
  expect(one.all()).toEqual(['lost']);
  expect(one.add('b')).toBe(1);
  expect(one.all()).toEqual(['b']);
  expect(readdirSync(directory)).toContain('notes.db.damaged');
});

test('what another process has begun in place of a damaged one stays', () => {
  const [one, other] = [open(), open()];
  fill(one.add);
  for (const end of ['-wal', '-shm', '']) renameSync(`${file}${end}`, `${file}.damaged${end}`);
  other.add('b');
  damage(`${file}.damaged`);
  expect(one.all()).toEqual(['lost']);
  expect([one.all(), other.all()]).toEqual([['b'], ['b']]);
});

test('a loss is told once, and again after it has gone well between', () => {
  file = join(directory, 'later', 'notes.db');
  const one = open();
  expect([one.add('a'), one.add('b'), one.all()]).toEqual([0, 0, ['lost']]);
  expect(told).toHaveLength(1);
  mkdirSync(join(directory, 'later'));
  expect(one.add('c')).toBe(1);
  one.close();
  rmSync(join(directory, 'later'), { recursive: true });
  expect([one.add('d'), one.add('e')]).toEqual([0, 0]);
  expect(told).toHaveLength(2);
});

test('where nothing can be put aside, that is told, and nobody is harmed', () => {
  writeFileSync(file, GARBAGE);
  mkdirSync(`${file}.damaged`);
  const one = open();
  expect([one.add('a'), one.add('b')]).toEqual([0, 0]);
  expect(told).toEqual([expect.objectContaining({ aside: expect.stringMatching(/^not put there: /) as string })]);
});

test('a bug in what is to be done is nobody else’s to hide', () => {
  const evidence = openEvidence({
    ...{ file, log, loss: 'notes are lost', synchronous: 'OFF', schema: '' },
    tables: () => undefined,
  });
  opened.push(evidence);
  expect(() =>
    evidence.attempt(() => {
      throw new TypeError('a bug');
    }, undefined),
  ).toThrow(new TypeError('a bug'));
  expect(told).toEqual([]);
});

/** More pages than it keeps in memory. */
function fill(add: (note: string) => number): void {
  for (let count = 0; count < 20; count += 1) add('a'.repeat(3000));
}

/** As a failing disk would: every page of it is something else, and so is the log behind it. */
function damage(path: string): void {
  for (const end of ['', '-wal']) {
    const { size } = statSync(`${path}${end}`, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size > 0) writeFileSync(`${path}${end}`, Buffer.alloc(size, 0x58), { flag: 'r+' });
  }
}
