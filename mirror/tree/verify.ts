// Proves that a tree is what its maker published: the checksums of its .treeinfo, and the MD5 implanted in an image.
// Reads only through the tree it is given, a piece at a time.

import { createHash, getHashes } from 'node:crypto';
import { messageOf } from '../../server/malformed.ts';
import type { Extent, FilePlace, TreeFiles } from '../content/place.ts';
import { parseImplantedSum } from './implanted.ts';
import { cleanPath } from './path.ts';
import { parseTreeinfo } from './treeinfo.ts';
import type { TreeChecksum } from './treeinfo.ts';
import { APPLICATION_USE, FIRST_DESCRIPTOR, isDescriptor, parseDescriptor, SECTOR_BYTES } from './volume.ts';

/**
 * `good`: the bytes are the published ones. `bad`: they are not, or cannot be read. `missing`: named but not in the tree
 * (a DVD often leaves out images/boot.iso, or repodata that only the network tree has). `unknown`: an algorithm this
 * process does not have.
 */
export type Verdict = 'good' | 'bad' | 'missing' | 'unknown';
/** `path` is `''` for the image as a whole. `detail` is for people. */
export type Verified = { readonly path: string; readonly verdict: Verdict; readonly detail: string };

export type VerifyOptions = {
  /** The image as one file, where the tree is one: its implanted MD5 is proved too. */
  readonly image?: FilePlace;
  /** Called after each piece, with the bytes read so far and all that will be read. */
  readonly progress?: (doneBytes: number, totalBytes: number) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
};

type Task = {
  readonly path: string;
  readonly place: FilePlace;
  readonly algorithm: string;
  readonly digest: string;
  /** A range of the file that counts as blanks. */
  readonly blank?: Extent;
};

/** Hashed in a millisecond or two: who else is served meanwhile does not notice. */
const PIECE_BYTES = 512 * 1024;

/** Checks everything there is a checksum for, and says so of each. Throws `Malformed` for an unreadable .treeinfo; rejects when `signal` aborts. */
export async function verifyTree(files: TreeFiles, options: VerifyOptions = {}): Promise<readonly Verified[]> {
  const planned = [
    ...(await planImage(files, options.image)),
    ...(await Promise.all((await readChecksums(files)).map((checksum) => planFile(files, checksum)))),
  ];
  const totalBytes = planned.reduce((sum, plan) => sum + ('place' in plan ? plan.place.sizeBytes : 0), 0);
  let doneBytes = 0;
  const onPiece = (bytes: number): void => {
    doneBytes += bytes;
    options.progress?.(doneBytes, totalBytes);
  };
  const following = { onPiece, signal: options.signal };
  const verified: Verified[] = [];
  for (const plan of planned) verified.push('place' in plan ? await prove(files, plan, following) : plan);
  return verified;
}

async function readChecksums(files: TreeFiles): Promise<readonly TreeChecksum[]> {
  for (const name of ['.treeinfo', 'treeinfo']) {
    const place = await files.find(name);
    if (place.kind === 'file') return parseTreeinfo(await files.read(place, 512 * 1024), name).checksums;
  }
  return [];
}

async function planFile(files: TreeFiles, checksum: TreeChecksum): Promise<Task | Verified> {
  const { path, algorithm, digest } = checksum;
  if (!getHashes().includes(algorithm)) return { path, verdict: 'unknown', detail: `no such algorithm: ${algorithm}` };
  const clean = cleanPath(path);
  if (clean === undefined) return { path, verdict: 'missing', detail: 'it leads out of the tree' };
  const place = await files.find(clean);
  if (place.kind === 'file') return { path, place, algorithm, digest };
  return { path, verdict: 'missing', detail: place.kind === 'no' ? place.reason : 'a directory' };
}

async function planImage(files: TreeFiles, image: FilePlace | undefined): Promise<readonly Task[]> {
  if (image === undefined) return [];
  const offset = FIRST_DESCRIPTOR * SECTOR_BYTES;
  const sector = await files.read(slice(image, { offset, length: SECTOR_BYTES }), SECTOR_BYTES);
  const descriptor = isDescriptor(sector) ? parseDescriptor(sector, FIRST_DESCRIPTOR) : undefined;
  if (descriptor?.kind !== 'primary') return [];
  const { applicationUse, sizeBytes } = descriptor.volume;
  const sum = parseImplantedSum(applicationUse, Math.min(sizeBytes, image.sizeBytes));
  if (sum === undefined) return [];
  return [
    {
      path: '',
      place: slice(image, { offset: 0, length: sum.lengthBytes }),
      algorithm: 'md5',
      digest: sum.md5,
      blank: { offset: offset + APPLICATION_USE.offset, length: APPLICATION_USE.length },
    },
  ];
}

type Following = { readonly onPiece: (bytes: number) => void; readonly signal: AbortSignal | undefined };

async function prove(files: TreeFiles, task: Task, { onPiece, signal }: Following): Promise<Verified> {
  const { path, place, algorithm, digest } = task;
  const hash = createHash(algorithm);
  let at = 0;
  try {
    for (const piece of piecesOf(place)) {
      signal?.throwIfAborted();
      const bytes = await files.read(piece, PIECE_BYTES);
      hash.update(task.blank === undefined ? bytes : blanked(bytes, at, task.blank));
      at += bytes.byteLength;
      onPiece(bytes.byteLength);
    }
  } catch (error) {
    signal?.throwIfAborted();
    return { path, verdict: 'bad', detail: `cannot be read: ${messageOf(error)}` };
  }
  const is = hash.digest('hex');
  return is === digest
    ? { path, verdict: 'good', detail: `${algorithm} ${digest}` }
    : { path, verdict: 'bad', detail: `${algorithm} is ${is}, published is ${digest}` };
}

/** The places of a file's bytes, in order, none longer than a piece. */
function* piecesOf(place: FilePlace): Generator<FilePlace> {
  for (const extent of place.extents) {
    for (let done = 0; done < extent.length; done += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, extent.length - done);
      yield slice(place, { offset: extent.offset + done, length });
    }
  }
}

function slice(place: FilePlace, extent: Extent): FilePlace {
  return { ...place, extents: [extent], sizeBytes: extent.length };
}

/** `bytes`, which begin at `start` of the file, with the range `blank` of the file filled with blanks. */
function blanked(bytes: Uint8Array, start: number, blank: Extent): Uint8Array {
  const from = Math.max(blank.offset - start, 0);
  const to = Math.min(blank.offset + blank.length - start, bytes.byteLength);
  return from < to ? Uint8Array.from(bytes).fill(0x20, from, to) : bytes;
}
