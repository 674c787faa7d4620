// Where an upstream's redirects may lead: which URLs are followed, and which addresses their names may stand for.

import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { FetchRequest } from '../upstream.ts';
import { isWeb } from '../web/target.ts';

export type Redirect =
  | { readonly kind: 'follow'; readonly url: URL }
  /** Asking again is of no use. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It leads to another server, and only the upstream's own was wanted. */
  | { readonly kind: 'elsewhere'; readonly reason: string };

/** `home` is the server that `own-server` means: the guarded upstream's own, or a mirror that it named. */
export type Asked = { readonly location: string; readonly redirects: FetchRequest['redirects']; readonly home?: URL };

export type Guard = {
  judge(from: URL, redirect: Asked): Redirect;
  /** For node:net and undici's connector: fails with `RefusedAddress` for a name that stands for a place out of bounds. */
  readonly lookup: LookupFunction;
};

/** A name stands for an address that an upstream has no business to lead to. */
export class RefusedAddress extends Error {}

/** What only this machine, or its own cable, can reach: no mirror redirects there, but one who wants to look inside does. */
const INSIDE = [
  ['a loopback address', listOf(['127.0.0.0', 8], ['::1', 128])], // RFC 1122 §3.2.1.3, RFC 4291 §2.5.3
  ['a link-local address', listOf(['169.254.0.0', 16], ['fe80::', 10])], // RFC 3927 §2.1, RFC 4291 §2.5.6
  ['an unspecified address', listOf(['0.0.0.0', 8], ['::', 128])], // RFC 1122 §3.2.1.3, RFC 4291 §2.5.2
] as const;
type Inside = (typeof INSIDE)[number][0];

/**
 * Guards the redirects of the upstream at `base`. An inside place is allowed where `base` itself is of that kind. Behind a proxy
 * only `judge` holds: the proxy looks names up, and reaches its own inside, not ours.
 */
export function guardRedirects(base: URL): Guard {
  const own = new Set<Inside>();
  const itself = insideOf(hostOf(base));
  if (itself !== undefined) own.add(itself);
  return {
    judge: (from, { location, redirects, home = base }) => {
      if (!URL.canParse(location, from.href)) return { kind: 'refused', reason: 'a redirect to no URL' };
      const url = new URL(location, from);
      if (!isWeb(url)) return { kind: 'refused', reason: `a redirect to ${url.protocol}` };
      if (from.protocol === 'https:' && url.protocol === 'http:') {
        return { kind: 'refused', reason: 'a redirect from https to http' };
      }
      if (redirects === 'own-server' && !isSameServer(home, url)) {
        return { kind: 'elsewhere', reason: 'a redirect to another server' };
      }
      const inside = insideOf(hostOf(url));
      if (inside !== undefined && !own.has(inside)) return { kind: 'refused', reason: `a redirect to ${inside}` };
      return { kind: 'follow', url };
    },
    lookup: (name, options, done) => {
      lookup(name, { ...options, all: true }, (error, found) => {
        const fault = error ?? refuse(name, found);
        const [first] = found ?? [];
        if (fault !== null || first === undefined) done(fault ?? new RefusedAddress(`${name} has no address`), []);
        else if (options.all === true) done(null, found);
        else done(null, first.address, first.family);
      });
    },
  };

  function refuse(name: string, found: readonly LookupAddress[]): RefusedAddress | null {
    const insides = found.flatMap(({ address }) => insideOf(address) ?? []);
    if (name === hostOf(base)) {
      // The operator gave the upstream's own name, wherever it leads; but one of many addresses opens nothing to redirects.
      if (insides.length === found.length) for (const inside of insides) own.add(inside);
      return null;
    }
    const wrong = insides.find((inside) => !own.has(inside));
    return wrong === undefined ? null : new RefusedAddress(`${name} is ${wrong}`);
  }
}

/** The same origin, or its change from http to https at the usual ports. */
function isSameServer(home: URL, url: URL): boolean {
  if (url.origin === home.origin) return true;
  return url.hostname === home.hostname && home.port === '' && url.port === '' && url.protocol === 'https:';
}

/** The name, or the address without the brackets that a URL puts around one of IPv6. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Addresses of IPv4 written as IPv6 (`::ffff:127.0.0.1`) count as what they are. Undefined for other addresses, and for all
 * names but those that are loopback by definition (RFC 6761 §6.3).
 */
function insideOf(address: string): Inside | undefined {
  const family = isIP(address);
  if (family === 0) return /(?:^|\.)localhost\.?$/i.test(address) ? 'a loopback address' : undefined;
  return INSIDE.find(([, list]) => list.check(address, family === 6 ? 'ipv6' : 'ipv4'))?.[0];
}

function listOf(...subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, isIP(net) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
