// A snapshot's record as text and back: `<id>.json`, beside the snapshot. Pure.

import { z } from 'zod';
import { Malformed } from '../../server/malformed.ts';
import { asSha256 } from '../rpm/checksum.ts';
import type { JsonValue, SnapshotRecord } from './layout.ts';

const count = z.int().nonnegative();
const stored = z.object({
  createdAt: z.string(),
  upstream: z.string(),
  revision: z.string().optional(),
  packages: count,
  files: count,
  bytes: count,
  digest: z.string(),
  // Records of the first release had neither.
  notes: z.array(z.string()).default([]),
  origin: z
    .object({
      repomd: z.string().optional(),
      etag: z.string().optional(),
      lastModified: z.string().optional(),
      settings: z.string(),
    })
    .optional(),
});

/** The record's text. */
export function renderRecord(record: SnapshotRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** Reads an `<id>.json`. Throws `Malformed`. */
export function parseRecord(text: string, id: string): SnapshotRecord {
  const parsed = stored.safeParse(parseJson(text, `${id}.json`));
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.');
    throw new Malformed(field ? `no ${field}` : 'not a snapshot record', `${id}.json`);
  }
  const { revision, origin, ...rest } = parsed.data;
  return { id, revision, ...rest, origin: origin === undefined ? undefined : originOf(origin) };
}

/** Reads JSON. Throws `Malformed`. */
export function parseJson(text: string, where: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new Malformed(cause instanceof Error ? cause.message : 'not JSON', where);
  }
}

/** A digest that is none vouches for nothing: the next sync looks for itself. */
function originOf(origin: NonNullable<z.infer<typeof stored>['origin']>): SnapshotRecord['origin'] {
  const { repomd, etag, lastModified, settings } = origin;
  return { repomd: repomd === undefined ? undefined : asSha256(repomd), etag, lastModified, settings };
}
