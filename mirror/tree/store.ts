// Trees on disk, edge: an ISO image or a directory, opened and read; what an image means is iso9660.ts's business.

import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf, isNo, Malformed, messageOf, no } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import type { DirectoryName, FilePlace, Place, TreeFiles } from '../content/place.ts';
import { openIso } from './iso9660.ts';
import type { IsoImage } from './iso9660.ts';
import { segmentsOf } from './path.ts';

/** The files of an image, and the image itself as one file (for checking the whole medium). */
export type IsoTree = TreeFiles & { image(): Promise<FilePlace | No> };

/** Opens the tree of an ISO image or a directory; both paths are complete. Throws what the two openers throw. */
export function openTree(source: { readonly kind: 'iso' | 'directory'; readonly path: string }): Promise<TreeFiles> {
  return source.kind === 'iso' ? openIsoTree(source.path) : openDirectoryTree(source.path);
}

type OpenImage = { readonly kind: 'open'; readonly handle: FileHandle; readonly image: IsoImage; readonly is: string };

/**
 * Opens an image. Throws `Malformed` for one that cannot be read or is cut off, and an ordinary error where the file is
 * missing. An image replaced or cut while it is open answers a `No` once and is opened anew; until the new one can be
 * read, every look-up is a `No`.
 */
export async function openIsoTree(file: string): Promise<IsoTree> {
  let current: OpenImage | No = await openImage(file);
  let reopening: Promise<void> | undefined;
  let closed = false;

  const reopen = async (): Promise<void> => {
    if (!isNo(current)) await current.handle.close();
    current = no(`${file} was replaced and is being opened anew`);
    try {
      current = await openImage(file);
    } catch (error) {
      current = no(`${file} was replaced by something unreadable: ${messageOf(error)}`, 'put the whole image back');
    }
  };
  const usable = async (): Promise<OpenImage | No> => {
    await reopening;
    if (closed) return no(`${file} is closed`);
    if (!isNo(current) && current.is === (await identify(file))) return current;
    reopening ??= reopen().finally(() => (reopening = undefined));
    await reopening;
    return isNo(current) ? current : no(`${file} was replaced while in use`, 'ask again');
  };
  return {
    find: async (path) => {
      const opened = await usable();
      if (isNo(opened)) return opened;
      try {
        const found = await opened.image.find(path);
        return found.kind === 'file' ? { ...found, file } : found;
      } catch (error) {
        if (current !== opened) return no(`${file} was replaced while in use`, 'ask again');
        throw error;
      }
    },
    read: async (place, limitBytes) => {
      const opened = await usable();
      if (isNo(opened)) throw new Error(opened.reason);
      return readPlace(opened.handle, place, limitBytes);
    },
    image: async () => {
      const opened = await usable();
      return isNo(opened) ? opened : wholeFile(file, await opened.handle.stat());
    },
    close: async () => {
      await reopening;
      if (!isNo(current)) await current.handle.close();
      current = no(`${file} is closed`);
      closed = true;
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
    return { kind: 'open', handle, image, is: identityOf(about) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

type About = { readonly dev: number; readonly ino: number; readonly size: number; readonly mtimeMs: number };

function identityOf({ dev, ino, size, mtimeMs }: About): string {
  return `${dev}:${ino}:${size}:${mtimeMs}`;
}

async function identify(file: string): Promise<string> {
  try {
    return identityOf(await stat(file));
  } catch (error) {
    return `unreadable: ${codeOf(error) ?? 'unknown'}`;
  }
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
  if (reached.about.isFile()) return wholeFile(reached.path, reached.about);
  if (!reached.about.isDirectory()) return no('not a file to be served: it is no regular file');
  return { kind: 'directory', names: await listOnDisk(root, reached.path) };
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

type Reached = { readonly kind: 'reached'; readonly path: string; readonly about: Stats };

/** What `path` leads to with all links followed, where that is `root` or below it. */
async function reach(root: string, path: string): Promise<Reached | No> {
  try {
    const real = await realpath(path);
    if (real !== root && !real.startsWith(root === sep ? sep : root + sep)) {
      return no('a symbolic link leads out of the tree');
    }
    return { kind: 'reached', path: real, about: await stat(real) };
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
