// What a secret may be called, and comparison of secrets that strangers present: operators' and armings' tokens.

import { createHash, timingSafeEqual } from 'node:crypto';

/** The name of a secret, which is a file's: in the site file and in the store. */
export const SECRET_NAME = '^[a-z0-9][a-z0-9-]{0,63}$';

/** What operators show the appliance to be let in. No installer, no template and no bundle is ever given it. */
export const OPERATOR_SECRET = 'operator';

/** Are the two equal? In constant time, whatever their lengths. */
export function sameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The name of a secret kept outside the site file (`kickstand secret set NAME`). */
export type SecretRef = { readonly secret: string };
