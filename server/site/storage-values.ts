// Checks of the texts that only storage has: sizes, mount points. Pure.

import { readDiskRule } from '../disk-rule.ts';
import { readSizeMb, SIZE } from '../size.ts';
import type { Fault } from './finding.ts';
import { quoted } from './finding.ts';
import { checkDisk as checkDiskName } from './values.ts';

export const SIZE_ALONE = `^${SIZE}$`;
export const MOUNT = '^(?:/[A-Za-z0-9][A-Za-z0-9.-]{0,63}){1,8}$';

/** Less holds no file system worth its place; more no installer here was ever given. */
const [LEAST_MB, MOST_MB] = [512, 1024 * 1024 * 1024];

/** MiB of `500M`, `20G`, `2T`; undefined for anything else, and for less than 512M or more than 1024T. */
export function readSize(text: string): number | undefined {
  const sizeMb = readSizeMb(text);
  return sizeMb !== undefined && sizeMb >= LEAST_MB && sizeMb <= MOST_MB ? sizeMb : undefined;
}

/** A disk by its name, or by its size. */
export function checkDisk(text: string): Fault | undefined {
  if (!/^\d+[A-Za-z]*-\d/.test(text)) return checkDiskName(text);
  if (readDiskRule(text) !== undefined) return undefined;
  return {
    message: `${quoted(text)} is no size of disks`,
    remedy: 'from-to, such as 400G-600G, with #2 for the second of them',
  };
}

/** A size. */
export function checkSize(text: string): Fault | undefined {
  if (readSize(text) !== undefined) return undefined;
  return { message: `${quoted(text)} is no size`, remedy: 'a whole number with M, G or T, from 512M on, such as 20G' };
}

/**
 * What no file system of its own may hold: what the installer places itself, and what it refuses to part from `/` (anaconda's list, and
 * /usr, which RHEL 7 and later cannot start without).
 */
const OWN = new Set('bin boot dev etc lib lib64 lost+found mnt proc root run sbin swap sys usr'.split(' '));

/** A mount point. */
export function checkMount(text: string): Fault | undefined {
  if (!new RegExp(MOUNT).test(text)) {
    return { message: `${quoted(text)} is no mount point`, remedy: 'an absolute path of plain names, such as /export' };
  }
  const first = text.split('/')[1] ?? '';
  if (!OWN.has(first)) return undefined;
  return {
    message: `/${first} cannot be a file system of its own here`,
    remedy: 'such as /export, /srv, /var or /home',
  };
}
