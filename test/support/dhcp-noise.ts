// Throws random datagrams at the DHCP ports of 10.0.0.1, half of them with a header that passes for DHCP; for the tests' namespaces.

import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [from = '', count = '0'] = process.argv.slice(2);
const socket = createSocket('udp4');
socket.bind({ port: 0, address: from });
await once(socket, 'listening');
socket.setBroadcast(true);
for (let index = 0; index < Number(count); index += 1) {
  const bytes = index % 2 === 0 ? randomBytes(randomInt(0, 1400)) : plausible(randomBytes(randomInt(244, 1400)), index);
  const address = index % 5 === 0 ? '10.0.0.1' : '255.255.255.255';
  await new Promise((sent) => socket.send(bytes, index % 3 === 0 ? 4011 : 67, address, sent));
}
socket.close();

/** A BOOTREQUEST by Ethernet with the magic cookie and a message type; the rest is noise (RFC 2131 §2, §3). */
function plausible(bytes: Buffer, index: number): Buffer {
  bytes.set([1, 1, 6, 0]);
  bytes.writeUInt32BE(0x63825363, 236);
  bytes.set([53, 1, 1 + (index % 8)], 240);
  return bytes;
}
