// Trees on disk, edge: an ISO image or a directory, opened and read; what an image means is iso9660.ts's business.

import { constants, statSync } from 'node:fs';
import { open, readdir, readlink, realpath, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { codeOf, isNo, Malformed, no } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import { isUntouched, sameBytes, type Identity } from '../content/cache/identity.ts';
import type { DirectoryName, FilePlace, Place, TreeFiles } from '../content/place.ts';
import { openIso } from './iso9660.ts';
import type { IsoImage } from './iso9660.ts';
import { segmentsOf } from './path.ts';

/** The files of a medium on disk. */
export type StoredTree = TreeFiles & {
  /** Does the path, its links followed anew, still lead to what was opened, and does that describe itself as it did? */
  isCurrent(): Promise<boolean>;
};
/** The files of an image, and the image itself as one file (for checking the whole medium). */
export type IsoTree = StoredTree & { image(): Promise<FilePlace | No> };

/** The small files that tell what a tree is: whoever puts another tree into the same directory changes one of them. */
const TELLING = ['.treeinfo', 'treeinfo', '.discinfo', 'media.repo'].concat(
  ['packages.main', 'packages.xenserver'].map((directory) => `${directory}/XS-REPOSITORY`),
);

/** Opens the tree of an ISO image or a directory; both paths are complete. Throws what the two openers throw. */
export async function openTree({ kind, path }: Medium): Promise<StoredTree> {
  if (kind === 'iso') return openIsoTree(path);
  // Before anything is read of it: a change in between is then seen as one.
  const is = await identify(path, TELLING);
  const seen = await lookAll(path);
  const files = await openDirectoryTree(path);
  const still = (): boolean => seen.every(([file, about]) => isAsSeen(lookNow(file), about));
  return {
    ...files,
    isCurrent: async () => (await identify(path, TELLING)) === is,
    spot: (inside) => {
      const file = `${path}/${inside}`;
      return { key: file, file, still };
    },
  };
}

/**
 * The root and what tells of the tree below it, as they are. For a name that is not there the directory is watched that it would come
 * into: that changes with each name it gets, and one look is cheaper than several.
 */
async function lookAll(root: string): Promise<readonly (readonly [string, Identity])[]> {
  const seen = new Map<string, Identity>();
  for (const name of ['', ...TELLING]) {
    for (let path = join(root, name); ; path = dirname(path)) {
      const about = await stat(path, { bigint: true }).catch(() => undefined);
      if (about !== undefined) seen.set(path, about);
      if (about !== undefined || path.length <= root.length) break;
    }
  }
  return [...seen];
}

/** What lies there, at once; undefined where nothing does, or it cannot be told. */
function lookNow(path: string): Identity | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isAsSeen(now: Identity | undefined, seen: Identity): boolean {
  return now !== undefined && isUntouched(now, seen);
}

type Medium = { readonly kind: 'iso' | 'directory'; readonly path: string };

type OpenImage = {
  readonly handle: FileHandle;
  readonly image: IsoImage;
  readonly is: string;
  readonly identity: Identity;
};

/**
 * Opens an image. Throws `Malformed` for one that cannot be read or is cut off, and an ordinary error where the file is
 * missing. Once the image was replaced, cut or touched, every look-up is a `No`: what was learnt of it may be wrong, and
 * only who learnt it can open it anew.
 */
export async function openIsoTree(file: string): Promise<IsoTree> {
  const { handle, image, is, identity } = await openImage(file);
  let closed = false;

  const isCurrent = async (): Promise<boolean> => !closed && (await identify(file, [])) === is;
  const unusable = async (): Promise<No | undefined> => {
    if (closed) return no(`${file} is closed`);
    return (await isCurrent()) ? undefined : no(`${file} was replaced while in use`, 'ask again');
  };
  return {
    isCurrent,
    find: async (path) => {
      const refusal = await unusable();
      if (refusal !== undefined) return refusal;
      try {
        const found = await image.find(path);
        return found.kind === 'file' ? { ...found, file, image: identity } : found;
      } catch (error) {
        const since = await unusable();
        if (since !== undefined) return since;
        throw error;
      }
    },
    // Whether the image is still the one that was read shows in the stat of the spot itself.
    spot: (path) => (closed ? undefined : { key: `${file}\n${path}`, file }),
    read: async (place, limitBytes) => {
      const refusal = await unusable();
      if (refusal !== undefined) throw new Error(refusal.reason);
      return readPlace(handle, place, limitBytes);
    },
    image: async () => (await unusable()) ?? wholeFile(file, await handle.stat()),
    close: async () => {
      if (closed) return;
      closed = true;
      await handle.close();
    },
  };
}

async function openImage(file: string): Promise<OpenImage> {
  const handle = await open(file, 'r');
  try {
    const about = await handle.stat();
    if (!about.isFile()) throw new Malformed('not a file', file);
    const readAt = (offset: number, length: number): Promise<Uint8Array> => readRange(handle, offset, length);
    const image = await openIso({ sizeBytes: about.size, readAt });
    const identity = await handle.stat({ bigint: true });
    return { handle, image, identity, is: [await realpath(file), identityOf(about)].join(' ') };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

type About = { readonly dev: number; readonly ino: number; readonly size: number; readonly mtimeMs: number };

function identityOf({ dev, ino, size, mtimeMs }: About): string {
  return `${dev}:${ino}:${size}:${mtimeMs}`;
}

/** What lies at `path` and at each of `names` below it, as one text that differs where one of them does. */
async function identify(path: string, names: readonly string[]): Promise<string> {
  const parts = [realpath(path), ...['', ...names].map(async (name) => identityOf(await stat(join(path, name))))];
  const settled = await Promise.all(
    parts.map((part) => part.catch((error: unknown) => `unreadable: ${codeOf(error) ?? 'unknown'}`)),
  );
  return settled.join(' ');
}

/**
 * Opens a directory as a tree. Symbolic links are followed as long as they stay inside; sockets, pipes and devices are
 * not there. Throws an ordinary error where the directory is missing.
 */
export async function openDirectoryTree(directory: string): Promise<TreeFiles> {
  const root = await realpath(directory);
  if (!(await stat(root)).isDirectory()) throw new Malformed('not a directory', directory);
  return {
    find: (path) => findOnDisk(root, path),
    read: async (place, limitBytes) => {
      const handle = await open(place.file, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const about = await handle.stat({ bigint: true });
        if (place.image !== undefined && !sameBytes(place.image, about))
          throw new Malformed('the file changed after it was found', place.file);
        return await readPlace(handle, place, limitBytes);
      } finally {
        await handle.close();
      }
    },
    close: async () => {},
  };
}

async function findOnDisk(root: string, path: string): Promise<Place> {
  const segments = segmentsOf(path);
  if (isNo(segments)) return segments;
  const reached = await reach(root, join(root, ...segments));
  if (isNo(reached)) return reached;
  if (reached.about.isFile()) return provenFile(root, reached.path);
  if (!reached.about.isDirectory()) return no('not a file to be served: it is no regular file');
  return { kind: 'directory', names: await listOnDisk(root, reached.path) };
}

/**
 * The file at `path`, as its descriptor shows it: between the look at a path and its opening, whoever owns a directory on the way may
 * have put a link in its place. What is opened later has to be the same file.
 */
async function provenFile(root: string, path: string): Promise<FilePlace | No> {
  return unlessAbsent(async () => {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const about = await handle.stat({ bigint: true });
      if (!isBelow(root, await openedPath(handle, path))) return OUTSIDE;
      if (!about.isFile()) return no('not a file to be served: it is no regular file');
      return { ...wholeFile(path, { size: Number(about.size), mtimeMs: Number(about.mtimeNs) / 1e6 }), image: about };
    } finally {
      await handle.close();
    }
  });
}

/** Where the file that is open lies now (proc_pid_fd(5)); other systems than Linux cannot tell. */
async function openedPath(handle: FileHandle, path: string): Promise<string> {
  return process.platform === 'linux' ? readlink(`/proc/self/fd/${handle.fd}`) : path;
}

function isBelow(root: string, real: string): boolean {
  return real === root || real.startsWith(root === sep ? sep : root + sep);
}

const OUTSIDE = no('a symbolic link leads out of the tree');
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

type Reached = { readonly kind: 'reached'; readonly path: string; readonly about: Stats };

/** What `path` leads to with all links followed, where that is `root` or below it. */
async function reach(root: string, path: string): Promise<Reached | No> {
  return unlessAbsent(async () => {
    const real = await realpath(path);
    return isBelow(root, real) ? { kind: 'reached', path: real, about: await stat(real) } : OUTSIDE;
  });
}

async function unlessAbsent<T>(look: () => Promise<T | No>): Promise<T | No> {
  try {
    return await look();
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'EACCES') return no('it may not be read', 'let the appliance read the whole tree');
    if (ABSENT.has(code)) return no('not in the tree');
    throw error;
  }
}

async function listOnDisk(root: string, directory: string): Promise<readonly DirectoryName[]> {
  const names: DirectoryName[] = [];
  for (const name of (await readdir(directory)).toSorted()) {
    const reached = await reach(root, join(directory, name));
    if (isNo(reached)) continue;
    if (reached.about.isFile()) names.push({ name, kind: 'file', sizeBytes: reached.about.size });
    if (reached.about.isDirectory()) names.push({ name, kind: 'directory', sizeBytes: 0 });
  }
  return names;
}

function wholeFile(file: string, about: { readonly size: number; readonly mtimeMs: number }): FilePlace {
  const extents = about.size === 0 ? [] : [{ offset: 0, length: about.size }];
  return { kind: 'file', file, extents, sizeBytes: about.size, modifiedMs: about.mtimeMs };
}

async function readPlace(handle: FileHandle, place: FilePlace, limitBytes: number): Promise<Uint8Array> {
  if (place.sizeBytes > limitBytes) {
    throw new Malformed(`${place.sizeBytes} bytes where at most ${limitBytes} are read`, place.file);
  }
  const parts: Uint8Array[] = [];
  for (const { offset, length } of place.extents) parts.push(await readRange(handle, offset, length));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

/** Exactly `length` bytes; a file that ends before is `Malformed`: it was cut since it was opened. */
async function readRange(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new Malformed(`the file ends ${length - done} bytes too soon`, `byte ${offset + done}`);
    done += bytesRead;
  }
  return bytes;
}
