// The log of syncs on disk: one SQLite file that every process that syncs writes and every one that looks reads; bounded.

import type Database from 'better-sqlite3';
import { openEvidence } from '../../../server/evidence/store.ts';
import type { Log } from '../../../server/log.ts';
import type { LoggedProgress, SyncBeginning, SyncCause, SyncEnding, SyncOutcome, SyncRecord } from './record.ts';
import { brokenOff, decodeFindings, decodeProgress, encodeFindings, encodeProgress } from './record.ts';

// A revision goes up with each change of a row: who follows asks for what is newer than the last one seen.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sync (
    id INTEGER PRIMARY KEY AUTOINCREMENT, revision INTEGER NOT NULL, repo TEXT NOT NULL, cause TEXT NOT NULL,
    startedAt INTEGER NOT NULL, seenAt INTEGER NOT NULL, endedAt INTEGER, outcome TEXT,
    cancelAsked INTEGER NOT NULL DEFAULT 0, progress TEXT NOT NULL DEFAULT '', findings TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sync_by_repo ON sync (repo, id);
  CREATE INDEX IF NOT EXISTS sync_by_revision ON sync (revision);
  CREATE INDEX IF NOT EXISTS sync_open ON sync (id) WHERE endedAt IS NULL;
  CREATE INDEX IF NOT EXISTS sync_by_start ON sync (startedAt);
  CREATE INDEX IF NOT EXISTS sync_by_end ON sync (endedAt);
  CREATE TABLE IF NOT EXISTS schedule (repo TEXT PRIMARY KEY, schedule TEXT NOT NULL, since INTEGER NOT NULL) STRICT;
