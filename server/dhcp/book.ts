// The leases in memory, found by address and by client in constant time. Pure: who keeps them on disk is store.ts.

import type { MacAddress } from '../address.ts';
import { toNumber } from '../address.ts';
import type { Lease } from './types.ts';

/** What a decision may look up. */
export type LeaseView = {
  /** The lease of an address (as a number), whatever its state and however old. */
  at(address: number): Lease | undefined;
  /** The leases that the client's MAC ever had and nobody else has taken since. A client id alone finds nothing: see `isOwn`. */
  of(client: ClientName): readonly Lease[];
};

export type LeaseBook = LeaseView & {
  /** Writes a lease down; it replaces the one of its address. */
  put(lease: Lease): void;
  all(): IterableIterator<Lease>;
};

export type ClientName = { readonly mac: MacAddress; readonly clientId: string | undefined };

/** A book that holds `leases`. */
export function leaseBook(leases: Iterable<Lease>): LeaseBook {
  const byAddress = new Map<number, Lease>();
  const byMac = new Map<MacAddress, Set<number>>();
  const put = (lease: Lease): void => {
    const address = toNumber(lease.address);
    const before = byAddress.get(address);
    if (before !== undefined) forget(byMac, before, address);
    byAddress.set(address, lease);
    // Who found an address in use does not hold it.
    if (lease.state !== 'conflict') remember(byMac, lease, address);
  };
  for (const lease of leases) put(lease);
  return {
    put,
    at: (address) => byAddress.get(address),
    of: ({ mac }) => [...(byMac.get(mac) ?? [])].flatMap((address) => byAddress.get(address) ?? []),
    all: () => byAddress.values(),
  };
}

/** Does anybody hold this lease at `now`? Offers and conflicts are held too, for their time. */
export function isHeld(lease: Lease, now: number): boolean {
  return lease.state !== 'released' && lease.expiresAt > now;
}

/**
 * Is the lease this client's own? By its client id where both sides have one (RFC 2131 §4.2), but never without the MAC:
 * cloned machines and firmwares without a UUID send the same id from different cards, and would share one address.
 * A loader that sends no id and the system after it that sends one are one machine.
 */
export function isOwn(lease: Lease, client: ClientName): boolean {
  if (lease.state === 'conflict' || lease.mac !== client.mac) return false;
  return lease.clientId === undefined || client.clientId === undefined || lease.clientId === client.clientId;
}

/** The client id that tells more than the MAC does: `01` and the MAC (RFC 2132 §9.14) is the MAC once more. */
export function clientName(client: ClientName): ClientName {
  const says = client.clientId === `01${client.mac.replaceAll(':', '')}` ? undefined : client.clientId;
  return { mac: client.mac, clientId: says };
}

function remember(byMac: Map<MacAddress, Set<number>>, { mac }: Lease, address: number): void {
  const addresses = byMac.get(mac);
  if (addresses === undefined) byMac.set(mac, new Set([address]));
  else addresses.add(address);
}

function forget(byMac: Map<MacAddress, Set<number>>, { mac }: Lease, address: number): void {
  const addresses = byMac.get(mac);
  addresses?.delete(address);
  if (addresses?.size === 0) byMac.delete(mac);
}
