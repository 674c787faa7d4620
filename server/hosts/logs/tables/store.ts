// The tables of hosts' logs: lines with their bounds, and who asked from where. No file is opened here.

import type Database from 'better-sqlite3';
import type { KeptLine, LogKind, LogLine, LogPage } from '../lines.ts';

export const LOG_SCHEMA = `
  CREATE TABLE IF NOT EXISTS line (
    id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, kind TEXT NOT NULL, install INTEGER NOT NULL, at INTEGER NOT NULL,
    severity INTEGER NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS line_by_host ON line (host, kind, id);
  CREATE TABLE IF NOT EXISTS kept (
    host TEXT NOT NULL, kind TEXT NOT NULL, lines INTEGER NOT NULL, bytes INTEGER NOT NULL, newest INTEGER NOT NULL,
    PRIMARY KEY (host, kind)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS sender (address TEXT PRIMARY KEY, host TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
`;

/**
 * What is kept of one host. What scripts sent, with the host's token, has room of its own: forged datagrams cannot push it out.
 * Bytes are those of the texts and of what stands around them.
 */
const KEPT: Readonly<Record<LogKind, { readonly lines: number; readonly bytes: number }>> = {
  syslog: { lines: 20_000, bytes: 2 * 1024 * 1024 },
  script: { lines: 6000, bytes: 512 * 1024 },
};
const KINDS: readonly LogKind[] = ['syslog', 'script'];
/** And of all hosts: then whole logs go, of those not heard of for longest. */
const KEPT_BYTES = 512 * 1024 * 1024;
/** How its install began is kept, however much came after it: the oldest lines behind this many go first. */
const BEGINNING_LINES = 500;
/** Trimmed to this part of what is kept, so that it is not done anew for each line. */
const TRIMMED = 0.97;
const SENDERS = 10_000;

type Given = { readonly host: string; readonly line: LogLine };
type Count = { lines: number; bytes: number; newest: number };

function sizeOf({ source, text }: Pick<LogLine, 'source' | 'text'>): number {
  return Buffer.byteLength(text) + source.length + 48;
}

/** Writes lines, and drops what is beyond the bounds; to be called in a transaction. */
export function logWriter(database: Database.Database) {
  const insert = database.prepare<[string, string, number, number, number, string, string]>(
    'INSERT INTO line (host, kind, install, at, severity, source, text) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const count = database.prepare<[string, string, number, number, number]>(
    `INSERT INTO kept (host, kind, lines, bytes, newest) VALUES (?, ?, ?, ?, ?) ON CONFLICT (host, kind)
     DO UPDATE SET lines = lines + excluded.lines, bytes = bytes + excluded.bytes, newest = max(newest, excluded.newest)`,
  );
  const trimHost = hostTrimmer(database);
  const trimAll = wholeTrimmer(database);
  return (batch: readonly Given[]): void => {
    const added = new Map<string, Map<LogKind, Count>>();
    for (const { host, line } of batch) {
      const { kind, install, at, severity, source, text } = line;
      insert.run(host, kind, install, at, severity, source, text);
      const ofHost = added.get(host) ?? new Map<LogKind, Count>();
      const before = ofHost.get(kind) ?? { lines: 0, bytes: 0, newest: 0 };
      const { lines, bytes, newest } = before;
      ofHost.set(kind, { lines: lines + 1, bytes: bytes + sizeOf(line), newest: Math.max(newest, at) });
      added.set(host, ofHost);
    }
    for (const [host, kinds] of added) {
      for (const [kind, { lines, bytes, newest }] of kinds) {
        count.run(host, kind, lines, bytes, newest);
        trimHost(host, kind);
      }
    }
    trimAll();
  };
}

