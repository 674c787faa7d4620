// What is kept of an install that succeeded, and what of one that runs: shapes, and their stored text. Pure.

import { z } from 'zod';
import { progressPhases } from '../progress-marks.ts';

/** Printable ASCII of a bounded length wherever it came from outside: see who makes a receipt. */
const text = z.string();
const count = z.number();

const given = z.object({
  /** The arming these instructions were for: when it was agreed to (ms since 1970), and on which boot they were read. */
  armedAt: count,
  attempt: count,
  at: count,
  what: z.enum(['kickstart', 'answerfile']),
  /** Of the text as it was given, secrets and token in it. */
  sha256: text,
  /** The steps of its %post. */
  steps: count,
  /** Which installs are like it: see `kinOf`. */
  kin: text,
  profile: text,
  tree: text,
  /** `rhel-6.2-x86_64`. */
  os: text,
  /** Who read them. */
  address: text,
});

/** What an installer was given: the text itself is nowhere kept. */
export type Given = z.output<typeof given>;

const bootFile = z.object({
  role: z.enum(['loader', 'second-loader', 'kernel', 'initrd', 'xen']),
  name: text,
  gave: text,
  via: z.enum(['tftp', 'http']),
  bytes: count,
  sha256: text.optional(),
});

const receipt = z.object({
  host: text,
  /** With the host's name, what tells its receipts apart. */
  armedAt: count,
  installedAt: count,
  version: text,
  profile: text,
  tree: text,
  os: text,
  /** The fingerprint of what was agreed to, and the snapshots that were pinned with it. */
  agreed: text,
  snapshots: z.record(text, text),
  instructions: z.object({ what: given.shape.what, sha256: text, at: count }),
  machine: z.object({ macs: z.array(text), address: text }),
  attempts: count,
  startedAt: count,
  /** How long each phase took, in ms. */
  phases: z.partialRecord(z.enum(progressPhases), count),
  files: z.array(bootFile),
  /** Served to it from here. `list`: the sha256 of their sorted names, one a line; equal where two installs got the same. */
  packages: z.object({ count, bytes: count, listed: count, list: text }),
  kin: text,
});

/** What a host was installed from, once it said that it was. Times are ms since 1970, sizes bytes. */
export type Receipt = z.output<typeof receipt>;
export type ReceiptFile = Receipt['files'][number];

/** Which boot of which arming of a host: what was served to another one is forgotten. */
export type Attempt = { readonly host: string; readonly armedAt: number; readonly attempt: number };

/** What an install will fetch, and how long ones like it took. */
export type Known = {
  readonly packages:
    { readonly count: number; readonly bytes: number; readonly from: 'receipt' | 'rehearsal' } | undefined;
  readonly phases: Receipt['phases'] | undefined;
};

/** The stored text of a receipt. */
export function encodeReceipt(value: Receipt): string {
  return JSON.stringify(value);
}

/** Reads `encodeReceipt`'s text; undefined where it is none: another version's, or a damaged disk. */
export function decodeReceipt(stored: string): Receipt | undefined {
  return receipt.safeParse(parseJson(stored)).data;
}

/** The stored text of what an installer was given. */
export function encodeGiven(value: Given): string {
  return JSON.stringify(value);
}

/** Reads `encodeGiven`'s text; undefined where it is none. */
export function decodeGiven(stored: string): Given | undefined {
  return given.safeParse(parseJson(stored)).data;
}

function parseJson(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
