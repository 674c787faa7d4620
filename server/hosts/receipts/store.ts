// Receipts of installs on disk, and what is gathered for them while an install runs: one SQLite file, bounded for each host.

import type { MacAddress } from '../../address.ts';
import { openEvidence } from '../../evidence/store.ts';
import type { Log } from '../../log.ts';
import type { Attempt, Given, Known, Receipt } from './shape.ts';
import { RECEIPT_SCHEMA, receiptTables } from './tables.ts';
import type { ServedPackage } from './write.ts';

/** All calls are synchronous and none throws for the disk: what cannot be kept is said in the log, and stops no install. */
export type ReceiptStore = {
  /** An installer read its instructions. */
  given(host: string, given: Given): void;
  /** What `host`'s installer was given last. */
  givenTo(host: string): Given | undefined;
  /** A package was sent to the machine with this MAC; written down a moment later, where it is installing. */
  served(mac: MacAddress, one: ServedPackage): void;
  /** What was served to this boot, in the order of the names. */
  servedTo(attempt: Attempt): readonly ServedPackage[];
  /** What a rehearsal decided an install of this kin fetches. `at` is ms since 1970. */
  rehearsed(kin: string, found: { readonly at: number; readonly count: number; readonly bytes: number }): void;
  /** What was known at `before` (ms since 1970) of installs like the one `given`. */
  known(given: Pick<Given, 'kin' | 'profile' | 'tree'>, before: number): Known;
  /** Keeps a receipt and the names of its packages. False: there is one of this arming already, or it could not be kept. */
  keep(receipt: Receipt, names: readonly string[]): boolean;
  has(host: string, armedAt: number): boolean;
  /** The newest receipts of `host`, newest first. */
  receipts(host: string, limit: number): readonly Receipt[];
  /** The names that a receipt's `packages.list` stands for. */
  names(list: string): readonly string[];
  /** How many receipts are kept, of all hosts. */
  count(): number;
  close(): void;
};

/** Served packages wait this long for others. */
const WRITE_MS = 500;
/** More in half a second nobody serves; what is beyond is let go rather than kept in memory. */
const WAITING_LIMIT = 50_000;

/**
 * The store in `file`, which is opened (and made, readable by its owner only) when it is first needed. `installing` tells which
 * boot of which host a machine is at, by its MAC; undefined where it does not install.
 */
export function openReceiptStore(
  file: string,
  log: Log,
  installing: (mac: MacAddress) => Attempt | undefined,
): ReceiptStore {
  // A power cut may cost the last lines of what was served: a receipt tells of requests too. It may not cost the file.
  const how = { synchronous: 'NORMAL', schema: RECEIPT_SCHEMA, tables: receiptTables } as const;
  const { attempt, close } = openEvidence({ file, log, loss: 'receipts of installs are not kept', ...how });
  let waiting: { readonly mac: MacAddress; readonly one: ServedPackage }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) attempt((to) => to.serve(byAttempt(batch, installing)), undefined);
  };
  return {
    given: (host, given) => attempt((to) => to.give(host, given), undefined),
    givenTo: (host) => attempt((to) => to.givenTo(host), undefined),
    served: (mac, one) => {
      if (waiting.length >= WAITING_LIMIT) return;
      waiting.push({ mac, one });
      timer ??= setTimeout(flush, WRITE_MS).unref();
    },
    servedTo: (of) => {
      flush();
      return attempt((to) => to.servedTo(of), []);
    },
    rehearsed: (kin, found) => attempt((to) => to.rehearse(kin, found), undefined),
    known: (given, before) => attempt((to) => to.known(given, before), { packages: undefined, phases: undefined }),
    keep: (receipt, names) => attempt((to) => to.keep(receipt, names), false),
    has: (host, armedAt) => attempt((to) => to.has(host, armedAt), false),
    receipts: (host, limit) => attempt((to) => to.receipts(host, limit), []),
    names: (list) => attempt((to) => to.names(list), []),
    count: () => attempt((to) => to.count(), 0),
    close: () => {
      flush();
      close();
    },
  };
}

type Batch = readonly { readonly mac: MacAddress; readonly one: ServedPackage }[];

/** Whose packages they are is looked up once for each machine. */
function byAttempt(batch: Batch, installing: (mac: MacAddress) => Attempt | undefined) {
  const perMac = Map.groupBy(batch, ({ mac }) => mac);
  return [...perMac].flatMap(([mac, group]) => {
    const of = installing(mac);
    return of === undefined ? [] : [{ of, packages: group.map(({ one }) => one) }];
  });
}