function hostTrimmer(database: Database.Database) {
  const kept = database.prepare<[string, string], Count>('SELECT * FROM kept WHERE host = ? AND kind = ?');
  const newest = database.prepare<[string, string], { install: number }>(
    'SELECT install FROM line WHERE host = ? AND kind = ? ORDER BY id DESC LIMIT 1',
  );
  const beginning = database.prepare<[string, string, number, number], { id: number }>(
    'SELECT id FROM line WHERE host = ? AND kind = ? AND install = ? ORDER BY id LIMIT ?',
  );
  const oldest = database.prepare<[string, string, number, number], { id: number; source: string; text: string }>(
    'SELECT id, source, text FROM line WHERE host = ? AND kind = ? AND (id < ? OR id > ?) ORDER BY id',
  );
  const remove = database.prepare<[number]>('DELETE FROM line WHERE id = ?');
  const uncount = database.prepare<[number, number, string, string]>(
    'UPDATE kept SET lines = lines - ?, bytes = bytes - ? WHERE host = ? AND kind = ?',
  );
  return (host: string, kind: LogKind): void => {
    const limit = KEPT[kind];
    const now = kept.get(host, kind);
    if (now === undefined || (now.lines <= limit.lines && now.bytes <= limit.bytes)) return;
    const install = newest.get(host, kind)?.install ?? 0;
    // Of a beginning with very long lines, only as much as leaves room for the end.
    const head = beginning.all(host, kind, install, BEGINNING_LINES).slice(0, headLength(now));
    const [from, to] = [head[0]?.id ?? 0, head.at(-1)?.id ?? 0];
    const gone = { ids: [] as number[], bytes: 0 };
    for (const row of oldest.iterate(host, kind, from, to)) {
      const isEnough =
        now.lines - gone.ids.length <= limit.lines * TRIMMED && now.bytes - gone.bytes <= limit.bytes * TRIMMED;
      if (isEnough) break;
      gone.ids.push(row.id);
      gone.bytes += sizeOf(row);
    }
    for (const id of gone.ids) remove.run(id);
    uncount.run(gone.ids.length, gone.bytes, host, kind);
  };
}

/** How many lines of the beginning are kept: fewer where lines are long on average. */
function headLength({ lines, bytes }: Count): number {
  const average = bytes / Math.max(1, lines);
  return Math.max(20, Math.min(BEGINNING_LINES, Math.floor(100_000 / average)));
}

function wholeTrimmer(database: Database.Database) {
  const total = database.prepare<[], { bytes: number | null }>('SELECT sum(bytes) AS bytes FROM kept');
  const stale = database.prepare<[], { host: string; bytes: number }>(
    'SELECT host, sum(bytes) AS bytes FROM kept GROUP BY host ORDER BY max(newest)',
  );
  const forgetLines = database.prepare<[string]>('DELETE FROM line WHERE host = ?');
  const forgetCounts = database.prepare<[string]>('DELETE FROM kept WHERE host = ?');
  return (): void => {
    let over = (total.get()?.bytes ?? 0) - KEPT_BYTES;
    if (over <= 0) return;
    for (const { host, bytes } of stale.all()) {
      if (over <= 0) return;
      forgetLines.run(host);
      forgetCounts.run(host);
      over -= bytes;
    }
  };
}

/** Reads lines. Of both kinds as one log, in the order they came, unless one kind is asked for. */
export function logReaders(database: Database.Database) {
  const columns = 'id, install, at, kind, severity, source, text';
  const following = database.prepare<[string, string, number, number], KeptLine>(
    `SELECT ${columns} FROM line WHERE host = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?`,
  );
  const newest = database.prepare<[string, string, number], KeptLine>(
    `SELECT ${columns} FROM line WHERE host = ? AND kind = ? ORDER BY id DESC LIMIT ?`,
  );
  return {
    read: (host: string, { after, limit, kind }: LogPage): readonly KeptLine[] => {
      const kinds = kind === undefined ? KINDS : [kind];
      const rows = kinds.flatMap((one) =>
        after === undefined ? newest.all(host, one, limit) : following.all(host, one, after, limit),
      );
      const sorted = rows.toSorted((one, other) => one.id - other.id);
      return after === undefined ? sorted.slice(-limit) : sorted.slice(0, limit);
    },
  };
}

/** Which host's installer asked from which address, with its token: remembered over a restart of the appliance. */
export function senderTable(database: Database.Database) {
  const write = database.prepare<[string, string, number]>(
    'INSERT OR REPLACE INTO sender (address, host, at) VALUES (?, ?, ?)',
  );
  const trim = database.prepare<[number]>(
    'DELETE FROM sender WHERE at <= (SELECT at FROM sender ORDER BY at DESC LIMIT 1 OFFSET ?)',
  );
  const read = database.prepare<[number], { address: string; host: string }>(
    'SELECT address, host FROM sender WHERE at >= ? ORDER BY at',
  );
  return {
    learnSender: (address: string, host: string, at: number): void => {
      write.run(address, host, at);
      trim.run(SENDERS);
    },
    senders: (since: number): ReadonlyMap<string, string> =>
      new Map(read.all(since).map(({ address, host }) => [address, host] as const)),
  };
}
