// What one command's options demand of each other: the shapes that checks are made of.

import type { Call } from './call.ts';
import { placeOf } from './call.ts';
import type { Finding } from './finding.ts';
import { syntaxError } from './finding.ts';
import type { Release } from './release.ts';

/** Looks at one command alone. */
export type Check = (call: Call, release: Release) => readonly (Finding | undefined)[];

/** Exactly one of `options` has to be there. */
export function exactlyOne(call: Call, options: readonly string[]): Finding | undefined {
  const given = options.filter((option) => call.options.has(option));
  if (given.length === 1) return undefined;
  const names = options.join(', ');
  if (given.length === 0) return syntaxError(placeOf(call), `${call.name} needs one of ${names}`);
  return together(call, given);
}

/** These options stand together and may not. */
export function together(call: Call, options: readonly string[]): Finding | undefined {
  if (!options.every((option) => call.options.has(option))) return undefined;
  return syntaxError(placeOf(call, options.at(-1)), `${call.name} takes only one of ${options.join(' and ')}`);
}

/** `option` has no meaning without `other`. */
export function needs(call: Call, option: string, other: string): Finding | undefined {
  if (!call.options.has(option) || call.options.has(other)) return undefined;
  return syntaxError(placeOf(call, option), `${call.name} ${option} needs ${other} too`);
}
