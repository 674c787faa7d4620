// What the serving bench serves: one directory that is a repository, an install tree and a web root at once, and an ISO of it.

import { randomFillSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildRepo } from '../../test/support/repo-fixture.ts';
import { run } from '../../test/support/lab-run.ts';

export type BenchContent = {
  readonly directory: string;
  /** The web root of all servers. */
  readonly root: string;
  readonly iso: string;
  remove(): Promise<void>;
};

/** How many files of each small size: more than one, as in any repository, and few enough for every server's caches. */
export const FILES = 200;
export const SIZES = { small: 3 * 1024, medium: 96 * 1024, large: 1024 ** 3 } as const;
export const LARGE = 'images/large.img';

/** The path below the root of one of the small or medium files. */
export function pathOf(size: 'small' | 'medium', number: number): string {
  return `Packages/${size}-${number}-1.0-1.noarch.rpm`;
}

/** Random bytes in the sizes of the bench, all on disk. With `large: 'none'` the file of 1 GiB is left out. */
export async function buildContent(large: 'with' | 'none'): Promise<BenchContent> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  await chmod(directory, 0o755); // Apache's worker is no root
  const [root, iso] = [join(directory, 'www'), join(directory, 'bench.iso')];
  const files = buildRepo({ packages: (['small', 'medium'] as const).flatMap(packagesOf) });
  for (const [path, text] of Object.entries(TREE_FILES)) files.set(path, Buffer.from(text));
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  if (large === 'with') await writeLarge(join(root, LARGE));
  await run(['xorriso', '-as', 'mkisofs', '-quiet', '-R', '-V', 'BENCH', '-o', iso, root], { timeoutMs: 300_000 });
  return { directory, root, iso, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** A tree of `count` packages of `sizeBytes` each, and an ISO of it beside; the tree itself is removed. */
export async function buildWideIso(count: number, sizeBytes: number): Promise<BenchContent> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  const [root, iso] = [join(directory, 'www'), join(directory, 'bench.iso')];
  const files = buildRepo({ packages: [] });
  for (const [path, text] of Object.entries(TREE_FILES)) files.set(path, Buffer.from(text));
  for (let number = 0; number < count; number += 1)
    files.set(pathOf('medium', number), randomFillSync(Buffer.alloc(64)));
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
    if (path.startsWith('Packages/')) await truncate(join(root, path), sizeBytes);
  }
  await run(['xorriso', '-as', 'mkisofs', '-quiet', '-R', '-V', 'BENCH', '-o', iso, root], { timeoutMs: 600_000 });
  await rm(root, { recursive: true });
  return { directory, root, iso, remove: () => rm(directory, { recursive: true, force: true }) };
}

function packagesOf(size: 'small' | 'medium') {
  return Array.from({ length: FILES }, (_, number) => ({
    name: `${size}-${number}`,
    path: pathOf(size, number),
    href: pathOf(size, number),
    bytes: randomFillSync(Buffer.alloc(SIZES[size])),
  }));
}

/** No two blocks alike, so that nothing below can store it smaller than it is. */
async function writeLarge(path: string): Promise<void> {
  const block = randomFillSync(Buffer.alloc(16 * 1024 * 1024));
  await using file = await open(path, 'w');
  for (let written = 0; written < SIZES.large; written += block.byteLength) {
    block.writeDoubleLE(written, 0);
    await file.write(block);
  }
}

/** What a tree of RHEL 9 is known by. */
const TREE_FILES = {
  '.treeinfo': [
    '[general]',
    'arch = x86_64',
    'family = Red Hat Enterprise Linux',
    'name = Red Hat Enterprise Linux 9.4',
    'packagedir = Packages',
    'platforms = x86_64',
    'repository = .',
    'timestamp = 1712000000',
    'variant = BaseOS',
    'version = 9.4',
    '',
    '[images-x86_64]',
    'initrd = images/pxeboot/initrd.img',
    'kernel = images/pxeboot/vmlinuz',
    '',
    '[release]',
    'name = Red Hat Enterprise Linux',
    'short = RHEL',
    'version = 9.4',
    '',
    '[stage2]',
    'mainimage = images/install.img',
    '',
  ].join('\n'),
  'images/pxeboot/initrd.img': 'no machine boots this\n',
  'images/pxeboot/vmlinuz': 'no machine boots this\n',
  'images/install.img': 'no machine boots this\n',
};
