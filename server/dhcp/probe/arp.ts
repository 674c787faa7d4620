// The kernel's ARP table as text (/proc/net/arp) → who answers at an address. Pure.

import type { MacAddress } from '../../address.ts';
import { parseMac } from '../../address.ts';
import { Malformed } from '../../malformed.ts';

/** ATF_COM of linux/if_arp.h: the entry has a hardware address. */
const COMPLETE = 0x2;

/**
 * The complete entries of Ethernet, by address: `IP address  HW type  Flags  HW address  Mask  Device` under a heading (proc(5)).
 * An address found on two devices is listed with both.
 */
export function readArpTable(text: string): ReadonlyMap<string, readonly MacAddress[]> {
  const table = new Map<string, MacAddress[]>();
  for (const line of text.split('\n').slice(1)) {
    const [address, type, flags, hardware] = line.trim().split(/\s+/);
    if (address === undefined || type !== '0x1' || (Number(flags) & COMPLETE) === 0) continue;
    const mac = macIn(hardware ?? '');
    if (mac !== undefined) table.set(address, [...(table.get(address) ?? []), mac]);
  }
  return table;
}

function macIn(text: string): MacAddress | undefined {
  try {
    return parseMac(text);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