`;
const NEXT_REVISION = '(SELECT coalesce(max(revision), 0) + 1 FROM sync)';
const KEPT_PER_REPO = 200;

/** All calls are synchronous and none throws for the disk: a log that cannot be kept is said, and stops no sync. */
export type SyncLog = {
  /** A new row; undefined where nothing can be written. Rows of `repo` still open are closed: who begins holds its lock. */
  begin(sync: SyncBeginning): number | undefined;
  /** Says that the sync lives, and how far it is where that is known. */
  sign(id: number, at: number, progress: LoggedProgress | undefined): void;
  end(id: number, ending: SyncEnding): void;
  /** Has anybody asked that this sync end? */
  cancelAsked(id: number): boolean;
  /** Asks it of a sync that runs. False: it has ended. */
  askCancel(id: number): boolean;
  record(id: number): SyncRecord | undefined;
  /** The newest syncs of `repo`, newest first. */
  history(repo: string, limit: number): readonly SyncRecord[];
  /** Of all repos, at most `limit` that began, or ended, before `at`, or at `at` with a lower id than `number`; the last one first. */
  happened(by: SyncTime, before: SyncPlace, limit: number): readonly SyncHappened[];
  /** The newest sync of `repo` that ended so. */
  newestEnded(repo: string, outcomes: readonly SyncOutcome[]): SyncRecord | undefined;
  /** Those that have no end yet, of all repos. */
  open(): readonly SyncRecord[];
  /** What changed after `revision`, oldest change first, and the newest revision there is. */
  changes(revision: number, limit: number): { readonly newest: number; readonly records: readonly Changed[] };
  /** Since when `repo` has this `schedule`: since now if it is new or of the future. */
  scheduledSince(repo: string, schedule: string, now: number): number;
  close(): void;
};

export type SyncTime = 'startedAt' | 'endedAt';
/** What a list of thousands tells of each: reading whole records takes ten times as long. */
export type SyncHappened = {
  readonly id: number;
  readonly repo: string;
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: string | null;
  readonly snapshot: string | null;
  readonly reason: string | null;
  readonly remedy: string | null;
};
type SyncPlace = { readonly at: number; readonly number: number };

export type Changed = { readonly revision: number; readonly record: SyncRecord };

/** The log in `file`, which is opened (and made, readable by its owner only) when it is first needed. */
export function openSyncLog(file: string, log: Log): SyncLog {
  const how = { synchronous: 'NORMAL', schema: SCHEMA, tables: tablesIn } as const;
  const { attempt, close } = openEvidence({ file, log, loss: 'the log of syncs is not kept', ...how });
  return {
    begin: (sync) => attempt((to) => to.begin(sync), undefined),
    sign: (id, at, progress) => attempt((to) => to.sign(id, at, progress), undefined),
    end: (id, ending) => attempt((to) => to.end(id, ending), undefined),
    cancelAsked: (id) => attempt((to) => to.record(id)?.cancelAsked ?? false, false),
    askCancel: (id) => attempt((to) => to.askCancel(id), false),
    record: (id) => attempt((to) => to.record(id), undefined),
    history: (repo, limit) => attempt((to) => to.history(repo, limit), []),
    happened: (by, before, limit) => attempt((to) => to.happened(by, before, limit), []),
    newestEnded: (repo, outcomes) => attempt((to) => to.newestEnded(repo, outcomes), undefined),
    open: () => attempt((to) => to.open(), []),
    changes: (revision, limit) => attempt((to) => to.changes(revision, limit), { newest: revision, records: [] }),
    scheduledSince: (repo, schedule, now) => attempt((to) => to.scheduledSince(repo, schedule, now), now),
    close,
  };
}

function tablesIn(database: Database.Database) {
  return { ...writers(database), ...readers(database), ...schedules(database) };
}

function writers(database: Database.Database) {
  const insert = database.prepare<[string, string, number, number]>(
    `INSERT INTO sync (revision, repo, cause, startedAt, seenAt) VALUES (${NEXT_REVISION}, ?, ?, ?, ?)`,
  );
  const closeOpen = database.prepare<[string, string, string]>(
    `UPDATE sync SET revision = ${NEXT_REVISION}, endedAt = seenAt, outcome = ?, findings = ? WHERE repo = ? AND endedAt IS NULL`,
  );
  const trim = database.prepare<[string, string, number]>(
    'DELETE FROM sync WHERE repo = ? AND id <= (SELECT id FROM sync WHERE repo = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
  );
  const alive = database.prepare<[number, number]>('UPDATE sync SET seenAt = ? WHERE id = ? AND endedAt IS NULL');
  const moved = database.prepare<[number, string, number]>(
    `UPDATE sync SET revision = ${NEXT_REVISION}, seenAt = ?, progress = ? WHERE id = ? AND endedAt IS NULL`,
  );
  const end = database.prepare<[number, number, string, string, number]>(
    `UPDATE sync SET revision = ${NEXT_REVISION}, seenAt = ?, endedAt = ?, outcome = ?, findings = ? WHERE id = ? AND endedAt IS NULL`,
  );
  const cancel = database.prepare<[number]>('UPDATE sync SET cancelAsked = 1 WHERE id = ? AND endedAt IS NULL');
  const begin = database.transaction(({ repo, cause, startedAt }: SyncBeginning): number => {
    closeOpen.run(brokenOff.outcome, encodeFindings(brokenOff), repo);
    const { lastInsertRowid } = insert.run(repo, cause, startedAt, startedAt);
    trim.run(repo, repo, KEPT_PER_REPO);
    return Number(lastInsertRowid);
  });
  return {
    begin: (sync: SyncBeginning): number => begin.immediate(sync),
    sign: (id: number, at: number, progress: LoggedProgress | undefined): void => {
      if (progress === undefined) alive.run(at, id);
      else moved.run(at, encodeProgress(progress), id);
    },
    end: (id: number, ending: SyncEnding): void => {
      const { endedAt, outcome } = ending;
      end.run(endedAt, endedAt, outcome, encodeFindings(ending), id);
    },
    askCancel: (id: number): boolean => cancel.run(id).changes > 0,
  };
}

type Row = {
  readonly id: number;
  readonly revision: number;
  readonly repo: string;
  readonly cause: SyncCause;
  readonly startedAt: number;
  readonly seenAt: number;
  readonly endedAt: number | null;
  readonly outcome: SyncOutcome | null;
  readonly cancelAsked: number;
  readonly progress: string;
  readonly findings: string;
};

/** Of findings that another version wrote, or a disk damaged, what can be read. */
const HAPPENED = [
  'id, repo, cause, startedAt, endedAt, outcome',
  ...['snapshot', 'reason', 'remedy'].map(
    (key) => `iif(json_valid(findings), CAST(findings ->> '$.${key}' AS TEXT), NULL) AS ${key}`,
  ),
].join(', ');

function readers(database: Database.Database) {
  const one = database.prepare<[number], Row>('SELECT * FROM sync WHERE id = ?');
  const history = database.prepare<[string, number], Row>('SELECT * FROM sync WHERE repo = ? ORDER BY id DESC LIMIT ?');
  const ended = database.prepare<[string, string], Row>(
    'SELECT * FROM sync WHERE repo = ? AND outcome IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT 1',
  );
  const behind = (time: SyncTime) =>
    database.prepare<[number, number, number], SyncHappened>(
      `SELECT ${HAPPENED} FROM sync WHERE (${time}, id) < (?, ?) ORDER BY ${time} DESC, id DESC LIMIT ?`,
    );
  const times = { startedAt: behind('startedAt'), endedAt: behind('endedAt') };
  const open = database.prepare<[], Row>('SELECT * FROM sync WHERE endedAt IS NULL ORDER BY id');
  const changed = database.prepare<[number, number], Row>(
    'SELECT * FROM sync WHERE revision > ? ORDER BY revision DESC LIMIT ?',
  );
  const newest = database.prepare<[], { revision: number | null }>('SELECT max(revision) AS revision FROM sync');
  return {
    record: (id: number): SyncRecord | undefined => one.all(id).map(recordOf)[0],
    history: (repo: string, limit: number): readonly SyncRecord[] => history.all(repo, limit).map(recordOf),
    happened: (by: SyncTime, { at, number }: SyncPlace, limit: number): readonly SyncHappened[] =>
      times[by].all(at, number, limit),
    newestEnded: (repo: string, outcomes: readonly SyncOutcome[]): SyncRecord | undefined =>
      ended.all(repo, JSON.stringify(outcomes)).map(recordOf)[0],
    open: (): readonly SyncRecord[] => open.all().map(recordOf),
    changes: (revision: number, limit: number) => {
      const rows = changed.all(revision, limit).toReversed();
      const records = rows.map((row) => ({ revision: row.revision, record: recordOf(row) }));
      return { newest: newest.get()?.revision ?? 0, records };
    },
  };
}

function recordOf(row: Row): SyncRecord {
  const { id, repo, cause, startedAt, seenAt } = row;
  return {
    id,
    repo,
    cause,
    startedAt,
    seenAt,
    endedAt: row.endedAt ?? undefined,
    outcome: row.outcome ?? undefined,
    cancelAsked: row.cancelAsked !== 0,
    progress: decodeProgress(row.progress),
    ...decodeFindings(row.findings),
  };
}

function schedules(database: Database.Database) {
  const read = database.prepare<[string, string, number], { since: number }>(
    'SELECT since FROM schedule WHERE repo = ? AND schedule = ? AND since <= ?',
  );
  const write = database.prepare<[string, string, number]>(
    'INSERT OR REPLACE INTO schedule (repo, schedule, since) VALUES (?, ?, ?)',
  );
  return {
    scheduledSince: (repo: string, schedule: string, now: number): number => {
      const known = read.get(repo, schedule, now);
      if (known === undefined) write.run(repo, schedule, now);
      return known?.since ?? now;
    },
  };
}
