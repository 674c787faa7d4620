// Host state on disk: one SQLite file that the appliance and the commands share; every change is one transaction.

import Database from 'better-sqlite3';
import { chmodSync } from 'node:fs';
import type { HostState } from '../domain.ts';
import { Malformed } from '../malformed.ts';
import type { HistoryEntry } from './history.ts';
import { decodeState, encodeState, historyOf } from './history.ts';
import type { HostEvent } from './lifecycle.ts';
import { advance, settle, unarmed } from './lifecycle.ts';
import { pinsAfter } from './pins.ts';
import { SIGHTINGS_SCHEMA, migrateSightings, sightings } from './sightings/store.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS host_state (host TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, host TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
    what TEXT NOT NULL, detail TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE TABLE IF NOT EXISTS install_pins (
    host TEXT NOT NULL, repo TEXT NOT NULL, snapshot TEXT NOT NULL, PRIMARY KEY (host, repo)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS history_by_host ON history (host, kind, id);
  CREATE INDEX IF NOT EXISTS history_by_time ON history (at);
  ${SIGHTINGS_SCHEMA}
`;
/** Changes of state are evidence and have room of their own: what strangers ask cannot push them out. */
const KEPT = { change: 1000, note: 200 } as const;
/** A state is changed in microseconds; who waits longer has met a stuck process, and others are waiting behind it. */
const BUSY_TIMEOUT_MS = 1000;

type HistoryKind = keyof typeof KEPT;

/** Everything remembered of hosts. All calls are synchronous: a row is read in microseconds. */
export type HostStore = ReturnType<typeof openHostStore>;

/** Opens (and makes) the state file `file`, readable by its owner only: it holds the tokens of armed hosts. */
export function openHostStore(file: string) {
  const database = openDatabase(file, 'FULL');
  // What strangers ask is written down without waiting for the disk at each line (SQLite, "PRAGMA synchronous": NORMAL syncs
  // checkpoints alone): a flood of it must not hold up boots, and a power cut may cost its last lines but no host's state.
  const notes = openDatabase(file, 'NORMAL');
  const readState = database.prepare<[string], { state: string }>('SELECT state FROM host_state WHERE host = ?');
  const writeState = database.prepare<[string, string]>(
    'INSERT OR REPLACE INTO host_state (host, state) VALUES (?, ?)',
  );
  const names = database.prepare<[], { host: string }>('SELECT host FROM host_state ORDER BY host');
  // Quotes within a stored text are escaped: only the phase itself reads like this.
  const stalled = database.prepare<[], { host: string }>(
    `SELECT host FROM host_state WHERE state LIKE '%"phase":"stalled"%'`,
  );
  const state = (host: string, now: number): HostState => {
    const row = readState.get(host);
    return row === undefined ? unarmed : settle(readable(row.state), now);
  };
  const writeChange = historyWriter(database, 'change');
  const pins = installPins(database);
  const apply = database.transaction((host: string, event: HostEvent): HostState => {
    const before = state(host, event.now);
    const after = advance(before, event);
    writeState.run(host, encodeState(after));
    pins.write(host, pinsAfter(event, before, after));
    // A loader that asks for its script twice has booted once.
    if (event.kind !== 'booted' || after !== before) writeChange(host, historyOf(event, before, after));
    return after;
  });
  return {
    /** Where `host` stands at `now`, with ended armings taken into account. A host never seen is disarmed. */
    state,
    /** The same of every host that was ever armed, by its name: of ten thousand in one look. */
    states: allStates(database),
    /** Applies what happened, writes it into the history, and answers the state after it. Atomic across processes. */
    apply: (host: string, event: HostEvent): HostState => apply.immediate(host, event),
    /** The hosts that have a state, in the site or not any more. */
    known: (): readonly string[] => names.all().map((row) => row.host),
    /** Those of them whose install was stopped: found without reading ten thousand states. */
    stalled: (): ReadonlySet<string> => new Set(stalled.all().map((row) => row.host)),
    ...changeReaders(database),
    /** The snapshots of `repo` that hosts were installed from and still rest on, by host. */
    installPins: pins.of,
    /** Writes a line into `host`'s history that changes no state; one that was written before is counted. */
    note: historyWriter(notes, 'note'),
    ...historyReaders(database),
    ...sightings(notes),
    close: (): void => {
      notes.close();
      database.close();
    },
  };
}

function openDatabase(file: string, synchronous: 'FULL' | 'NORMAL'): Database.Database {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  chmodSync(file, 0o600);
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${synchronous}`);
  database.exec(SCHEMA);
  migrateSightings(database);
  return database;
}

