// Do two sites mean the same? Asked before a program's change of the file is kept: a text may say more than was meant. Pure.

import type { Site } from '../domain.ts';

/** Equal in every value, and in the order of every list. */
export function isSameSite(one: Site, other: Site): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
