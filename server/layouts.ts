// How many disks each layout of storage takes: one table for the check of a site and for the renderer. A leaf.

import type { Layout } from './domain.ts';

/** `whole` takes exactly one: a second one would be wiped and then left unused. */
export const DISKS_OF_LAYOUT: Readonly<Record<Layout, { readonly least: number; readonly most: number }>> = {
  whole: { least: 1, most: 1 },
  lvm: { least: 1, most: Infinity },
  raid1: { least: 2, most: Infinity },
  raid10: { least: 4, most: Infinity },
};
