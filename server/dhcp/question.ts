// A question for an address and the forms its decision takes: what leases.ts and offers.ts share. Pure.

import type { Ipv4 } from '../address.ts';
import type { ClientName, LeaseView } from './book.ts';
import type { ServedNetwork } from './networks.ts';
import type { DhcpRequest, Grant, Lease } from './types.ts';

export type LeaseQuestion = {
  readonly request: DhcpRequest;
  /** Whether the client sent it to this server's address, or to everybody on the wire. */
  readonly sentTo: 'this-server' | 'everyone';
  /** This server's address and identifier (option 54). */
  readonly self: Ipv4;
  readonly networks: readonly ServedNetwork[];
  readonly book: LeaseView;
  /** What probes found since this question came in; `unprobed`: there were too many to look. */
  readonly probed: ReadonlyMap<Ipv4, 'free' | 'in-use' | 'unprobed'>;
  /** When the message came, in ms since 1970: the same after a probe. */
  readonly now: number;
};

/** `changes` are leases to write down; `alarm` is what an operator must hear of. */
export type LeaseDecision = LeaseGranted | LeaseProbe | LeaseSilence;

export type LeaseGranted = {
  readonly kind: 'grant';
  readonly grant: Grant;
  readonly changes: readonly Lease[];
};

/** Look first whether anybody answers at `address`, then ask again. */
export type LeaseProbe = { readonly kind: 'probe'; readonly address: Ipv4; readonly changes: readonly Lease[] };

/** No answer. `foreign`: the other server whose offer was taken. */
export type LeaseSilence = {
  readonly kind: 'silence';
  readonly reason: string;
  readonly changes: readonly Lease[];
  readonly foreign: Ipv4 | undefined;
  readonly alarm: string | undefined;
};

/** A question whose network is known. */
export type Asked = LeaseQuestion & { readonly network: ServedNetwork; readonly client: ClientName };

/** No answer, for `reason`. */
export function silence(reason: string): LeaseSilence {
  return { kind: 'silence', reason, changes: [], foreign: undefined, alarm: undefined };
}

/** No answer, but an operator hears of it. */
export function alarming(reason: string, changes: readonly Lease[]): LeaseSilence {
  return { kind: 'silence', reason, changes, foreign: undefined, alarm: reason };
}

type Granted =
  | { readonly kind: 'offer' | 'ack'; readonly address: Ipv4; readonly changes: readonly Lease[] }
  | { readonly kind: 'inform' };

/** The grant with what its network says; a host of the site is told its name. */
export function grantOf({ network, request }: Asked, granted: Granted): LeaseGranted {
  const settings = { ...network.settings, hostname: network.hosts.get(request.mac)?.name };
  if (granted.kind === 'inform') {
    return { kind: 'grant', grant: { kind: 'inform', network: settings }, changes: [] };
  }
  const { kind, address, changes } = granted;
  return { kind: 'grant', grant: { kind, address, network: settings }, changes };
}

/** A lease of `address` for the client that asks. */
export function leaseFor(
  { client, request, now }: Asked,
  address: Ipv4,
  held: { readonly state: Lease['state']; readonly forMs: number },
): Lease {
  return { address, ...client, hostname: request.hostname, state: held.state, expiresAt: now + held.forMs };
}
