// Reads from a request what runs on the machine that wants network boot, and whether it wants it at all (RFC 4578, 3004); pure.

import type { MacAddress } from '../address.ts';
import type { Firmware } from '../domain.ts';
import { OPTION } from './options.ts';
import type { DhcpPacket, NetworkBoot } from './types.ts';

type Machine = Pick<Firmware, 'platform' | 'arch'>;

/**
 * IANA "Processor Architecture Types". RFC 4578's text gives 7 to EFI byte code and 9 to x86-64, IANA and all firmware the other way
 * round: both are x86-64. What is not here has no tree that could be installed on it.
 */
const MACHINES: ReadonlyMap<number, Machine> = new Map([
  [0, { platform: 'bios', arch: 'x86_64' }],
  [6, { platform: 'uefi', arch: 'i386' }],
  [7, { platform: 'uefi', arch: 'x86_64' }],
  [9, { platform: 'uefi', arch: 'x86_64' }],
  [10, { platform: 'uefi', arch: 'other' }], // 32-bit ARM
  [11, { platform: 'uefi', arch: 'aarch64' }],
  // 15 to 20: the same machines, booting from HTTP
  [15, { platform: 'uefi', arch: 'i386' }],
  [16, { platform: 'uefi', arch: 'x86_64' }],
  [17, { platform: 'uefi', arch: 'other' }], // EFI byte code
  [18, { platform: 'uefi', arch: 'other' }],
  [19, { platform: 'uefi', arch: 'aarch64' }],
  [20, { platform: 'bios', arch: 'x86_64' }],
]);

/** Codes whose firmware is no UEFI, of those that are not in the table: NEC PC-98, Alpha, ARC, "lean" Intel, Raspberry Pi. */
const OTHER_BIOS: ReadonlySet<number> = new Set([1, 3, 4, 5, 41]);

/**
 * A Raspberry Pi's boot ROM says 0, x86 BIOS, and is neither: it fetches its own `start.elf`. Known by the maker's MAC prefixes, it
 * is no machine that a tree is made for. One with UEFI firmware says 11 and is left alone here.
 */
const RASPBERRY_PI = ['b8:27:eb', 'dc:a6:32', 'e4:5f:01', '28:cd:c1', 'd8:3a:dd'];

const UUID_BYTES = 17;

/**
 * What network boot `packet` asks for, or `undefined` where it does not. RFC 4578 §2: a class identifier (60) that starts with PXEClient
 * or, for UEFI HTTP boot, HTTPClient, and the machine's architectures (93). Neither 94 nor 97 is asked for, though the RFC says MUST:
 * both are missing or odd in ROMs that boot well otherwise, and nothing here depends on them.
 */
export function networkBootOf(
  packet: DhcpPacket,
  mac: MacAddress,
  texts: { readonly vendorClass: string | undefined; readonly userClasses: readonly string[] },
): NetworkBoot | undefined {
  const transport = transportOf(texts.vendorClass);
  const codes = architectures(packet.options.get(OPTION.clientArchitecture));
  const archCode = codes[0];
  if (transport === undefined || archCode === undefined) return undefined;
  const isIpxe = runsIpxe(packet, texts.userClasses);
  return { firmware: { ...machineOf(codes, mac), transport, isIpxe }, uuid: uuidOf(packet), archCode };
}

function transportOf(vendorClass: string | undefined): Firmware['transport'] | undefined {
  if (vendorClass?.startsWith('HTTPClient')) return 'http';
  return vendorClass?.startsWith('PXEClient') ? 'tftp' : undefined;
}

/** A list of 16-bit codes; a byte too much is dropped. */
function architectures(bytes: Uint8Array | undefined): readonly number[] {
  const list = bytes ?? new Uint8Array();
  return Array.from({ length: Math.floor(list.byteLength / 2) }, (_, index) => {
    const [high = 0, low = 0] = list.subarray(index * 2);
    return high * 256 + low;
  });
}

function machineOf(codes: readonly number[], mac: MacAddress): Machine {
  const code = codes.find((code) => MACHINES.has(code)) ?? codes[0] ?? 0;
  if (code === 0 && RASPBERRY_PI.some((prefix) => mac.startsWith(prefix))) return { platform: 'bios', arch: 'other' };
  return MACHINES.get(code) ?? { platform: OTHER_BIOS.has(code) ? 'bios' : 'uefi', arch: 'other' };
}

/**
 * iPXE says so in its user class, which a script may have changed; its own option 175 it always sends. gPXE, its forebear in old ROMs,
 * sends 175 too, but takes no iPXE script: it is given a loader, like any ROM.
 */
function runsIpxe(packet: DhcpPacket, userClasses: readonly string[]): boolean {
  if (userClasses.includes('iPXE')) return true;
  return packet.options.has(OPTION.ipxe) && !userClasses.includes('gPXE');
}

/**
 * RFC 4578 §2.3: type 0 and 16 bytes. The first three groups have their low byte first, as in SMBIOS: so sent by iPXE and EDK2, and so
 * it reads as the machine's label, `dmidecode` and QEMU's `-uuid` do. Anything else, all zeros and all ones (unset) is no UUID.
 */
function uuidOf(packet: DhcpPacket): string | undefined {
  const bytes = packet.options.get(OPTION.clientMachineIdentifier);
  if (bytes?.byteLength !== UUID_BYTES || bytes[0] !== 0) return undefined;
  const group = (from: number, to: number): Uint8Array => bytes.slice(from, to);
  const groups = [
    ...[group(1, 5), group(5, 7), group(7, 9)].map((part) => part.toReversed()),
    ...[group(9, 11), group(11, 17)],
  ];
  const uuid = groups.map((part) => Buffer.from(part).toString('hex')).join('-');
  return /^[0-]+$|^[f-]+$/.test(uuid) ? undefined : uuid;
}
