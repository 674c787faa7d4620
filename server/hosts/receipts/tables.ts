// The tables of receipts: statements prepared over an open database, each change one transaction.

import type Database from 'better-sqlite3';
import type { Attempt, Given, Known, Receipt } from './shape.ts';
import { decodeGiven, decodeReceipt, encodeGiven, encodeReceipt } from './shape.ts';
import type { ServedPackage } from './write.ts';

// Many hosts are installed of the same packages: a list is kept once, under the digest of its text.
export const RECEIPT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS receipt (
    host TEXT NOT NULL, armedAt INTEGER NOT NULL, installedAt INTEGER NOT NULL, kin TEXT NOT NULL, profile TEXT NOT NULL,
    tree TEXT NOT NULL, list TEXT NOT NULL, receipt TEXT NOT NULL, PRIMARY KEY (host, armedAt)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS receipt_by_kin ON receipt (kin, installedAt);
  CREATE INDEX IF NOT EXISTS receipt_by_profile ON receipt (profile, tree, installedAt);
  CREATE INDEX IF NOT EXISTS receipt_by_list ON receipt (list);
  CREATE TABLE IF NOT EXISTS package_list (list TEXT PRIMARY KEY, names TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS given (host TEXT PRIMARY KEY, given TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS served (
    host TEXT NOT NULL, armedAt INTEGER NOT NULL, attempt INTEGER NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (host, armedAt, attempt, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS rehearsed (
    kin TEXT NOT NULL, at INTEGER NOT NULL, packages INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (kin, at)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS rehearsed_by_age ON rehearsed (at);
`;
/** Receipts of a host, packages of an install, and rehearsals in all. */
const KEPT = { receipts: 10, packages: 10_000, rehearsals: 2000 } as const;

export type ServedBatch = { readonly of: Attempt; readonly packages: readonly ServedPackage[] };

/** What is read and written, over a database that has `RECEIPT_SCHEMA`. */
export function receiptTables(database: Database.Database) {
  return {
    ...receiptTable(database),
    ...givenTable(database),
    ...servedTable(database),
    ...rehearsedTable(database),
    ...expectations(database),
  };
}

function receiptTable(database: Database.Database) {
  const insert = database.prepare<[string, number, number, string, string, string, string, string]>(
    'INSERT OR IGNORE INTO receipt (host, armedAt, installedAt, kin, profile, tree, list, receipt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const insertList = database.prepare<[string, string]>(
    'INSERT OR IGNORE INTO package_list (list, names) VALUES (?, ?)',
  );
  const trim = database.prepare<[string, string, number]>(
    'DELETE FROM receipt WHERE host = ? AND armedAt < (SELECT armedAt FROM receipt WHERE host = ? ORDER BY armedAt DESC LIMIT 1 OFFSET ?)',
  );
  const trimLists = database.prepare('DELETE FROM package_list WHERE list NOT IN (SELECT list FROM receipt)');
  const forget = database.prepare<[string]>('DELETE FROM served WHERE host = ?');
  const find = database.prepare<[string, number], { one: number }>(
    'SELECT 1 AS one FROM receipt WHERE host = ? AND armedAt = ?',
  );
  const read = database.prepare<[string, number], { receipt: string }>(
    'SELECT receipt FROM receipt WHERE host = ? ORDER BY armedAt DESC LIMIT ?',
  );
  const countAll = database.prepare<[], { count: number }>('SELECT count(*) AS count FROM receipt');
  const readNames = database.prepare<[string], { names: string }>('SELECT names FROM package_list WHERE list = ?');
  const keep = database.transaction((receipt: Receipt, names: readonly string[]): boolean => {
    const { host, armedAt, installedAt, kin, profile, tree, packages } = receipt;
    const text = encodeReceipt(receipt);
    if (insert.run(host, armedAt, installedAt, kin, profile, tree, packages.list, text).changes === 0) return false;
    insertList.run(packages.list, names.join('\n'));
    if (trim.run(host, host, KEPT.receipts - 1).changes > 0) trimLists.run();
    forget.run(host);
    return true;
  });
  return {
    keep: (receipt: Receipt, names: readonly string[]): boolean => keep.immediate(receipt, names),
    has: (host: string, armedAt: number): boolean => find.get(host, armedAt) !== undefined,
    receipts: (host: string, limit: number): readonly Receipt[] =>
      read.all(host, limit).flatMap((row) => decodeReceipt(row.receipt) ?? []),
    count: (): number => countAll.get()?.count ?? 0,
    names: (list: string): readonly string[] => {
      const text = readNames.get(list)?.names ?? '';
      return text === '' ? [] : text.split('\n');
    },
  };
}

function givenTable(database: Database.Database) {
  const write = database.prepare<[string, string]>('INSERT OR REPLACE INTO given (host, given) VALUES (?, ?)');
  const read = database.prepare<[string], { given: string }>('SELECT given FROM given WHERE host = ?');
  return {
    give: (host: string, given: Given): void => void write.run(host, encodeGiven(given)),
    givenTo: (host: string): Given | undefined => {
      const row = read.get(host);
      return row === undefined ? undefined : decodeGiven(row.given);
    },
  };
}

function servedTable(database: Database.Database) {
  const count = database.prepare<[string, number, number], { count: number }>(
    'SELECT count(*) AS count FROM served WHERE host = ? AND armedAt = ? AND attempt = ?',
  );
  const insert = database.prepare<[string, number, number, string, number]>(
    `INSERT INTO served (host, armedAt, attempt, name, bytes) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (host, armedAt, attempt, name) DO UPDATE SET bytes = bytes + excluded.bytes`,
  );
  const forget = database.prepare<[string, number, number]>(
    'DELETE FROM served WHERE host = ? AND (armedAt <> ? OR attempt <> ?)',
  );
  const read = database.prepare<[string, number, number], ServedPackage>(
    'SELECT name, bytes FROM served WHERE host = ? AND armedAt = ? AND attempt = ? ORDER BY name',
  );
  const serve = database.transaction((batches: readonly ServedBatch[]): void => {
    for (const { of, packages } of batches) {
      const { host, armedAt, attempt } = of;
      const known = count.get(host, armedAt, attempt)?.count ?? 0;
      // The first of a boot: what another one fetched is no part of what is on the disk after it.
      if (known === 0) forget.run(host, armedAt, attempt);
      for (const { name, bytes } of packages.slice(0, Math.max(0, KEPT.packages - known)))
        insert.run(host, armedAt, attempt, name, bytes);
    }
  });
  return {
    serve: (batches: readonly ServedBatch[]): void => serve.immediate(batches),
    servedTo: ({ host, armedAt, attempt }: Attempt): readonly ServedPackage[] => read.all(host, armedAt, attempt),
  };
}

type Found = { readonly at: number; readonly count: number; readonly bytes: number };

function rehearsedTable(database: Database.Database) {
  const newest = database.prepare<[string], { packages: number; bytes: number }>(
    'SELECT packages, bytes FROM rehearsed WHERE kin = ? ORDER BY at DESC LIMIT 1',
  );
  const write = database.prepare<[string, number, number, number]>(
    'INSERT OR REPLACE INTO rehearsed (kin, at, packages, bytes) VALUES (?, ?, ?, ?)',
  );
  const trim = database.prepare<[number]>(
    'DELETE FROM rehearsed WHERE at < (SELECT at FROM rehearsed ORDER BY at DESC LIMIT 1 OFFSET ?)',
  );
  const rehearse = database.transaction((kin: string, { at, count, bytes }: Found): void => {
    const before = newest.get(kin);
    // Found again: the older row stays, by which installs that run already are told.
    if (before?.packages === count && before.bytes === bytes) return;
    write.run(kin, at, count, bytes);
    trim.run(KEPT.rehearsals - 1);
  });
  return { rehearse: (kin: string, found: Found): void => rehearse.immediate(kin, found) };
}

/** What was known before a boot began: nothing that comes to be known later moves its percent back. */
function expectations(database: Database.Database) {
  const ofKin = database.prepare<[string, number], { receipt: string }>(
    'SELECT receipt FROM receipt WHERE kin = ? AND installedAt < ? ORDER BY installedAt DESC LIMIT 1',
  );
  const ofProfile = database.prepare<[string, string, number], { receipt: string }>(
    'SELECT receipt FROM receipt WHERE profile = ? AND tree = ? AND installedAt < ? ORDER BY installedAt DESC LIMIT 1',
  );
  const rehearsal = database.prepare<[string, number], { count: number; bytes: number }>(
    'SELECT packages AS count, bytes FROM rehearsed WHERE kin = ? AND at < ? ORDER BY at DESC LIMIT 1',
  );
  const decoded = (row: { readonly receipt: string } | undefined): Receipt | undefined =>
    row === undefined ? undefined : decodeReceipt(row.receipt);
  return {
    known: ({ kin, profile, tree }: Pick<Given, 'kin' | 'profile' | 'tree'>, before: number): Known => {
      const same = decoded(ofKin.get(kin, before));
      const counted = same !== undefined && same.packages.count > 0 ? same.packages : undefined;
      const rehearsed = counted === undefined ? rehearsal.get(kin, before) : undefined;
      const packages =
        counted === undefined
          ? rehearsed && { ...rehearsed, from: 'rehearsal' as const }
          : { count: counted.count, bytes: counted.bytes, from: 'receipt' as const };
      return { packages, phases: (same ?? decoded(ofProfile.get(profile, tree, before)))?.phases };
    },
  };
}
