// What an operator says of a web upstream, checked: its URL without secrets, who to be there, by which proxy and authorities. Pure.

import { X509Certificate } from 'node:crypto';
import { Malformed, messageOf } from '../../../server/malformed.ts';
import type { UpstreamTarget } from '../upstream.ts';
import { connectionsFor } from './rate.ts';

export type WebTarget = {
  /** Without user and password. */
  readonly url: URL;
  /** The value of an Authorization header, for `url`'s origin. */
  readonly authorization: string | undefined;
  readonly proxy: { readonly url: URL; readonly authorization: string | undefined } | undefined;
  /** PEM text with at least one certificate. */
  readonly ca: string | undefined;
  readonly connections: number;
  readonly bytesPerSecond: number | undefined;
};

const CONNECTIONS = 8;
const LIMIT_CA_BYTES = 8 * 1024 * 1024;

/** Throws `Malformed` for what cannot be an upstream, a proxy or a file of certificates; never with a password in it. */
export function parseTarget(target: UpstreamTarget): WebTarget {
  const { upstream, proxy, login, bytesPerSecond } = target;
  const { url, authorization } = withoutUser(parseWeb(upstream, 'upstream'));
  const own = login === undefined ? authorization : basic(login.user, login.password);
  return {
    url,
    authorization: own,
    proxy: proxy === undefined ? undefined : withoutUser(parseWeb(proxy, 'proxy')),
    ca: target.ca === undefined ? undefined : parseAuthorities(target.ca),
    connections: connectionsFor(target.connections ?? CONNECTIONS, bytesPerSecond),
    bytesPerSecond,
  };
}

/** A URL that is fetched through HTTP. */
export function isWeb(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function parseWeb(text: string, where: 'upstream' | 'proxy'): URL {
  if (!URL.canParse(text)) {
    throw new Malformed(where === 'upstream' ? 'neither a URL nor an absolute path' : 'not a URL', where);
  }
  const url = new URL(text);
  if (!isWeb(url))
    throw new Malformed(`cannot fetch ${where === 'upstream' ? 'from' : 'through'} ${url.protocol}`, where);
  return url;
}

function withoutUser(given: URL): { readonly url: URL; readonly authorization: string | undefined } {
  const url = new URL(given);
  url.username = '';
  url.password = '';
  if (given.username === '') return { url, authorization: undefined };
  return { url, authorization: basic(unescaped(given.username), unescaped(given.password)) };
}

/** A user as it was meant; one with a % that escapes nothing was meant as it stands. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 7617 §2: in UTF-8. */
function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** OpenSSL passes over what it cannot read in such a file, and would then believe nobody without saying why. */
function parseAuthorities(bytes: Uint8Array): string {
  if (bytes.length > LIMIT_CA_BYTES) throw new Malformed(`larger than ${LIMIT_CA_BYTES} bytes`, 'ca');
  const text = Buffer.from(bytes).toString('latin1');
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw new Malformed('holds no certificate in PEM form', 'ca');
  for (const [index, pem] of certificates.entries()) {
    try {
      void new X509Certificate(pem);
    } catch (error) {
      throw new Malformed(`its certificate ${index + 1} cannot be read: ${messageOf(error)}`, 'ca');
    }
  }
  return certificates.join('\n');
}
