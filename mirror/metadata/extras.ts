// Upstream's other metadata beside metadata made here: which of it stays, and in what form. Running: reading and saving are handed in.

import { decompress } from '../rpm/decompress.ts';
import type { RepomdEntry } from '../rpm/repomd.ts';
import { writeDocument, type SavedDocument, type SavedFile, type SaveFile } from './document.ts';
import { entryOf } from './repomd.ts';
import { createHash } from 'node:crypto';
import type { Sha256 } from '../rpm/checksum.ts';

/** A file that is passed on. `name` is upstream's own, with the ending that tells how it is packed. */
export type Extra = {
  readonly type: string;
  readonly name: string;
  /** Its bytes as upstream has them, from the first on at each call. */
  read(): AsyncIterable<Uint8Array>;
};

export type ExtraEdges = { readonly save: SaveFile; readonly breathe: () => Promise<void> };

/** An entry that is not passed on, and why. */
export type DroppedExtra = { readonly entry: RepomdEntry; readonly reason: string };

const LIMIT_OPEN_BYTES = 1024 * 1024 * 1024;
const GROUPS = ['group', 'group_gz', 'group_xz', 'group_zst', 'group_bz2'];
const DROPPED: readonly { readonly types: RegExp; readonly reason: string }[] = [
  { types: /^(?:primary|filelists|other)$/, reason: 'it is made anew' },
  { types: /^filelists[-_]ext$/, reason: 'it lists packages that are not here' },
  { types: /_db$/, reason: 'it lists packages that are not here; every yum reads the XML instead' },
  { types: /_zck$/, reason: 'the same is here in gzip, which every client reads' },
  { types: /^(?:prestodelta|deltainfo)$/, reason: 'it lists delta packages, which are not here' },
];

/**
 * What of upstream's repomd.xml is passed on with metadata made here: comps (one entry, in whatever form), updateinfo, modules, productid and
 * kinds unknown today, as they are. They may name packages that were filtered out: yum and dnf take a group, an advisory or a
 * module for what of it is there. What would lead to absent files is dropped.
 */
export function chooseExtras(entries: readonly RepomdEntry[]): {
  readonly kept: readonly RepomdEntry[];
  readonly dropped: readonly DroppedExtra[];
} {
  const groups = GROUPS.flatMap((type) => entries.filter((entry) => entry.type === type));
  const kept: RepomdEntry[] = [];
  const dropped: DroppedExtra[] = [];
  for (const entry of entries) {
    const rule = DROPPED.find(({ types }) => types.test(entry.type));
    const reason = GROUPS.includes(entry.type) && entry !== groups[0] ? 'the same is here in gzip' : rule?.reason;
    if (reason === undefined) kept.push(entry);
    else dropped.push({ entry, reason });
  }
  return { kept, dropped };
}

/**
 * Saves an extra and returns its entries for repomd.xml, at `at` seconds since 1970. Comps become `group`, plain, and
 * `group_gz`; what is packed as EL6 cannot read becomes gzip; all else stays byte for byte. Throws `Malformed` where it cannot be unpacked.
 */
export async function passOn(extra: Extra, at: number, edges: ExtraEdges): Promise<readonly RepomdEntry[]> {
  const { stem, packing } = parseName(extra);
  const save = (): Promise<SavedFile> => edges.save(extra.read());
  if (GROUPS.includes(extra.type)) {
    const plain = await edges.save(unpack(extra, edges));
    const packed = await repack(extra, edges);
    return [
      entryOf('group', { ...plain, open: undefined, name: stem }, at),
      entryOf('group_gz', { ...packed, name: `${stem}.gz` }, at),
    ];
  }
  if (packing === undefined) return [entryOf(extra.type, { ...(await save()), open: undefined, name: stem }, at)];
  const name = `${stem}.gz`;
  if (packing !== 'gz') return [entryOf(extra.type, { ...(await repack(extra, edges)), name }, at)];
  return [entryOf(extra.type, { ...(await save()), open: await measure(unpack(extra, edges)), name }, at)];
}

/** The file's own name without upstream's digest and packing; the type where that is no plain name. */
function parseName({ type, name }: Extra): { readonly stem: string; readonly packing: string | undefined } {
  const own = name.slice(name.lastIndexOf('/') + 1).replace(/^[0-9a-f]{32,128}-/, '');
  const packing = /\.(gz|xz|zst|bz2)$/.exec(own)?.[1];
  const stem = packing === undefined ? own : own.slice(0, -packing.length - 1);
  return {
    stem: /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(stem) ? stem : type.replaceAll(/[^A-Za-z0-9]/g, '_'),
    packing,
  };
}

function unpack(extra: Extra, { breathe }: ExtraEdges): AsyncIterable<Uint8Array> {
  return decompress(extra.read(), { limitBytes: LIMIT_OPEN_BYTES, breathe }, extra.name);
}

function repack(extra: Extra, edges: ExtraEdges): Promise<SavedDocument> {
  return writeDocument(edges.save, async (document) => {
    for await (const chunk of unpack(extra, edges)) await document.write(chunk);
  });
}

/** Digest and length of what passes by. */
export async function measure(chunks: AsyncIterable<Uint8Array>): Promise<SavedFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sha256: hash.digest('hex') as Sha256, sizeBytes };
}
