// DATA/media: the links that bring media to their trees, and the uploads that trees keep. One change at a time, in all processes.

import { link, lstat, readlink, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from '../lock.ts';
import type { No } from '../malformed.ts';
import { codeOf, no } from '../malformed.ts';
import type { Settings } from '../settings.ts';
import { ensureDirectory, saveSymlink, syncDirectory } from '../store.ts';
import { dataPaths } from './house.ts';

/** Uploads that trees keep lie here, below DATA/media. */
const UPLOADED = 'uploaded';
const PATIENCE_MS = 5000;
const PAUSE_MS = 50;
const DIGITS = 16;

/** Does `work` while no other process changes what lies in DATA/media. */
export async function whileMediaAreHeld<T>({ dataDirectory }: Settings, work: () => Promise<T>): Promise<T | No> {
  const { locks } = dataPaths(dataDirectory);
  await ensureDirectory(locks);
  for (let waitedMs = 0; waitedMs <= PATIENCE_MS; waitedMs += PAUSE_MS) {
    const lock = takeLock(join(locks, 'media.lock'), 'exclusive');
    if (lock === undefined) {
      await sleep(PAUSE_MS);
      continue;
    }
    try {
      return await work();
    } finally {
      lock.release();
    }
  }
  return no('another command is changing the media of trees', 'try again when it is done');
}

/** An uploaded image where it lies. */
export type UploadedImage = { readonly path: string; readonly name: string; readonly sha256: string };

/** An upload that is kept for a tree. `inMedia` is its path below DATA/media. `made`: it was not there before. */
export type Kept = {
  readonly kind: 'kept';
  readonly path: string;
  readonly inMedia: string;
  readonly made: 'now' | 'before';
};

/**
 * Keeps the image for the tree called `tree`, a name as the site has them: under a second name, so that it takes no more room and
 * outlives the removal of the first.
 */
export async function keepUpload(
  { dataDirectory }: Settings,
  tree: string,
  { path: from, name, sha256 }: UploadedImage,
): Promise<Kept | No> {
  const inMedia = join(UPLOADED, `${tree}-${sha256.slice(0, DIGITS)}.iso`);
  const path = join(dataPaths(dataDirectory).media, inMedia);
  await ensureDirectory(dirname(path));
  try {
    await link(from, path);
    await syncDirectory(dirname(path));
    return { kind: 'kept', path, inMedia, made: 'now' };
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'EEXIST' && (await isOneFile(from, path))) return { kind: 'kept', path, inMedia, made: 'before' };
    if (code === 'EEXIST') return no(`another file lies in DATA/media/${inMedia}`, 'look at it, and remove it');
    if (code === 'ENOENT') return no(`there is no template or ISO ${name} any more`, 'upload it again');
    // EXDEV: two file systems. EPERM: this one has no hard links, or protects those of others. EMLINK: it has too many.
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EACCES'].includes(code)) throw error;
    return no(
      `${name} cannot be linked into DATA/media (${code})`,
      'keep DATA/templates and DATA/media on one file system, or give the path of the image on the appliance',
    );
  }
}

async function isOneFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => stat(path, { bigint: true })));
  return first?.dev === second?.dev && first?.ino === second?.ino;
}

/** Removes a kept upload; answers how many bytes that set free: none where the upload is still among the templates. */
export async function dropKept(path: string): Promise<number> {
  try {
    const about = await stat(path);
    await rm(path);
    await syncDirectory(dirname(path));
    return about.nlink === 1 ? about.size : 0;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Where uploads are kept. */
export function keptUploads({ dataDirectory }: Settings): string {
  return join(dataPaths(dataDirectory).media, UPLOADED);
}

/** The kept upload that `path` is; undefined where it is none. */
export function keptAt(settings: Settings, path: string): string | undefined {
  return dirname(path) === keptUploads(settings) ? path : undefined;
}

/** What lies at a place in DATA/media. `target` is the complete path that a link names. */
export type Lying =
  { readonly kind: 'nothing' } | { readonly kind: 'link'; readonly target: string } | { readonly kind: 'ordinary' };

export async function lyingAt(path: string): Promise<Lying> {
  try {
    if (!(await lstat(path)).isSymbolicLink()) return { kind: 'ordinary' };
    return { kind: 'link', target: resolve(dirname(path), await readlink(path)) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return { kind: 'nothing' };
    throw error;
  }
}

/** Points `path` at `target`. What lies in DATA/media itself is named from there: that directory may be moved. */
export async function linkMedium(settings: Settings, path: string, target: string): Promise<void> {
  await ensureDirectory(dirname(path));
  await saveSymlink(path, keptAt(settings, target) === undefined ? target : relative(dirname(path), target));
}

/** Takes a link away, and the upload that it kept; answers the bytes that set free. */
export async function unlinkMedium(settings: Settings, path: string, target: string): Promise<number> {
  await rm(path);
  await syncDirectory(dirname(path));
  const kept = keptAt(settings, target);
  return kept === undefined ? 0 : dropKept(kept);
}
