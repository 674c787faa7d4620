// Why a server could not be reached, in words an operator can act on. Pure.

import { codeOf, messageOf } from '../../../server/malformed.ts';
import { printable } from '../../../server/printable.ts';
import type { Opened } from '../upstream.ts';

/** Whom the connection was to: `host` is `name:port` or `name`, of the proxy where one was to be used. */
export type Reached = { readonly host: string; readonly proxy: string | undefined };

/** `final`: no other try will better it before somebody changes something. */
type Fault = { readonly reason: (reached: Reached, error: unknown) => string; readonly final?: true };

const AUTHORITY: Fault = {
  final: true,
  reason: ({ host }) =>
    `the certificate of ${host} is of an authority that is not believed here: name that authority's PEM file as "ca"`,
};
const SELF_SIGNED: Fault = {
  final: true,
  reason: ({ host }) =>
    `the certificate of ${host} is signed by itself, or by an authority not believed here: name it as "ca" if it is the right one`,
};
const NO_ROUTE: Fault = { reason: ({ host }) => `there is no way to ${host}: is the network up, and its route right?` };
const TIMEOUT: Fault = {
  reason: ({ host }) => `${host} does not answer: is it up, and does no firewall drop the packets?`,
};
const RESET: Fault = { reason: ({ host }) => `${host} closed the connection` };
const NO_TLS: Fault = {
  final: true,
  reason: ({ host }) => `${host} does not speak TLS as https needs: is the URL one of http?`,
};

/** By the error's code: of node:net, node:dns, OpenSSL's verification (X509_V_ERR_…) and undici. */
const FAULTS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  [
    'ENOTFOUND',
    { reason: ({ host }) => `the name of ${host} is unknown: is it right, and does DNS work on this machine?` },
  ],
  ['EAI_AGAIN', { reason: ({ host }) => `the name of ${host} cannot be looked up: does DNS work on this machine?` }],
  ['ECONNREFUSED', { reason: ({ host }) => `${host} refused the connection: does a server listen there?` }],
  ['EHOSTUNREACH', NO_ROUTE],
  ['ENETUNREACH', NO_ROUTE],
  ['ETIMEDOUT', TIMEOUT],
  ['UND_ERR_CONNECT_TIMEOUT', TIMEOUT],
  ['UND_ERR_HEADERS_TIMEOUT', { reason: ({ host }) => `${host} took the request and did not answer in time` }],
  ['ECONNRESET', RESET],
  ['EPIPE', RESET],
  ['UND_ERR_SOCKET', RESET],
  ['UND_ERR_PRX_CONN', { reason: ({ host }) => `the proxy closed the connection on the way to ${host}` }],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', SELF_SIGNED],
  ['SELF_SIGNED_CERT_IN_CHAIN', SELF_SIGNED],
  ['UNABLE_TO_GET_ISSUER_CERT', AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', AUTHORITY],
  [
    'CERT_HAS_EXPIRED',
    { final: true, reason: ({ host }) => `the certificate of ${host} has expired, or this machine's clock is wrong` },
  ],
  [
    'CERT_NOT_YET_VALID',
    {
      final: true,
      reason: ({ host }) => `the certificate of ${host} is not valid yet, or this machine's clock is wrong`,
    },
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    {
      final: true,
      reason: ({ host }, error) =>
        `the certificate of ${host} is for other names (${printable(messageOf(error), 200)})`,
    },
  ],
  ['EPROTO', NO_TLS],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NO_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NO_TLS],
]);

/** What a failed request is to a sync. The reason never holds more of a URL than its host. */
export function faultOf(error: unknown, reached: Reached): Opened {
  const proxied = reached.proxy === undefined ? undefined : proxyFault(error, reached.proxy);
  if (proxied !== undefined) return proxied;
  const code = codeOf(error);
  const fault = code === undefined ? undefined : FAULTS.get(code);
  const to = connectedTo(reached, code);
  if (fault !== undefined) {
    return { kind: fault.final === true ? 'refused' : 'unavailable', reason: `${fault.reason(to, error)} (${code})` };
  }
  const known = code === undefined ? '' : ` (${code})`;
  return { kind: 'unavailable', reason: `${to.host}: ${printable(messageOf(error), 300)}${known}` };
}

/** Names and connections fail on the way to the proxy; what TLS says is the upstream's own. */
function connectedTo(reached: Reached, code: string | undefined): Reached {
  const first = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'];
  if (reached.proxy === undefined || code === undefined) return reached;
  return [...first, 'UND_ERR_CONNECT_TIMEOUT'].includes(code)
    ? { ...reached, host: `the proxy ${reached.proxy}` }
    : reached;
}

/** undici tells a proxy's status in its messages only. */
function proxyFault(error: unknown, proxy: string): Opened | undefined {
  const message = error instanceof Error ? error.message : '';
  if (/\(407\)/.test(message)) {
    return { kind: 'refused', reason: `the proxy ${proxy} wants a login, or not the one it was given (407)` };
  }
  const refused = /^Proxy response \((\d{3})\)/.exec(message)?.[1];
  if (refused === undefined) return undefined;
  const kind = refused.startsWith('5') ? 'unavailable' : 'refused';
  return { kind, reason: `the proxy ${proxy} does not connect to this server (${refused})` };
}
