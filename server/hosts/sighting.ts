// What is kept of a machine that asked for a boot and is in no site: strangers' words, bounded before they go anywhere. Pure.

import type { Firmware } from '../domain.ts';
import { printable } from '../printable.ts';
import type { Sighting } from './history.ts';

type Claims = Omit<Sighting, 'mac' | 'firstSeen' | 'lastSeen'>;

/** What one question tells: as much of a sighting as is known, its texts as they came. */
export type Seen = Pick<Sighting, 'mac' | 'firstSeen' | 'lastSeen'> & {
  readonly [Key in keyof Claims]?: string | undefined;
};

const LONGEST = 128;

/** The sighting that `seen` makes: each text cut, without anything that a terminal or a page would obey. */
export function boundSighting({ mac, firstSeen, lastSeen, ...seen }: Seen): Sighting {
  return {
    mac,
    uuid: shown(seen.uuid),
    address: shown(seen.address),
    firmware: shown(seen.firmware),
    vendorClass: shown(seen.vendorClass),
    userClass: shown(seen.userClass),
    hostname: shown(seen.hostname),
    firstSeen,
    lastSeen,
  };
}

/** A text of nothing is none. */
function shown(text: string | undefined): string | undefined {
  return (text === undefined ? '' : printable(text, LONGEST).trim()) || undefined;
}

/** `uefi x86_64 over http`, and whether iPXE already runs. */
export function describeFirmware({ platform, arch, transport, isIpxe }: Firmware): string {
  const kind = arch === 'other' ? 'of an architecture that no tree is made for' : arch;
  return `${platform} ${kind} over ${transport}${isIpxe ? ', in iPXE' : ''}`;
}
