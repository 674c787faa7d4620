// What one name of an image's directory stands for, from its records and what Rock Ridge says of them. Pure.

import { Malformed } from '../../server/malformed.ts';
import type { Extent } from '../content/place.ts';
import { FLAG } from './directory.ts';
import type { RecordGroup } from './directory.ts';
import type { LinkTarget, RockRidge } from './rockridge.ts';
import { SECTOR_BYTES } from './volume.ts';
import type { DirectoryAt } from './volume.ts';

export type IsoFile = {
  readonly kind: 'file';
  /** Ranges of the image, in order; neighbours are joined. */
  readonly extents: readonly Extent[];
  readonly sizeBytes: number;
  readonly modifiedMs: number;
};

export type IsoEntry =
  | IsoFile
  | { readonly kind: 'directory'; readonly at: DirectoryAt }
  /** A directory stored elsewhere because it lay too deep; its length is in its own first record. */
  | { readonly kind: 'moved'; readonly block: number }
  | { readonly kind: 'link'; readonly target: LinkTarget }
  | { readonly kind: 'special'; readonly what: string };

// The file types of POSIX st_mode, as PX carries them (RRIP §4.1.1).
const TYPE_MASK = 0o170000;
const TYPE = { regular: 0o100000, link: 0o120000, directory: 0o040000 } as const;

/** The entry of a group of records. `imageBytes` bounds every extent. Throws `Malformed` for data outside the image. */
export function entryOf(group: RecordGroup, rockRidge: RockRidge, imageBytes: number): IsoEntry {
  const { first } = group;
  if (rockRidge.childBlock !== undefined) return { kind: 'moved', block: rockRidge.childBlock };
  if ((first.flags & FLAG.directory) !== 0) {
    return { kind: 'directory', at: { block: first.block, length: first.length } };
  }
  if (rockRidge.target !== undefined) return { kind: 'link', target: rockRidge.target };
  const type = (rockRidge.mode ?? TYPE.regular) & TYPE_MASK;
  if (type !== TYPE.regular && type !== 0) return { kind: 'special', what: 'it is no regular file' };
  if (rockRidge.compressed) return { kind: 'special', what: 'it is compressed inside the image (zisofs)' };
  return fileOf(group, rockRidge.modifiedMs ?? first.modifiedMs, imageBytes);
}

function fileOf(group: RecordGroup, modifiedMs: number, imageBytes: number): IsoFile {
  const extents: Extent[] = [];
  let sizeBytes = 0;
  for (const { block, length } of group.all) {
    if (length === 0) continue; // an empty file may point anywhere
    const offset = block * SECTOR_BYTES;
    sizeBytes += length;
    if (offset + length > imageBytes || sizeBytes > imageBytes) {
      throw new Malformed('the data of a file lies outside the image', `block ${block}`);
    }
    const last = extents.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      extents[extents.length - 1] = { offset: last.offset, length: last.length + length };
    } else {
      extents.push({ offset, length });
    }
  }
  return { kind: 'file', extents, sizeBytes, modifiedMs: Number.isFinite(modifiedMs) ? modifiedMs : 0 };
}
