// What one client, all strangers and everybody together may cost: so that one machine gone mad, or a flood, starves nobody else. Pure.

import type { MacAddress } from '../address.ts';
import { generations } from '../generations.ts';

export type DhcpLimits = {
  /** Questions being answered at once; what comes above is dropped, and the client asks again. */
  readonly inFlight: number;
  /** How many of these may be machines that are in no site: a flood of invented MACs leaves the rest to the site's own. */
  readonly strangersInFlight: number;
  /** Messages of one MAC: so many at once, then so many a second. A boot takes about ten in its first seconds. */
  readonly perMacAtOnce: number;
  readonly perMacPerSecond: number;
  /** How many MACs are remembered for that, at least. */
  readonly macs: number;
  /** How long an answer may take before it is given up. */
  readonly answerMs: number;
  /** How long an answer of a machine at a probed address is waited for. */
  readonly probeMs: number;
  /**
   * Probes at once. Above, addresses are offered unprobed, as other servers do under load: the kernel has room for 1024
   * neighbours (arp(7), gc_thresh3), and one that does not answer keeps its place for three seconds.
   */
  readonly probes: number;
  /** How long other servers are listened for before this one starts to serve, and how often again. */
  readonly findMs: number;
  readonly findEveryMs: number;
};

export const DEFAULT_DHCP_LIMITS: DhcpLimits = {
  inFlight: 1024,
  strangersInFlight: 768,
  perMacAtOnce: 20,
  perMacPerSecond: 4,
  macs: 20_000,
  answerMs: 5000,
  // On an Ethernet a machine answers ARP within a few ms; the fastest clients (iPXE, busybox) repeat a DISCOVER after 1 s or more.
  probeMs: 300,
  probes: 32,
  // Other servers probe too before they offer: dnsmasq for up to 3 s, ISC dhcpd for 1 s.
  findMs: 4500,
  findEveryMs: 600_000,
};

/** Lets each MAC through so often; `now` in ms. The MACs not heard of for longest are forgotten. */
export function macLimiter(limits: Pick<DhcpLimits, 'perMacAtOnce' | 'perMacPerSecond' | 'macs'>) {
  const buckets = generations<{ readonly tokens: number; readonly at: number }>(limits.macs);
  return (mac: MacAddress, now: number): boolean => {
    const before = buckets.get(mac) ?? { tokens: limits.perMacAtOnce, at: now };
    const gained = (Math.max(0, now - before.at) / 1000) * limits.perMacPerSecond;
    const tokens = Math.min(limits.perMacAtOnce, before.tokens + gained);
    buckets.set(mac, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    return tokens >= 1;
  };
}

/** Whether a thing may be said again at `now` (ms): the same text once in `everyMs`, and no more than `kept` texts in that time. */
export function sayOnce(everyMs: number, kept: number): (text: string, now: number) => boolean {
  const said = new Map<string, number>();
  return (text, now) => {
    for (const [known, at] of said) {
      if (now - at < everyMs) break;
      said.delete(known);
    }
    if (said.has(text) || said.size >= kept) return false;
    said.set(text, now);
    return true;
  };
}
