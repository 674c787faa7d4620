// Hosts' own logs on disk: one SQLite file beside the host states. Evidence, and no state: written together and late, bounded.

import Database from 'better-sqlite3';
import { chmodSync, rmSync } from 'node:fs';
import type { Log } from '../../log.ts';
import { codeOf, messageOf } from '../../malformed.ts';
import type { KeptLine, LogLine, LogPage } from './lines.ts';
import { LOG_SCHEMA, logReaders, logWriter, senderTable } from './tables/store.ts';

/** Lines wait this long for others; so many are written in one go, which takes some 10 ms; so many may wait. */
const WRITE_MS = 200;
const AGAIN_MS = 20;
const BATCH_LINES = 1000;
const WAITING_LINES = 40_000;
const BUSY_TIMEOUT_MS = 1000;

/** Hosts' logs, as far as they are kept. No call throws for what is wrong with the file: the log says that lines are lost. */
export type HostLogs = {
  /** Writes a line down, a moment later; never waits. */
  note(host: string, line: LogLine): void;
  /** At most `limit` lines of `host`, oldest first. */
  read(host: string, page: LogPage): readonly KeptLine[];
  /** `host`'s installer asked from `address`, and showed its token. */
  learnSender(address: string, host: string, at: number): void;
  /** The hosts whose installers asked from an address since `since`. */
  senders(since: number): ReadonlyMap<string, string>;
  close(): void;
};

/** The store in `file`, which is opened (and made, readable by its owner only) when it is first needed. */
export function openHostLogs(file: string, log: Log): HostLogs {
  let waiting: Waiting[] = [];
  let lost = 0;
  let tables: Tables | undefined;
  let timer: NodeJS.Timeout | undefined;
  const attempt = <T>(work: (to: Tables) => T): T | undefined => {
    try {
      tables ??= openTables(file);
      return work(tables);
    } catch (error) {
      if (!(error instanceof Database.SqliteError || error instanceof NotOpened)) throw error;
      log.warn('lines of installers are lost', { error: messageOf(error), code: codeOf(error) });
      if (!isDamaged(error)) return undefined;
      tables?.close();
      tables = undefined;
      removeDatabase(file);
      return undefined;
    }
  };
  const write = (): void => {
    const batch = waiting.slice(0, BATCH_LINES);
    waiting = waiting.slice(BATCH_LINES);
    if (batch.length > 0) attempt((to) => to.write(batch));
    if (lost > 0) log.warn('lines of installers are lost', { lines: lost, error: 'more came than can be written' });
    lost = 0;
  };
  const writeAll = (): void => {
    while (waiting.length > 0) write();
  };
  const schedule = (afterMs: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      write();
      if (waiting.length > 0) schedule(AGAIN_MS);
    }, afterMs).unref();
  };
  return {
    note: (host, line) => {
      if (waiting.length >= WAITING_LINES) lost += 1;
      else waiting.push({ host, line });
      schedule(WRITE_MS);
    },
    read: (host, page) => {
      writeAll();
      return attempt((from) => from.read(host, page)) ?? [];
    },
    learnSender: (address, host, at) => {
      attempt((to) => to.learnSender(address, host, at));
    },
    senders: (since) => attempt((from) => from.senders(since)) ?? new Map(),
    close: () => {
      clearTimeout(timer);
      writeAll();
      tables?.close();
      tables = undefined;
    },
  };
}

type Waiting = { readonly host: string; readonly line: LogLine };

/** The file cannot be made or made private: a missing directory, another user's file. */
class NotOpened extends Error {}

/** Nothing waits for the disk here, so a power cut may leave a file that SQLite cannot read: it is begun anew. */
function isDamaged(error: Error): boolean {
  const code = codeOf(error) ?? '';
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

function removeDatabase(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

type Tables = ReturnType<typeof openTables>;

function openTables(file: string) {
  const database = openDatabase(file);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = OFF');
    database.exec(LOG_SCHEMA);
    const writer = logWriter(database);
    const write = database.transaction((batch: readonly Waiting[]) => writer(batch));
    return {
      /** All of it, or nothing. */
      write: (batch: readonly Waiting[]): void => write.immediate(batch),
      ...logReaders(database),
      ...senderTable(database),
      close: (): void => void database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(file: string): Database.Database {
  try {
    const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    chmodSync(file, 0o600);
    return database;
  } catch (error) {
    throw error instanceof Database.SqliteError ? error : new NotOpened(`cannot open ${file}`, { cause: error });
  }
}
