// Disks that are named by their size instead: `400G-600G`, `1T-2T#2`. A leaf.

import { formatSizeMb, readSizeMb, SIZE } from './size.ts';

/** The form of a rule: from, to, and which of them, where there are several. */
export const DISK_RULE = `^${SIZE}-${SIZE}(?:#[1-9])?$`;

/** A whole disk of at least `fromMb` and at most `toMb` MiB; the `number`th of them, counted from 1 in the order of the kernel's names. */
export type DiskRule = { readonly fromMb: number; readonly toMb: number; readonly number: number };

/**
 * The rule that `text` is, or undefined: then it is a disk's name. A machine must have exactly as many disks of a size as
 * there are rules with it, so that no disk is taken that nobody thought of.
 */
export function readDiskRule(text: string): DiskRule | undefined {
  if (!new RegExp(DISK_RULE).test(text)) return undefined;
  const [sizes = '', number = '1'] = text.split('#');
  const [from = '', to = ''] = sizes.split('-');
  const [fromMb, toMb] = [readSizeMb(from), readSizeMb(to)];
  if (fromMb === undefined || toMb === undefined || fromMb > toMb) return undefined;
  return { fromMb, toMb, number: Number(number) };
}

/** From what to what, in the one way that all writings of a size have in common: `1024G-2048G#2` is of `1T-2T`. */
export function sizesOf({ fromMb, toMb }: DiskRule): string {
  return `${formatSizeMb(fromMb)}-${formatSizeMb(toMb)}`;
}
