// Asking whether other DHCP servers are there: the DISCOVERs that are sent, and what an OFFER tells of its sender. Pure.

import type { Ipv4, MacAddress } from '../../address.ts';
import { fromNumber } from '../../address.ts';
import { printable } from '../../printable.ts';
import { OPTION } from '../options.ts';
import type { DhcpPacket } from '../types.ts';

/** What another server offered. `boot`: it answers network boot; the file it names, where it names one. */
export type OtherServer = {
  /** Its identifier (option 54), else siaddr. */
  readonly server: Ipv4;
  /** Undefined from a proxy, which gives no addresses. */
  readonly offered: Ipv4 | undefined;
  readonly nextServer: Ipv4 | undefined;
  readonly bootFile: string | undefined;
};

export type Discover = {
  readonly mac: MacAddress;
  readonly xid: number;
  /** This machine's address where it asks as a relay would, to be answered at port 67. */
  readonly relay: Ipv4 | undefined;
  /** Whether it asks as a PC without a disk does. */
  readonly asks: 'address' | 'boot';
};

const NOWHERE = fromNumber(0);
/** RFC 2132 §9.6. */
const DISCOVER = 1;
const OFFER = 2;
/** RFC 4578 §2.2: the version of the network interface of a BIOS. */
const UNDI_VERSION = 94;
const WANTED = [
  OPTION.subnetMask,
  OPTION.routers,
  OPTION.nameServers,
  OPTION.leaseTime,
  OPTION.tftpServerName,
  OPTION.bootFileName,
];

/**
 * A DISCOVER by this machine's own card. An invented MAC would be dropped by switches that compare it with the frame's
 * (DHCP snooping), and would take a fresh address out of the other server's range each time it is asked; by the card's own
 * the server offers what it has for this machine, or one address, always the same. No REQUEST ever follows.
 */
export function discover({ mac, xid, relay, asks }: Discover): DhcpPacket {
  const chaddr = Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));
  return {
    op: 'request',
    htype: 1,
    hlen: 6,
    hops: relay === undefined ? 0 : 1,
    xid,
    secs: 0,
    // The address offered is not this machine's: only a broadcast comes through (RFC 2131 §4.1).
    broadcast: true,
    ciaddr: NOWHERE,
    yiaddr: NOWHERE,
    siaddr: NOWHERE,
    giaddr: relay ?? NOWHERE,
    chaddr,
    sname: '',
    file: '',
    options: new Map([
      [OPTION.messageType, Uint8Array.of(DISCOVER)],
      [OPTION.parameterRequestList, Uint8Array.from(WANTED)],
      ...(asks === 'boot' ? bootOptions(chaddr) : []),
    ]),
  };
}

/** What RFC 4578 §2 asks a PXE client to send: a BIOS PC, whose machine id is made of its MAC. */
function bootOptions(chaddr: Uint8Array): readonly (readonly [number, Uint8Array])[] {
  return [
    [OPTION.vendorClass, Buffer.from('PXEClient:Arch:00000:UNDI:002001')],
    [OPTION.clientArchitecture, Uint8Array.of(0, 0)],
    [UNDI_VERSION, Uint8Array.of(1, 2, 1)],
    [OPTION.clientMachineIdentifier, Uint8Array.of(0, ...new Uint8Array(10), ...chaddr)],
  ];
}

/** What an OFFER to one of `xids` tells of its sender; undefined for any other message, and where it names no server. */
export function readOffer(packet: DhcpPacket, xids: ReadonlySet<number>): OtherServer | undefined {
  const isOffer = packet.op === 'reply' && packet.options.get(OPTION.messageType)?.[0] === OFFER;
  if (!isOffer || !xids.has(packet.xid)) return undefined;
  const server = addressOf(packet.options.get(OPTION.serverIdentifier)) ?? somewhere(packet.siaddr);
  if (server === undefined) return undefined;
  const named = packet.options.get(OPTION.bootFileName);
  const bootFile = shown(named === undefined ? packet.file : Buffer.from(named).toString('latin1'));
  return {
    server,
    offered: somewhere(packet.yiaddr),
    nextServer: somewhere(packet.siaddr),
    bootFile: bootFile === '' ? undefined : bootFile,
  };
}

/** The servers without repetition: what the plain and the boot question heard of one server is joined. */
export function joinOffers(offers: readonly OtherServer[]): readonly OtherServer[] {
  const joined = new Map<Ipv4, OtherServer>();
  for (const offer of offers) {
    const before = joined.get(offer.server);
    joined.set(offer.server, {
      server: offer.server,
      offered: before?.offered ?? offer.offered,
      nextServer: offer.bootFile === undefined ? (before?.nextServer ?? offer.nextServer) : offer.nextServer,
      bootFile: before?.bootFile ?? offer.bootFile,
    });
  }
  return [...joined.values()];
}

/** `10.0.0.254 (offers 10.0.0.57 and the boot file pxelinux.0 from 10.0.0.5)`. */
export function describeServer({ server, offered, nextServer, bootFile }: OtherServer): string {
  const from = nextServer === undefined || nextServer === server ? '' : ` from ${nextServer}`;
  const things = [
    ...(offered === undefined ? [] : [offered]),
    ...(bootFile === undefined ? [] : [`the boot file ${bootFile}${from}`]),
  ];
  return things.length === 0 ? server : `${server} (offers ${things.join(' and ')})`;
}

function addressOf(bytes: Uint8Array | undefined): Ipv4 | undefined {
  if (bytes?.length !== 4) return undefined;
  return somewhere(fromNumber(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)));
}

function somewhere(address: Ipv4): Ipv4 | undefined {
  return address === NOWHERE ? undefined : address;
}

/** A stranger's text for a person's eyes: nothing after a NUL. */
function shown(text: string): string {
  const [whole = ''] = text.split('\0', 1);
  return printable(whole, 128);
}
