// A sound file put in the place of its damaged copies: one rename for each, in every snapshot of every repo that holds it.

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, isNo, Malformed } from '../../../server/malformed.ts';
import { syncDirectory } from '../../../server/store.ts';
import type { Sha256 } from '../../rpm/checksum.ts';
import { linkOrCopy } from '../building/store.ts';
import type { SnapshotFile } from '../layout.ts';
import { atOnce } from '../parallel.ts';
import { filesOf, repoNames, snapshotIds, type Disk } from '../snapshots/store.ts';

/** A place that holds the sound file now. */
export type Mended = {
  readonly repo: string;
  readonly snapshot: string;
  readonly path: string;
  readonly sha256: Sha256;
};

const MENDS_AT_ONCE = 8;

/**
 * Puts the pool's files of these contents at every place where a manifest wants them and another file, or none, is. A
 * reader sees the old file or the new. Needs the pool's lock: a sync that builds a snapshot could miss it.
 */
export async function relink(disk: Disk, contents: ReadonlySet<Sha256>): Promise<readonly Mended[]> {
  const mended: Mended[] = [];
  for (const repo of await repoNames(disk)) {
    for (const snapshot of await snapshotIds(disk, repo)) {
      const files = await wantedOf(disk, { repo, snapshot, contents });
      const home = join(disk.snapshots, repo);
      await atOnce(MENDS_AT_ONCE, files, async ({ path, sha256 }) => {
        if (!(await replace(join(disk.pool, sha256), join(home, snapshot, path), home))) return;
        mended.push({ repo, snapshot, path, sha256 });
      });
      const directories = new Set(files.map(({ path }) => dirname(join(home, snapshot, path))));
      await atOnce(MENDS_AT_ONCE, directories, syncDirectory);
    }
  }
  return mended;
}

type Wanted = { readonly repo: string; readonly snapshot: string; readonly contents: ReadonlySet<Sha256> };

/** None of a snapshot whose manifest is damaged: it cannot be mended, and others can. */
async function wantedOf(disk: Disk, { repo, snapshot, contents }: Wanted): Promise<readonly SnapshotFile[]> {
  try {
    const files = await filesOf(disk, repo, snapshot);
    return isNo(files) ? [] : files.filter(({ sha256 }) => contents.has(sha256));
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}

/** Was another file, or none, at `path`? The new name begins beside the snapshot: nobody lists a half of it. */
async function replace(from: string, path: string, home: string): Promise<boolean> {
  if (await isSameFile(from, path)) return false;
  const temporary = join(home, `.mending-${randomBytes(6).toString('hex')}`);
  try {
    await linkOrCopy(from, temporary);
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return true;
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  try {
    const [a, b] = [await stat(one), await stat(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
