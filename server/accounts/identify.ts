// Who sends a request: by an API token or by a session's cookie, and never by a page of another site. Pure but for the look-ups.

import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import { sessionSecretOf } from './cookie.ts';
import type { Principal } from './rights.ts';

/** What a request tells of its sender. */
export type Credentials = {
  readonly method: string;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
};

export type LookUps = {
  readonly tokenOf: (secret: string) => Principal | undefined;
  readonly sessionOf: (secret: string) => Principal | undefined;
};

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The sender; undefined for nobody. A token that opens nothing is nobody's, whatever cookie comes with it. `No` where a cookie
 * comes with a change that another site's page asks for: browsers send cookies along (RFC 6265 §8.2).
 */
export function identify(credentials: Credentials, { tokenOf, sessionOf }: LookUps): Principal | undefined | No {
  const { method, authorization, cookie } = credentials;
  if (authorization !== undefined) {
    const token = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1];
    return token === undefined ? undefined : tokenOf(token);
  }
  const secret = sessionSecretOf(cookie);
  const principal = secret === undefined ? undefined : sessionOf(secret);
  if (principal === undefined || SAFE.has(method) || isOwnPage(credentials)) return principal;
  return no('a page of another site asked for this', "use the appliance's own page, or an API token");
}

/**
 * Did one of our own pages ask? Browsers tell by Sec-Fetch-Site (W3C Fetch Metadata §2.3), and by Origin where they have no such header; a
 * request with neither was not made by a page, and has no business with a cookie.
 */
function isOwnPage({ host, origin, fetchSite }: Credentials): boolean {
  if (fetchSite !== undefined) return fetchSite === 'same-origin';
  if (origin === undefined || host === undefined) return false;
  return origin === `http://${host}` || origin === `https://${host}`;
}
