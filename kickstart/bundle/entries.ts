// The entries of a bundle: names that stay inside the archive, their order, and the manifest over them.

import { createHash } from 'node:crypto';

import { Malformed } from '../../server/malformed.ts';

/** One file of an archive. `name` is relative, with forward slashes; `mode` as in chmod. */
export type BundleEntry = { readonly name: string; readonly mode: number; readonly text: string };

/** What a bundle is of, for its manifest: nothing in it changes unless the site or its content does. */
export type BundleSubject = {
  readonly kind: 'host' | 'site';
  readonly site: string;
  readonly secrets: 'redacted' | 'included';
  readonly hosts: readonly BundleSubjectHost[];
};

export type BundleSubjectHost = {
  readonly host: string;
  readonly os: string | null;
  readonly tree: string | null;
  readonly profile: string | null;
  readonly role: string | null;
  /** Repo name → the snapshot its URLs are pinned to, or null before the first sync. */
  readonly snapshots: Readonly<Record<string, string | null>>;
};

/** A finished bundle. `digest` is the sha256 of its manifest, and so stands for every byte in it. */
export type Bundle = {
  readonly digest: string;
  readonly secrets: 'redacted' | 'included';
  /** Sorted by name, `manifest.json` among them. */
  readonly entries: readonly BundleEntry[];
};

/** What every bundle holds: what it is of, and a checksum of each other file. */
export const MANIFEST_NAME = 'manifest.json';

// Portable on every file system an operator may unpack to; no leading dash that a command could take for an option.
const SEGMENT = /^[A-Za-z0-9_.@+=~][A-Za-z0-9_.@+=~-]{0,199}$/;
const NAME_LIMIT = 400;

/** Joins path segments into an entry's name. Throws `Malformed` for a segment that could lead anywhere else. */
export function entryName(segments: readonly string[]): string {
  for (const segment of segments) {
    if (!SEGMENT.test(segment) || /^\.+$/.test(segment) || segment.endsWith('.')) {
      throw new Malformed(`not a name for a file in a bundle: ${JSON.stringify(segment.slice(0, 60))}`, 'bundle entry');
    }
  }
  const name = segments.join('/');
  if (segments.length === 0 || name.length > NAME_LIMIT) {
    throw new Malformed(`a bundle entry's name is 1 to ${NAME_LIMIT} characters`, 'bundle entry');
  }
  return name;
}

/** Sorts `entries`, refuses names that collide, and adds the manifest. Throws `Malformed` for a collision. */
export function sealBundle(subject: BundleSubject, entries: readonly BundleEntry[]): Bundle {
  const sorted = entries.toSorted(byName);
  refuseCollisions(sorted);
  const text = `${JSON.stringify(manifest(subject, sorted), null, 2)}\n`;
  // The sum of a file around a short password is a way to guess it.
  const mode = subject.secrets === 'included' ? 0o600 : 0o644;
  const sealed = [...sorted, { name: MANIFEST_NAME, mode, text }].toSorted(byName);
  return { digest: sha256(text), secrets: subject.secrets, entries: sealed };
}

// Two names that differ in case alone, or a file where another needs a directory, cannot both be unpacked everywhere.
function refuseCollisions(entries: readonly BundleEntry[]): void {
  const files = new Set([MANIFEST_NAME]);
  for (const { name } of entries) {
    const folded = name.toLowerCase();
    if (files.has(folded)) throw new Malformed(`two entries are called ${JSON.stringify(name)}`, 'bundle entry');
    files.add(folded);
  }
  const inTheWay = entries.find(({ name }) => parentsOf(name.toLowerCase()).some((parent) => files.has(parent)));
  if (inTheWay === undefined) return;
  throw new Malformed(`${JSON.stringify(inTheWay.name)} lies below another entry's file`, 'bundle entry');
}

function parentsOf(name: string): readonly string[] {
  const segments = name.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}

function manifest(subject: BundleSubject, entries: readonly BundleEntry[]): object {
  return {
    format: 1,
    kind: subject.kind,
    site: subject.site,
    secrets: subject.secrets,
    hosts: subject.hosts,
    entries: entries.map(({ name, mode, text }) => ({
      name,
      mode: mode.toString(8).padStart(4, '0'),
      sizeBytes: Buffer.byteLength(text),
      sha256: sha256(text),
    })),
  };
}

// By code unit, never by locale: the same everywhere.
function byName(a: BundleEntry, b: BundleEntry): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
