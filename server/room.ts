// How much room a system takes, and what disks are worth in a layout: for the check of a site and for %pre. A leaf.

import type { Layout } from './domain.ts';

/** MiB of /boot by the file system of a release: RHEL 7 and later hold bigger kernels. */
export const BOOT_MB = { ext4: 500, xfs: 1024 } as const;
/** The least of `/`. */
export const ROOT_MB = 4096;
/** The least that `swap --recommended` makes (anaconda gives a machine of 2 GiB as much again), and labels and metadata. */
const OTHER_MB = 1024 + 256;
/** The least of a file system that takes the rest. */
const REST_MB = 512;

type Wanted = {
  readonly rootMb: number | undefined;
  readonly mounts: readonly { readonly sizeMb: number | 'rest' }[];
};

/** MiB that the system's disks must be worth together. */
export function neededMb({ rootMb, mounts }: Wanted, fileSystem: keyof typeof BOOT_MB): number {
  const own = mounts.reduce((sum, { sizeMb }) => sum + (sizeMb === 'rest' ? REST_MB : sizeMb), 0);
  return BOOT_MB[fileSystem] + OTHER_MB + (rootMb ?? ROOT_MB) + own;
}

/** What disks of these sizes hold: all of them together, the smallest of a mirror, half of as many as the smallest in RAID 10. */
export function worthMb(layout: Layout, sizesMb: readonly number[]): number {
  const least = Math.min(...sizesMb);
  switch (layout) {
    case 'whole':
    case 'lvm':
      return sizesMb.reduce((sum, size) => sum + size, 0);
    case 'raid1':
      return least;
    case 'raid10':
      return Math.floor((least * sizesMb.length) / 2);
  }
}
