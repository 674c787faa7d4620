// Host state on disk: one SQLite file that the appliance and the commands share; every change is one transaction.

import Database from 'better-sqlite3';
import { chmodSync } from 'node:fs';
import type { HostState } from '../domain.ts';
import type { HostEvent } from './lifecycle.ts';
import { advance, settle, unarmed } from './lifecycle.ts';
import type { HistoryEntry, Sighting } from './history.ts';
import { decodeState, encodeState, historyOf } from './history.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS host_state (host TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS history (id INTEGER PRIMARY KEY, host TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS history_by_host ON history (host, id);
  CREATE TABLE IF NOT EXISTS discovered (mac TEXT PRIMARY KEY, uuid TEXT, address TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL) STRICT;
`;
const HISTORY_PER_HOST = 1000;
const DISCOVERED_LIMIT = 10_000;

/** Everything remembered of hosts. All calls are synchronous: a row is read in microseconds. */
export type HostStore = ReturnType<typeof openHostStore>;

/** Opens (and makes) the state file `file`, readable by its owner only: it holds the tokens of armed hosts. */
export function openHostStore(file: string) {
  const database = new Database(file, { timeout: 5000 });
  chmodSync(file, 0o600);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(SCHEMA);
  const readState = database.prepare<[string], { state: string }>('SELECT state FROM host_state WHERE host = ?');
  const writeState = database.prepare<[string, string]>(
    'INSERT OR REPLACE INTO host_state (host, state) VALUES (?, ?)',
  );
  const state = (host: string, now: number): HostState => {
    const row = readState.get(host);
    return row === undefined ? unarmed : settle(decodeState(row.state), now);
  };
  const note = noteWriter(database);
  const apply = database.transaction((host: string, event: HostEvent): HostState => {
    const before = state(host, event.now);
    const after = advance(before, event);
    writeState.run(host, encodeState(after));
    note(host, historyOf(event, before, after));
    return after;
  });
  return {
    /** Where `host` stands at `now`, with ended armings taken into account. A host never seen is disarmed. */
    state,
    /** Applies what happened, writes it into the history, and answers the state after it. Atomic across processes. */
    apply: (host: string, event: HostEvent): HostState => apply.immediate(host, event),
    /** Writes a line into `host`'s history that changes no state. */
    note,
    ...historyReaders(database),
    ...sightings(database),
    close: (): void => void database.close(),
  };
}

function noteWriter(database: Database.Database) {
  const write = database.prepare<[string, number, string, string]>(
    'INSERT INTO history (host, at, what, detail) VALUES (?, ?, ?, ?)',
  );
  const trim = database.prepare<[string, string, number]>(
    'DELETE FROM history WHERE host = ? AND id <= (SELECT id FROM history WHERE host = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
  );
  return (host: string, entry: HistoryEntry): void => {
    write.run(host, entry.at, entry.what, entry.detail.slice(0, 2000));
    trim.run(host, host, HISTORY_PER_HOST);
  };
}

function historyReaders(database: Database.Database) {
  const read = database.prepare<[string, number], HistoryEntry>(
    'SELECT at, what, detail FROM history WHERE host = ? ORDER BY id DESC LIMIT ?',
  );
  return {
    /** The newest `limit` entries of `host`'s history, newest first. */
    history: (host: string, limit: number): readonly HistoryEntry[] => read.all(host, limit),
  };
}

function sightings(database: Database.Database) {
  const write = database.prepare<[string, string | null, string | null, number, number]>(
    `INSERT INTO discovered (mac, uuid, address, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (mac) DO UPDATE SET uuid = coalesce(excluded.uuid, uuid), address = coalesce(excluded.address, address), last_seen = excluded.last_seen`,
  );
  const trim = database.prepare<[number]>(
    'DELETE FROM discovered WHERE mac IN (SELECT mac FROM discovered ORDER BY last_seen DESC LIMIT -1 OFFSET ?)',
  );
  const read = database.prepare<
    [],
    { mac: string; uuid: string | null; address: string | null; first_seen: number; last_seen: number }
  >('SELECT * FROM discovered ORDER BY last_seen DESC');
  return {
    /** Remembers a machine the site does not know. The oldest are forgotten beyond 10,000. */
    discover: (seen: Sighting): void => {
      write.run(seen.mac, seen.uuid ?? null, seen.address ?? null, seen.firstSeen, seen.lastSeen);
      trim.run(DISCOVERED_LIMIT);
    },
    /** Machines that asked and are in no site, last seen first. */
    discovered: (): readonly Sighting[] =>
      read.all().map((row) => ({
        mac: row.mac,
        uuid: row.uuid ?? undefined,
        address: row.address ?? undefined,
        firstSeen: row.first_seen,
        lastSeen: row.last_seen,
      })),
  };
}
