// The leases on disk: one SQLite file, written in groups, each group flushed to the disk before anybody is told of it.

import Database from 'better-sqlite3';
import { chmodSync, closeSync, fdatasync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { parseIpv4, parseMac } from '../address.ts';
import type { Log } from '../log.ts';
import { Malformed } from '../malformed.ts';
import { syncDirectory } from '../store.ts';
import type { LeaseBook } from './book.ts';
import { leaseBook } from './book.ts';
import type { Lease } from './types.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS leases (
    address TEXT PRIMARY KEY, mac TEXT NOT NULL, client_id TEXT, hostname TEXT, state TEXT NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
const BUSY_TIMEOUT_MS = 1000;
const flush = promisify(fdatasync);

/** The leases: all of them in memory, and on disk what must outlive the process. */
export type LeaseStore = {
  /** The leases in memory. Decisions read it, and write what they change into it at once. */
  readonly book: LeaseBook;
  /**
   * Resolves when these changes would survive a power cut; rejects where they could not be written. Offers stay in memory:
   * RFC 2131 asks for the disk only before a DHCPACK (§3.1 step 4, §4.3.1).
   */
  save(changes: readonly Lease[]): Promise<void>;
  /** Waits for what is being written and closes the file. */
  close(): Promise<void>;
};

/** Opens (and makes) the lease file `file` and reads it. Rows that cannot be read are left out, with a warning. */
export async function openLeaseStore(file: string, log: Log): Promise<LeaseStore> {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  chmodSync(file, 0o600);
  database.pragma('journal_mode = WAL');
  // Not FULL: SQLite would flush within each commit and stop everything this process does for as long as the disk takes.
  // The write-ahead log is flushed below, off the main thread, before anybody hears of the commit; SQLite itself flushes
  // it before it copies it into the database (sqlite.org, "PRAGMA synchronous", NORMAL in WAL mode).
  database.pragma('synchronous = NORMAL');
  database.exec(SCHEMA);
  const book = leaseBook(readLeases(database, log));
  // An empty change makes the log's file, and its name durable once for all.
  database.exec('BEGIN IMMEDIATE; PRAGMA user_version = 1; COMMIT');
  await syncDirectory(dirname(file));
  const writer = new GroupWriter(database, openSync(`${file}-wal`, 'r+'));
  return {
    book,
    save: (changes) => writer.save(changes.filter((lease) => lease.state !== 'offered')),
    close: () => writer.close(),
  };
}

type Row = {
  readonly address: string;
  readonly mac: string;
  readonly client_id: string | null;
  readonly hostname: string | null;
  readonly state: string;
  readonly expires_at: number;
};

function readLeases(database: Database.Database, log: Log): readonly Lease[] {
  const rows = database.prepare<[], Row>('SELECT * FROM leases').all();
  return rows.flatMap((row) => {
    try {
      return [leaseOf(row)];
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      log.warn('a stored lease cannot be read', { address: row.address, reason: error.message });
      return [];
    }
  });
}

const STATES: ReadonlyMap<string, Lease['state']> = new Map(
  (['bound', 'released', 'conflict'] as const).map((state) => [state, state]),
);

function leaseOf(row: Row): Lease {
  const state = STATES.get(row.state);
  if (state === undefined) throw new Malformed('not a state of a lease', 'state');
  return {
    address: parseIpv4(row.address),
    mac: parseMac(row.mac),
    clientId: row.client_id ?? undefined,
    hostname: row.hostname ?? undefined,
    state,
    expiresAt: row.expires_at,
  };
}

type Group = { readonly leases: Lease[]; readonly done: PromiseWithResolvers<void> };

/** Collects what arrives while the disk is busy, or within one turn of the event loop, into one transaction and one flush. */
class GroupWriter {
  readonly #database: Database.Database;
  readonly #log: number;
  readonly #write: (leases: readonly Lease[]) => void;
  #next: Group | undefined;
  #writing: Promise<void> | undefined;

  constructor(database: Database.Database, log: number) {
    this.#database = database;
    this.#log = log;
    const put = database.prepare<[string, string, string | null, string | null, string, number]>(
      'INSERT OR REPLACE INTO leases (address, mac, client_id, hostname, state, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    const all = database.transaction((leases: readonly Lease[]) => {
      for (const { address, mac, clientId, hostname, state, expiresAt } of leases) {
        put.run(address, mac, clientId ?? null, hostname ?? null, state, expiresAt);
      }
    });
    this.#write = (leases) => all.immediate(leases);
  }

  save(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return Promise.resolve();
    this.#next ??= { leases: [], done: Promise.withResolvers<void>() };
    this.#next.leases.push(...leases);
    this.#writing ??= this.#run();
    return this.#next.done.promise;
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    closeSync(this.#log);
    this.#database.close();
  }

  async #run(): Promise<void> {
    // All datagrams of this turn are read before the first is written.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = this.#take(); group !== undefined; group = this.#take()) await this.#commit(group);
    this.#writing = undefined;
  }

  #take(): Group | undefined {
    const group = this.#next;
    this.#next = undefined;
    return group;
  }

  async #commit({ leases, done }: Group): Promise<void> {
    try {
      this.#write(leases);
      await flush(this.#log);
      done.resolve();
    } catch (error) {
      done.reject(new Error('leases could not be written', { cause: error }));
    }
  }
}
