// Says where a reply goes: back through the relay, to the client's own address, or to everybody on the wire (RFC 2131 §4.1); pure.

import type { Ipv4 } from '../address.ts';
import type { Datagram, DhcpAnswer, DhcpPacket } from './types.ts';

export type Destination = Pick<Datagram, 'address' | 'port'>;

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const UNSET = '0.0.0.0';

/**
 * Everybody on the wire. Also where the client did not set the broadcast flag: to send to an address that it does not answer ARP for
 * yet takes an ARP entry or a raw socket, and neither is to be had from Node. All clients met so far take a broadcast.
 */
const BROADCAST: Destination = { address: '255.255.255.255', port: CLIENT_PORT };

/** Where the reply to `packet` goes; `isNak` because a refused client must not trust the address it has. */
export function destinationOf(packet: DhcpPacket, answer: DhcpAnswer): Destination {
  if (packet.giaddr !== UNSET) return { address: packet.giaddr, port: SERVER_PORT };
  if (answer.grant?.kind === 'nak') return BROADCAST;
  // EDK2 asks from port 4011 and hears nothing on 68 then; ROMs ask from 68. So it is the sender that is answered.
  if (answer.port === 4011 && answer.from !== undefined && answer.from.address !== UNSET) return answer.from;
  return isUnicast(packet.ciaddr) ? { address: packet.ciaddr, port: CLIENT_PORT } : BROADCAST;
}

/** An address that one machine can have: scanners put 255.255.255.255 there. */
function isUnicast(address: Ipv4): boolean {
  const [first = 0] = address.split('.').map(Number);
  return first > 0 && first < 224 && first !== 127;
}
