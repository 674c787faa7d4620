// How much of a site file's trouble is told: enough to work on, not so much that telling it takes long. Pure.

import type { Problem } from '../malformed.ts';

/** So many problems are told in full. */
export const TOLD = 100;
/** So many of them with a guess at what was meant: each guess looks through all that is known. */
export const SUGGESTED = 20;
/** So many are counted; past this a count is a lower bound. */
export const COUNTED = 100_000;
/** A file is looked at no further once so many values in it are wrong. */
export const EXAMINED = 10_000;

/** The one line for problems that are not told; nothing where `rest` is none. `stopped`: there may be more than were counted. */
export function restOf(rest: number, count: 'whole' | 'stopped'): readonly Problem[] {
  if (rest <= 0) return [];
  const message = `… and ${count === 'stopped' ? 'at least ' : ''}${rest} more problems`;
  return [{ path: '', line: undefined, message, remedy: 'mend these first' }];
}
