// Which boot of which install a machine is at: whose the packages are that it fetches.

import type { MacAddress } from '../address.ts';
import { findHost } from '../boot/query.ts';
import type { Site } from '../domain.ts';
import type { Attempt } from '../hosts/receipts/shape.ts';
import type { ReceiptStore } from '../hosts/receipts/store.ts';
import type { HostStore } from '../hosts/store.ts';

export type AttemptParts = {
  readonly site: Site;
  readonly hosts: HostStore;
  readonly receipts: Pick<ReceiptStore, 'has'>;
  readonly now: number;
};

/** Which boot of which host's install a machine is at; undefined where it does not install. */
export function attemptOf(mac: MacAddress, { site, hosts, receipts, now }: AttemptParts): Attempt | undefined {
  const host = findHost(site, { mac, uuid: undefined, address: undefined });
  if (host === undefined) return undefined;
  const { phase, arming, attempts } = hosts.state(host.name, now);
  if (arming === undefined) return undefined;
  // The last packages are written down a moment after they were served: the install may have ended meanwhile.
  const isOpen = phase === 'installed' && !receipts.has(host.name, arming.armedAt);
  if (phase !== 'installing' && !isOpen) return undefined;
  return { host: host.name, armedAt: arming.armedAt, attempt: attempts };
}
