// What the site file says of a profile's disks: its schema, the storage it makes, and that storage as a file says it. Pure.

import { z } from 'zod';
import { DISK_RULE } from '../disk-rule.ts';
import type { Layout, Storage } from '../domain.ts';
import { formatSizeMb } from '../size.ts';
import { text } from './described.ts';
import { checkDisk, checkMount, checkSize, MOUNT, readSize, SIZE_ALONE } from './storage-values.ts';
import * as values from './values.ts';

const disk = text(checkDisk, {
  description: 'A disk under /dev, such as sda; or one by its size: 400G-600G, 400G-600G#2.',
  pattern: `${values.DISK}|${DISK_RULE}`,
});
const disks = z.array(disk).min(1).max(256);
const LAYOUTS = ['whole', 'lvm', 'raid1', 'raid10'] as const satisfies readonly Layout[];
const layout = z.enum(LAYOUTS).meta({
  description:
    'whole: one disk; lvm: a volume group over the disks; raid1: a mirror of two or more; raid10: four or more.',
});
const mount = text(checkMount, { description: 'Where it is mounted.', pattern: MOUNT, examples: ['/export'] });
const size = text(checkSize, { description: 'Such as 20G.', pattern: SIZE_ALONE, examples: ['20G', '500M', '2T'] });

export const storage = z.strictObject({
  layout,
  disks: disks.meta({ description: 'The disks that are wiped for the system. No other is touched.' }),
  root: size.optional().meta({ description: 'How large / is. Without it / takes what is left.' }),
  mounts: z
    .array(
      z.strictObject({
        at: mount,
        size: z.union([z.literal('rest'), size]).meta({ description: 'Such as 20G, or rest: all that is left.' }),
      }),
    )
    .max(32)
    .default([])
    .meta({ description: "File systems of their own on the system's disks." }),
  data: z
    .array(z.strictObject({ at: mount, layout, disks: disks.meta({ description: 'Disks that are wiped for it.' }) }))
    .max(32)
    .default([])
    .meta({ description: 'Further disks, each lot of them one file system.' }),
  guest: z.array(disk).max(256).default([]).meta({ description: "Disks that hold a hypervisor's local storage." }),
});

export type StorageFile = z.infer<typeof storage>;

/** The storage of a checked file. */
export function buildStorage({ root, mounts, ...rest }: StorageFile): Storage {
  return {
    ...rest,
    rootMb: root === undefined ? undefined : readSize(root),
    mounts: mounts.map(({ at, size: wanted }) => ({
      at,
      sizeMb: wanted === 'rest' ? wanted : (readSize(wanted) ?? 0),
    })),
  };
}

/** As it stands in a site file. */
export function showStorage({ rootMb, mounts, data, ...rest }: Storage): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    root: rootMb === undefined ? undefined : formatSizeMb(rootMb),
    mounts: mounts.map(({ at, sizeMb }) => ({ at, size: sizeMb === 'rest' ? sizeMb : formatSizeMb(sizeMb) })),
    data,
  };
}
