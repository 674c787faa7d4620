// Comparison of secrets that strangers present: operators' tokens and the tokens of armings.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Are the two equal? In constant time, whatever their lengths. */
export function sameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
