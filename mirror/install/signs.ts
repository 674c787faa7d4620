// The signs of a version comparison as people write it, and the senses they have. A table; pure.

import { ANY, EQUAL, GREATER, LESS } from '../closure/range.ts';

/** No sign: any version. */
export const SIGN_SENSES: ReadonlyMap<string, number> = new Map([
  ['', ANY],
  ['<', LESS],
  ['<=', LESS | EQUAL],
  ['=', EQUAL],
  ['==', EQUAL],
  ['>=', GREATER | EQUAL],
  ['>', GREATER],
]);
