// Looks into a machine's disk image from outside: mounts its partitions read-only and asks rpm what is installed.

import { mkdtemp, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './lab-run.ts';

export type Partition = { readonly start: number; readonly sizeSectors: number; readonly type: string };

/** The partitions of the MBR of `image`, in order; sectors are 512 bytes. */
export async function partitionsOf(image: string): Promise<readonly Partition[]> {
  const dump = await run(['sfdisk', '--dump', image]);
  const rows = dump.matchAll(/start= *(\d+), size= *(\d+), type=(\w+)/g);
  return [...rows].map(([, start, size, type = '']) => ({ start: Number(start), sizeSectors: Number(size), type }));
}

/** How many blocks of 512 bytes the image `path`, made sparse, has taken up: 0 while nothing was ever written to it. */
export async function blocksOf(path: string): Promise<number> {
  return (await stat(path)).blocks;
}

/** Mounts one partition read-only while `look` runs. */
export async function withPartition<T>(
  image: string,
  partition: Partition,
  look: (root: string) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'kickstand-disk-'));
  const where = `offset=${partition.start * 512},sizelimit=${partition.sizeSectors * 512}`;
  try {
    await run(['mount', '-t', 'ext4', '-o', `ro,noload,loop,${where}`, image, root]);
    try {
      return await look(root);
    } finally {
      await run(['umount', root]);
    }
  } finally {
    await rmdir(root);
  }
}

/** The names of the packages installed in the system at `root`, sorted. */
export async function installedPackages(root: string): Promise<readonly string[]> {
  // The database is copied: rpm locks it, even to read.
  const copy = await mkdtemp(join(tmpdir(), 'kickstand-rpmdb-'));
  try {
    await run(['cp', '-r', `${join(root, 'var/lib/rpm')}/.`, copy]);
    const names = await run(['rpm', '--dbpath', copy, '-qa', '--qf', '%{NAME}\\n']);
    return names.trim().split('\n').toSorted();
  } finally {
    await run(['rm', '-r', copy]);
  }
}
