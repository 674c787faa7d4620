// Hosts' own logs on disk: one SQLite file beside the host states. Evidence, and no state: written together and late, bounded.

import type Database from 'better-sqlite3';
import { openEvidence } from '../../evidence/store.ts';
import type { Log } from '../../log.ts';
import type { KeptLine, LogLine, LogPage } from './lines.ts';
import { LOG_SCHEMA, logReaders, logWriter, senderTable } from './tables/store.ts';

/** Lines wait this long for others; so many are written in one go, which takes some 10 ms; so many may wait. */
const WRITE_MS = 200;
const AGAIN_MS = 20;
const BATCH_LINES = 1000;
const WAITING_LINES = 40_000;
const LOSS = 'lines of installers are lost';

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
  const kept = openEvidence({ file, log, loss: LOSS, synchronous: 'OFF', schema: LOG_SCHEMA, tables });
  let timer: NodeJS.Timeout | undefined;
  const write = (): void => {
    const batch = waiting.slice(0, BATCH_LINES);
    waiting = waiting.slice(BATCH_LINES);
    if (batch.length > 0) kept.attempt((to) => to.write(batch), undefined);
    if (lost > 0) log.warn(LOSS, { lines: lost, error: 'more came than can be written' });
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
      return kept.attempt((from) => from.read(host, page), []);
    },
    learnSender: (address, host, at) => kept.attempt((to) => to.learnSender(address, host, at), undefined),
    senders: (since) => kept.attempt<ReadonlyMap<string, string>>((from) => from.senders(since), new Map()),
    close: () => {
      clearTimeout(timer);
      writeAll();
      kept.close();
    },
  };
}

type Waiting = { readonly host: string; readonly line: LogLine };

function tables(database: Database.Database) {
  const writer = logWriter(database);
  const write = database.transaction((batch: readonly Waiting[]) => writer(batch));
  return {
    /** All of it, or nothing. */
    write: (batch: readonly Waiting[]): void => write.immediate(batch),
    ...logReaders(database),
    ...senderTable(database),
  };
}
