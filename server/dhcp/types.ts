// What the DHCP room hands around: a message read once, what is answered, and where that goes. Types only.

import type { Ipv4, MacAddress, Subnet } from '../address.ts';
import type { BootAnswer, Firmware } from '../domain.ts';

/** A BOOTP/DHCP message as on the wire (RFC 2131 §2, figure 1). `chaddr` holds `hlen` bytes; texts end before their NUL. */
export type DhcpPacket = {
  readonly op: 'request' | 'reply';
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly broadcast: boolean;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  readonly chaddr: Uint8Array;
  readonly sname: string;
  readonly file: string;
  /** By code, the parts of one option joined (RFC 3396), in the order of their first part. */
  readonly options: ReadonlyMap<number, Uint8Array>;
};

export type DhcpMessageType = 'discover' | 'offer' | 'request' | 'decline' | 'ack' | 'nak' | 'release' | 'inform';

/** A client's message, read once. Texts are bounded and hold printable ASCII only: they come from strangers. */
export type DhcpRequest = {
  readonly packet: DhcpPacket;
  readonly type: DhcpMessageType;
  readonly mac: MacAddress;
  /** Option 61 in hex: what leases are kept by, where a client sends one. */
  readonly clientId: string | undefined;
  /** Options 50 and 54. */
  readonly requested: Ipv4 | undefined;
  readonly server: Ipv4 | undefined;
  readonly hostname: string | undefined;
  readonly vendorClass: string | undefined;
  readonly userClass: string | undefined;
  /** What it asks for by option 55, in its order. */
  readonly wants: readonly number[];
  /** Set where it asks for network boot. */
  readonly boot: NetworkBoot | undefined;
};

export type NetworkBoot = {
  readonly firmware: Firmware;
  /** Option 97 as a UUID in lower case; undefined where absent or all zeros. */
  readonly uuid: string | undefined;
  /** The first value of option 93, as asked. */
  readonly archCode: number;
};

/** A change of leases that the pure side decides and the store keeps. Times are ms since 1970. */
export type Lease = {
  readonly address: Ipv4;
  readonly mac: MacAddress;
  readonly clientId: string | undefined;
  readonly hostname: string | undefined;
  /** `offered`: held for a moment; `bound`: acknowledged; `conflict`: somebody else answers at this address. */
  readonly state: 'offered' | 'bound' | 'released' | 'conflict';
  readonly expiresAt: number;
};

/** What server mode grants or refuses. Proxy mode grants nothing. */
export type Grant =
  | { readonly kind: 'offer' | 'ack'; readonly address: Ipv4; readonly network: LeaseNetwork }
  /** The answer to INFORM: settings without an address. */
  | { readonly kind: 'inform'; readonly network: LeaseNetwork }
  | { readonly kind: 'nak'; readonly reason: string };

/** What a lease of one network tells its holder. `hostname` is without the domain. */
export type LeaseNetwork = {
  readonly subnet: Subnet;
  readonly gateway: Ipv4 | undefined;
  readonly dns: readonly Ipv4[];
  readonly ntp: readonly Ipv4[];
  readonly domain: string;
  readonly hostname: string | undefined;
  readonly leaseSeconds: number;
};

/** All that a reply is made of. */
export type DhcpAnswer = {
  /** The port the question came to: 4011 is asked for the boot file alone. */
  readonly port: 67 | 4011;
  /** Where the question came from: on port 4011 it is the sender's own port that is answered (EDK2's is 4011, a ROM's 68). */
  readonly from?: { readonly address: string; readonly port: number };
  /** This server's identifier (option 54): the address of the interface it answers on. */
  readonly self: Ipv4;
  /** Who serves the boot file (siaddr, option 66). */
  readonly bootServer: Ipv4;
  /** Undefined in proxy mode, and on port 4011. */
  readonly grant: Grant | undefined;
  /** Undefined where the client did not ask for network boot. */
  readonly boot: BootAnswer | undefined;
};

/** A reply and where it goes (RFC 2131 §4.1). */
export type Datagram = { readonly bytes: Uint8Array; readonly address: string; readonly port: number };

/** Asked for each network-boot question: what is this machine given? `address`: where it is or will be, if known. */
export type AnswerBoot = (question: {
  readonly request: DhcpRequest;
  readonly boot: NetworkBoot;
  readonly address: Ipv4 | undefined;
}) => Promise<BootAnswer>;
