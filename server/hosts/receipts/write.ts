// A receipt made from what is known when a host has reported success. Pure: times and texts in, receipt out.

import { createHash } from 'node:crypto';
import type { Arming, HostState } from '../../domain.ts';
import { isWhole, seenOf } from '../../seen.ts';
import type { FileRole, StageRecord } from '../../stages.ts';
import type { Marks } from '../progress-marks.ts';
import { phaseLengths } from '../progress-marks.ts';
import type { Given, Receipt, ReceiptFile } from './shape.ts';

/** A package as it was served: the name of its file without `.rpm`, and the bytes that were sent of it. */
export type ServedPackage = { readonly name: string; readonly bytes: number };

/** What a receipt is made from. `records` and `marks` are those of the boot that installed it. */
export type Finished = {
  readonly host: { readonly name: string; readonly macs: readonly string[] };
  readonly state: HostState;
  readonly arming: Arming;
  readonly given: Given;
  readonly records: readonly StageRecord[];
  readonly startedAt: number;
  readonly marks: Marks;
  readonly packages: readonly ServedPackage[];
  readonly version: string;
  /** The digest of a loader, where it is known: by its name and where it comes from. */
  readonly digestOf: (file: { readonly name: string; readonly gave: string }) => string | undefined;
};

/** More a boot does not fetch; a loader that asks again and again would make a long receipt. */
const FILES_LIMIT = 40;

/** The receipt, and the names its `packages.list` stands for. */
export function writeReceipt(finished: Finished): { readonly receipt: Receipt; readonly names: readonly string[] } {
  const { host, state, arming, given, records, startedAt, marks, packages, version } = finished;
  const names = packages.map(({ name }) => name).toSorted();
  const bytes = packages.reduce((sum, one) => sum + one.bytes, 0);
  const receipt: Receipt = {
    host: host.name,
    armedAt: arming.armedAt,
    installedAt: state.changedAt,
    version,
    profile: given.profile,
    tree: given.tree,
    os: given.os,
    agreed: arming.install,
    snapshots: { ...arming.pins },
    instructions: { what: given.what, sha256: given.sha256, at: given.at },
    machine: { macs: macsSeen(records, host.macs), address: given.address },
    attempts: state.attempts,
    startedAt,
    phases: phaseLengths(marks.begun, state.changedAt),
    files: bootFiles(finished),
    // Where names were lost to a full disk, the count of the requests is still there.
    packages: {
      count: names.length === 0 ? marks.packages.done : names.length,
      bytes: names.length === 0 ? marks.packages.bytes : bytes,
      listed: names.length,
      list: listDigest(names),
    },
    kin: given.kin,
  };
  return { receipt, names };
}

/** The sha256 of the names, one a line. */
export function listDigest(names: readonly string[]): string {
  return createHash('sha256')
    .update(names.map((name) => `${name}\n`).join(''))
    .digest('hex');
}

/** The MACs it was seen with; those the site says where it was never seen with one. */
function macsSeen(records: readonly StageRecord[], known: readonly string[]): string[] {
  const seen = new Set(records.flatMap(({ machine }) => machine.mac ?? []));
  return seen.size === 0 ? [...known] : [...seen];
}

const ROLES: ReadonlyMap<FileRole, ReceiptFile['role']> = new Map([
  ['loader', 'loader'],
  ['second-loader', 'second-loader'],
  ['kernel', 'kernel'],
  ['initrd', 'initrd'],
  ['xen', 'xen'],
]);

/** Each file once, the last time it was sent whole. */
function bootFiles({ records, digestOf }: Finished): ReceiptFile[] {
  const files = new Map<string, ReceiptFile>();
  for (const file of seenOf(records, 'file')) {
    const role = ROLES.get(file.role);
    if (role === undefined || !isWhole(file)) continue;
    const { name, gave, via, sizeBytes } = file;
    const sha256 = digestOf({ name, gave });
    files.set(name, { role, name, gave, via, bytes: sizeBytes, ...(sha256 === undefined ? {} : { sha256 }) });
  }
  return [...files.values()].slice(0, FILES_LIMIT);
}
