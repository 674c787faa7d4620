// What a rescue found wrong with its upstream, and what it looked at: gathered, and kept beside the snapshot as JSON. Pure but for its own place.

import { z } from 'zod';
import { printable } from '../../server/printable.ts';
import type { JsonValue } from '../content/layout.ts';
import { asSha256, sha256Of, type Sha256 } from '../rpm/checksum.ts';

/**
 * `missing`: upstream has no such thing. `unreadable`: metadata that cannot be read, or is not what it is declared to be.
 * `weak`: it is proved by MD5 or SHA-1 alone. `packed`: EL6 cannot unpack it. `gone`: a listed file is not there, or another one
 * is. `broken`: a package that does not agree with itself. `refused`: a name or page that is not followed. `twice`: one
 * package, different contents. `unsure`: nothing tells whether a file is whole.
 */
export const FLAWS = [
  ...(['missing', 'unreadable', 'weak', 'packed', 'gone', 'broken', 'refused', 'twice', 'unsure'] as const),
] as const;
export type Flaw = { readonly what: (typeof FLAWS)[number]; readonly where: string; readonly reason: string };

/** Something of upstream that no checksum covers: repomd.xml, or an index page. The path of a directory ends with a slash, the root's is empty. */
export type Looked = {
  readonly path: string;
  readonly sha256: Sha256;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
};

/** A package that no metadata vouches for, by what its server said of it. */
export type Unlisted = {
  readonly path: string;
  readonly sha256: Sha256;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
};

export type Evidence = {
  readonly flaws: readonly Flaw[];
  /** Flaws beyond the limit. */
  readonly more: number;
  readonly looked: readonly Looked[];
  readonly unlisted: readonly Unlisted[];
  /** Upstream's own metadata, as it lies in the snapshot. */
  readonly originals: readonly { readonly path: string; readonly sha256: Sha256 }[];
  /** What the metadata was made of, and of which time it is (milliseconds since 1970). */
  readonly made: { readonly of: Sha256; readonly atMs: number };
};

/** A place for flaws that no upstream can flood. */
export type Flaws = {
  add(what: Flaw['what'], where: string, reason: string): void;
  all(): readonly Flaw[];
  /** How many there were, beyond the limit too. */
  count(): number;
};

const LIMIT_FLAWS = 10_000;

/** Collects flaws: their texts are upstream's own words, and made fit to be told. */
export function collectFlaws(): Flaws {
  const kept: Flaw[] = [];
  let count = 0;
  return {
    add: (what, where, reason) => {
      count += 1;
      if (kept.length < LIMIT_FLAWS) kept.push({ what, where: printable(where, 300), reason: printable(reason, 500) });
    },
    all: () => kept,
    count: () => count,
  };
}

/** All that was looked at as one digest: what a later sync compares. */
export function pictureOf(looked: readonly Looked[]): string {
  return JSON.stringify(looked.map(({ path, sha256 }) => [path, sha256]));
}

const validators = { etag: z.string().optional(), lastModified: z.string().optional() };
const sha256 = z.string().refine((text) => asSha256(text) !== undefined);
const stored = z.object({
  kind: z.literal('rescue'),
  flaws: z.array(z.object({ what: z.enum(FLAWS), where: z.string(), reason: z.string() })),
  more: z.int().nonnegative(),
  looked: z.array(z.object({ path: z.string(), sha256, ...validators })),
  unlisted: z.array(z.object({ path: z.string(), sha256, ...validators })),
  originals: z.array(z.object({ path: z.string(), sha256 })),
  made: z.object({ of: sha256, atMs: z.number() }),
});

export function renderEvidence(evidence: Evidence): JsonValue {
  return { kind: 'rescue', ...evidence };
}

/** Reads what `renderEvidence` wrote; undefined where it is something else: it vouches for nothing then. */
export function parseEvidence(value: unknown): Evidence | undefined {
  const parsed = stored.safeParse(value);
  if (!parsed.success) return undefined;
  const { flaws, more, looked, unlisted, originals, made } = parsed.data;
  const named = <T extends { readonly sha256: string }>(item: T): T & { readonly sha256: Sha256 } => ({
    ...item,
    sha256: item.sha256 as Sha256,
  });
  const seen = <T extends { readonly etag?: string | undefined; readonly lastModified?: string | undefined }>(
    item: T,
  ) => ({
    ...item,
    etag: item.etag,
    lastModified: item.lastModified,
  });
  return {
    flaws,
    more,
    looked: looked.map(named).map(seen),
    unlisted: unlisted.map(named).map(seen),
    originals: originals.map(named),
    made: { of: made.of as Sha256, atMs: made.atMs },
  };
}

/** The digest of several texts, in whatever order they come. */
export function digestOfAll(texts: readonly string[]): Sha256 {
  return sha256Of(JSON.stringify(texts.toSorted()));
}