/** A state that cannot be read lets nothing be installed; arming or disarming the host writes a right one. */
function readable(text: string): HostState {
  try {
    return decodeState(text);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { ...unarmed, reason: 'its stored state cannot be read; arm or disarm it to set it right' };
  }
}

function changeReaders(database: Database.Database) {
  const last = database.prepare<[], { id: number }>("SELECT max(id) AS id FROM history WHERE kind = 'change'");
  const changed = database.prepare<[number, number], { host: string }>(
    "SELECT DISTINCT host FROM history WHERE id > ? AND kind = 'change' LIMIT ?",
  );
  const newestChange = (): number => last.get()?.id ?? 0;
  return {
    /** The number of the last change of a state. */
    newestChange,
    /** The hosts whose state changed after the change numbered `since`, at most `limit`; `newest` is what to ask with next. */
    changedSince: (since: number, limit: number): { readonly newest: number; readonly hosts: readonly string[] } => ({
      newest: newestChange(),
      hosts: changed.all(since, limit).map(({ host }) => host),
    }),
  };
}

/** A text that was read before is not read again: few states change between two looks. */
function allStates(database: Database.Database) {
  const read = database.prepare<[], { host: string; state: string }>('SELECT host, state FROM host_state');
  let known: ReadonlyMap<string, { readonly text: string; readonly state: HostState }> = new Map();
  return (now: number): ReadonlyMap<string, HostState> => {
    const rows = read.all().map(({ host, state: text }) => {
      const before = known.get(host);
      return [host, before?.text === text ? before : { text, state: readable(text) }] as const;
    });
    known = new Map(rows);
    return new Map(rows.map(([host, { state }]) => [host, settle(state, now)] as const));
  };
}

function installPins(database: Database.Database) {
  const read = database.prepare<[string], { host: string; snapshot: string }>(
    'SELECT host, snapshot FROM install_pins WHERE repo = ?',
  );
  const forget = database.prepare<[string]>('DELETE FROM install_pins WHERE host = ?');
  const write = database.prepare<[string, string, string]>(
    'INSERT INTO install_pins (host, repo, snapshot) VALUES (?, ?, ?)',
  );
  return {
    of: (repo: string): ReadonlyMap<string, string> =>
      new Map(read.all(repo).map(({ host, snapshot }) => [host, snapshot] as const)),
    write: (host: string, after: ReturnType<typeof pinsAfter>): void => {
      if (after.kind === 'as before') return;
      forget.run(host);
      for (const [repo, snapshot] of after.kind === 'pins' ? Object.entries(after.pins) : []) {
        write.run(host, repo, snapshot);
      }
    },
  };
}

function historyWriter(database: Database.Database, kind: HistoryKind) {
  const count = database.prepare<[number, string, string, string, string]>(
    'UPDATE history SET times = times + 1, at = ? WHERE host = ? AND kind = ? AND what = ? AND detail = ?',
  );
  const write = database.prepare<[string, string, number, string, string]>(
    'INSERT INTO history (host, kind, at, what, detail) VALUES (?, ?, ?, ?, ?)',
  );
  const trim = database.prepare<[string, string, string, string, number]>(
    'DELETE FROM history WHERE host = ? AND kind = ? AND id <= (SELECT id FROM history WHERE host = ? AND kind = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
  );
  return (host: string, entry: HistoryEntry): void => {
    const detail = entry.detail.slice(0, 2000);
    if (kind === 'note' && count.run(entry.at, host, kind, entry.what, detail).changes > 0) return;
    write.run(host, kind, entry.at, entry.what, detail);
    trim.run(host, kind, host, kind, KEPT[kind]);
  };
}

/** An entry of a host's history, with its number among all hosts' entries. */
type HappenedEntry = HistoryEntry & { readonly id: number; readonly host: string; readonly times: number };

function historyReaders(database: Database.Database) {
  const read = database.prepare<[string, number], HistoryEntry & { times: number }>(
    'SELECT at, what, detail, times FROM history WHERE host = ? ORDER BY at DESC, id DESC LIMIT ?',
  );
  const happened = database.prepare<[number, number, number], HappenedEntry>(
    'SELECT id, host, at, what, detail, times FROM history WHERE (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?',
  );
  return {
    /** Of all hosts, at most `limit` entries behind one of the number `before.number` and the time `before.at`, newest first. */
    happened: (before: { readonly at: number; readonly number: number }, limit: number): readonly HappenedEntry[] =>
      happened.all(before.at, before.number, limit),
    /** The newest `limit` entries of `host`'s history, newest first; `times` tells how often a line was written. */
    history: (host: string, limit: number): readonly (HistoryEntry & { readonly times: number })[] =>
      read.all(host, limit),
  };
}
