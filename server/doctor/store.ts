// Stages on disk: one SQLite file beside the host states. Evidence, not state: written late and together, and bounded.

import type Database from 'better-sqlite3';
import { openEvidence } from '../evidence/store.ts';
import type { Log } from '../log.ts';
import type { Stage, StageMachine, StageRecord } from '../stages.ts';
import type { Row, Work } from './gather.ts';
import { addressKey, gatherStages } from './gather.ts';
import { decodeStage, encodeStage } from './record.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS stage (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, at INTEGER NOT NULL, stage TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS stage_by_machine ON stage (key, id);
  CREATE TABLE IF NOT EXISTS machine (key TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS machine_by_age ON machine (at);
`;
/**
 * What is kept: stages of a host's card and of a stranger, strangers, and stages in all (about 150 MB). The oldest are forgotten, now
 * and then. All strangers together stay below the whole: they can be as many as somebody likes to invent, and must not push out hosts.
 */
const KEPT = { perMachine: 300, perStranger: 40, strangers: 10_000, stages: 500_000 } as const;
const TRIM_EVERY = { perMachine: 32, machines: 256, stages: 4096 } as const;
/** A new stage waits this long for others. Counts that go on are written every fourth time only: an install fetches 1,000 RPMs. */
const WRITE_MS = 250;
const COUNTS_EVERY = 4;

/** What machines did, as far as it is remembered. Times are ms since 1970. */
export type StageStore = {
  /** Writes a stage down, a moment later; never throws, never waits. */
  note(machine: StageMachine, stage: Stage, at: number): void;
  /** What `address` asked since `since` was asked by `mac`. A stage that tells both says the same. */
  rekey(address: string, mac: string, since: number): void;
  /** The newest `limit` stages of the machines with these MACs or addresses, oldest first. */
  read(machines: readonly string[], limit: number): readonly StageRecord[];
  /** The MACs, or addresses of machines without one, heard of at or after `since`: newest first. */
  heardOf(since: number, limit: number): readonly string[];
  close(): void;
};

/** The MACs and addresses of the site's hosts, asked at each writing: the same set while the site is. */
export type OwnMachines = () => ReadonlySet<string>;

/** The store in `file`, which is opened (and made, readable by its owner only) when it is first needed. */
export function openStageStore(file: string, log: Log, own: OwnMachines = () => new Set()): StageStore {
  const gathered = gatherStages();
  const tables = (database: Database.Database) => tablesIn(database, own);
  const loss = 'stages of boots are lost';
  const evidence = openEvidence({ file, log, loss, synchronous: 'OFF', schema: SCHEMA, tables });
  let timer: NodeJS.Timeout | undefined;
  let turns = 0;
  /** Rows that did not reach the disk have no ids, and those of a file that was put aside mean others in the next one. */
  const attempt = <T>(work: (to: Tables) => T, otherwise: T): T => {
    const done = evidence.attempt((to) => ({ answer: work(to) }), undefined);
    if (done === undefined) gathered.forget();
    return done === undefined ? otherwise : done.answer;
  };
  const write = (what: 'all' | 'due'): void => {
    turns += 1;
    const work = gathered.drain();
    const changed = what === 'all' || turns % COUNTS_EVERY === 0 ? gathered.drainChanged() : [];
    if (work.length + changed.length > 0) attempt((to) => to.write(work, changed), undefined);
  };
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      write('due');
      if (gathered.pending()) schedule();
    }, WRITE_MS).unref();
  };
  const look = <T>(read: (from: Tables) => readonly T[]): readonly T[] => {
    write('all');
    return attempt(read, []);
  };
  return {
    note: (machine, stage, at) => {
      gathered.take(machine, stage, at);
      schedule();
    },
    rekey: (address, mac, since) => {
      gathered.rekey(address, mac, since);
      schedule();
    },
    read: (machines, limit) => look((from) => from.read(machines, limit)),
    heardOf: (since, limit) => look((from) => from.heardOf(since, limit)),
    close: () => {
      clearTimeout(timer);
      write('all');
      evidence.close();
    },
  };
}

type Tables = ReturnType<typeof tablesIn>;

function tablesIn(database: Database.Database, own: OwnMachines) {
  const trim = trimmer(database, own);
  const writer = rowWriter(database);
  const write = database.transaction((work: readonly Work[], changed: readonly Row[]) => {
    trim(writer(work, changed));
  });
  return {
    /** All of it, or nothing. Rows learn their ids. */
    write: (work: readonly Work[], changed: readonly Row[]): void => write.immediate(work, changed),
    ...readers(database),
  };
}

/** How many rows of each machine were written, and the time of the newest. */
type Written = ReadonlyMap<string, { readonly rows: number; readonly at: number }>;

function rowWriter(database: Database.Database) {
  const insert = database.prepare<[string, number, string]>('INSERT INTO stage (key, at, stage) VALUES (?, ?, ?)');
  const update = database.prepare<[number, string, number]>('UPDATE stage SET at = ?, stage = ? WHERE id = ?');
  const rekey = database.prepare<[string, string, number]>('UPDATE stage SET key = ? WHERE key = ? AND at >= ?');
  const forget = database.prepare<[string, string]>(
    'DELETE FROM machine WHERE key = ? AND NOT EXISTS (SELECT 1 FROM stage WHERE key = ?)',
  );
  return (work: readonly Work[], changed: readonly Row[]): Written => {
    const written = new Map<string, { rows: number; at: number }>();
    const count = (key: string, rows: number, at: number): void => {
      const before = written.get(key) ?? { rows: 0, at };
      written.set(key, { rows: before.rows + rows, at: Math.max(before.at, at) });
    };
    for (const one of work) {
      if (one.kind === 'insert') {
        const { row } = one;
        row.id = Number(insert.run(row.key, row.at, encodeStage(row.stage)).lastInsertRowid);
        count(row.key, 1, row.at);
      } else {
        const moved = rekey.run(one.to, one.from, one.since).changes;
        if (moved > 0) count(one.to, moved, one.since);
        forget.run(one.from, one.from);
        written.delete(one.from);
      }
    }
    for (const { id, at, stage } of changed) if (id !== undefined) update.run(at, encodeStage(stage), id);
    return written;
  };
}

/** Keeps the file bounded; looks only now and then, and at the first writing for a machine since the file was opened. */
function trimmer(database: Database.Database, own: OwnMachines) {
  const seen = database.prepare<[string, number]>(
    'INSERT INTO machine (key, at) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET at = max(at, excluded.at)',
  );
  const machine = database.prepare<[string, string, number]>(
    'DELETE FROM stage WHERE key = ? AND id <= (SELECT id FROM stage WHERE key = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
  );
  const newest = database.prepare<[], { key: string }>('SELECT key FROM machine ORDER BY at DESC');
  const forgetStages = database.prepare<[string]>('DELETE FROM stage WHERE key = ?');
  const forgetMachine = database.prepare<[string]>('DELETE FROM machine WHERE key = ?');
  const stages = database.prepare<[number]>(
    'DELETE FROM stage WHERE id <= (SELECT id FROM stage ORDER BY id DESC LIMIT 1 OFFSET ?)',
  );
  const since = new Map<string, number>();
  const due = { machines: 0, stages: 0 };
  return (written: Written): void => {
    const known = own();
    const isOwn = (key: string): boolean => known.has(key.replace(/^@/, ''));
    for (const [key, { rows, at }] of written) {
      seen.run(key, at);
      due.machines += since.has(key) ? 0 : 1;
      due.stages += rows;
      const untrimmed = (since.get(key) ?? TRIM_EVERY.perMachine) + rows;
      if (untrimmed >= TRIM_EVERY.perMachine) machine.run(key, key, isOwn(key) ? KEPT.perMachine : KEPT.perStranger);
      since.set(key, untrimmed >= TRIM_EVERY.perMachine ? 0 : untrimmed);
    }
    if (due.machines >= TRIM_EVERY.machines) {
      due.machines = 0;
      since.clear();
      const strangers = newest.all().filter(({ key }) => !isOwn(key));
      for (const { key } of strangers.slice(KEPT.strangers)) {
        forgetStages.run(key);
        forgetMachine.run(key);
      }
    }
    if (due.stages >= TRIM_EVERY.stages) {
      due.stages = 0;
      stages.run(KEPT.stages);
    }
  };
}

type StageRow = { key: string; at: number; stage: string };

function readers(database: Database.Database) {
  const ofMachine = database.prepare<[string, number], StageRow>(
    'SELECT key, at, stage FROM stage WHERE key = ? ORDER BY id DESC LIMIT ?',
  );
  const heard = database.prepare<[number, number], { key: string }>(
    'SELECT key FROM machine WHERE at >= ? ORDER BY at DESC LIMIT ?',
  );
  return {
    read: (machines: readonly string[], limit: number): readonly StageRecord[] => {
      const rows = machines.flatMap((machine) => ofMachine.all(keyOf(machine), limit).toReversed());
      const sorted = rows.toSorted((one, other) => one.at - other.at).slice(-limit);
      return sorted.flatMap((row) => {
        const stage = decodeStage(row.stage);
        return stage === undefined ? [] : [{ at: row.at, machine: machineOf(row.key), stage }];
      });
    },
    heardOf: (since: number, limit: number): readonly string[] =>
      heard.all(since, limit).map(({ key }) => key.replace(/^@/, '')),
  };
}

function keyOf(machine: string): string {
  return machine.includes(':') ? machine : addressKey(machine);
}

function machineOf(key: string): StageRecord['machine'] {
  const isAddress = key.startsWith('@');
  return { mac: isAddress ? undefined : key, address: isAddress ? key.slice(1) : undefined };
}
