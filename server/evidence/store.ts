// A SQLite file of evidence, which may be lost and must cost nobody anything: opened when it is needed, put aside where it is damaged.

import Database from 'better-sqlite3';
import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Log, LogFields } from '../log.ts';
import { codeOf, messageOf } from '../malformed.ts';

/** What is kept in a file, and how. */
export type EvidenceOf<Tables> = {
  readonly file: string;
  readonly log: Log;
  /** What the log says where nothing can be kept: `stages of boots are lost`. */
  readonly loss: string;
  /**
   * What a power cut may cost (SQLite, "PRAGMA synchronous", in WAL mode): `NORMAL` the last lines, `OFF` the whole file, for
   * what is written so often that nothing may wait for the disk.
   */
  readonly synchronous: 'NORMAL' | 'OFF';
  /** Statements that make what tables are missing. */
  readonly schema: string;
  /** Prepares what is read and written, once for each opening. */
  readonly tables: (database: Database.Database) => Tables;
};

export type Evidence<Tables> = {
  /**
   * Does `work`, which is synchronous; `otherwise` where the file could not be opened, read or written. Never throws for the
   * disk: that is said in the log, once until it goes well again.
   */
  readonly attempt: <T>(work: (to: Tables) => T, otherwise: T) => T;
  /** Lets go of the file; the next attempt opens it again. */
  readonly close: () => void;
};

/** Evidence is asked for by people and by boots: neither waits longer for another process that writes. */
const BUSY_TIMEOUT_MS = 1000;

/** The evidence in a file that is opened (and made, readable by its owner only) at the first attempt. */
export function openEvidence<Tables>(of: EvidenceOf<Tables>): Evidence<Tables> {
  const { file, log, loss } = of;
  let opened: Opened<Tables> | undefined;
  let isTold = false;
  const close = (): void => {
    opened?.database.close();
    opened = undefined;
  };
  const beginAnew = (): LogFields => {
    const inode = opened?.inode;
    close();
    return setAside(file, inode);
  };
  const failed = (error: Error): void => {
    const outcome = isDamaged(error) ? beginAnew() : {};
    if (!isTold) log.warn(loss, { error: messageOf(error), code: codeOf(error), ...outcome });
    isTold = true;
  };
  return {
    attempt: (work, otherwise) => {
      try {
        opened ??= openTables(of);
        const answer = work(opened.tables);
        isTold = false;
        return answer;
      } catch (error) {
        if (!(error instanceof Database.SqliteError || error instanceof NotOpened)) throw error;
        failed(error);
        return otherwise;
      }
    },
    close,
  };
}

type Opened<Tables> = {
  readonly database: Database.Database;
  readonly tables: Tables;
  readonly inode: bigint | undefined;
};

/** The file cannot be made or made private: a missing directory, another user's file. */
class NotOpened extends Error {}

function openTables<Tables>({ file, synchronous, schema, tables }: EvidenceOf<Tables>): Opened<Tables> {
  const database = openDatabase(file);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma(`synchronous = ${synchronous}`);
    database.exec(schema);
    return { database, tables: tables(database), inode: inodeOf(file) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(file: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    chmodSync(file, 0o600);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof Database.SqliteError ? error : new NotOpened(`cannot open ${file}`, { cause: error });
  }
}

function isDamaged(error: Error): boolean {
  const code = codeOf(error) ?? '';
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

/**
 * Puts the file aside, in place of one that lay there before: somebody may want to read what can be read of it. Where another
 * process has done so first, `inode` (of what was open) is not the file's any more, and what was begun since is let be.
 */
function setAside(file: string, inode: bigint | undefined): LogFields {
  const aside = `${file}.damaged`;
  try {
    if (inode !== undefined && inodeOf(file) !== inode) return {};
    // The file goes last: a log that is left without it would be read into the next one (SQLite, "Write-Ahead Logging").
    for (const end of ['-wal', '-shm', '']) {
      rmSync(`${aside}${end}`, { force: true });
      if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${aside}${end}`);
    }
    return { aside };
  } catch (error) {
    return { aside: `not put there: ${messageOf(error)}` };
  }
}
