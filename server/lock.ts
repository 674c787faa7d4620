// Locks between processes that the operating system drops when their holder ends, in whatever way.

import Database from 'better-sqlite3';
import { codeOf } from './malformed.ts';

/** Held until released, or until the process ends. */
export type Lock = { readonly kind: 'lock'; release(): void };

const BEGIN = { exclusive: 'BEGIN EXCLUSIVE', shared: 'BEGIN; SELECT count(*) FROM sqlite_master' } as const;

/**
 * Takes the lock `file` (made where it is missing; its directory must be there). Undefined: held by another. SQLite's
 * transaction locks are byte-range locks (fcntl), which end with the process, even by SIGKILL, and which hold between
 * connections of one process too. Nothing is ever written, to the file or beside it: who makes room on a full disk needs locks too.
 */
export function takeLock(file: string, hold: keyof typeof BEGIN): Lock | undefined {
  const database = new Database(file, { timeout: 0 });
  try {
    database.pragma('journal_mode = MEMORY');
    database.exec(BEGIN[hold]);
  } catch (error) {
    database.close();
    if (codeOf(error) === 'SQLITE_BUSY') return undefined;
    throw error;
  }
  return { kind: 'lock', release: () => void database.close() };
}
