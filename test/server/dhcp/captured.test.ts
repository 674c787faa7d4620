// Checks the whole way of captured messages, from bytes to bytes: the answers to real clients as goldens, and that no damage throws.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { identifyRequest } from '../../../server/dhcp/client.ts';
import { decodePacket } from '../../../server/dhcp/packet.ts';
import { planReply } from '../../../server/dhcp/reply.ts';
import type { DhcpAnswer, DhcpRequest } from '../../../server/dhcp/types.ts';
import { isNo, Malformed } from '../../../server/malformed.ts';
import { golden } from '../../support/golden.ts';
import { bootServer, INFORMED, lease, proxy, REFUSED, sampled } from './messages.ts';
import { hex, REPLIES, REQUESTS } from './samples.ts';
import { shownDatagram } from './shown.ts';

/** What the appliance would have each machine boot. */
function fileFor({ boot }: DhcpRequest): string | undefined {
  if (boot === undefined) return undefined;
  const { platform, transport, isIpxe } = boot.firmware;
  if (isIpxe) return 'http://192.0.2.1/boot/ipxe';
  if (transport === 'http') return 'http://192.0.2.1/boot/shimx64.efi';
  return platform === 'bios' ? 'pxelinux.0' : 'shimx64.efi';
}

function served(asked: DhcpRequest): DhcpAnswer {
  if (asked.type === 'inform') return INFORMED;
  return lease(asked.type === 'discover' ? 'offer' : 'ack', fileFor(asked));
}

function asked4011(asked: DhcpRequest): DhcpAnswer {
  return { ...bootServer(fileFor(asked)), from: { address: asked.packet.ciaddr, port: 4011 } };
}

const MODES: readonly (readonly [string, (request: DhcpRequest) => DhcpAnswer])[] = [
  ['proxy', (asked) => proxy(fileFor(asked))],
  ['server', served],
  ['port-4011', asked4011],
  ['refused', () => REFUSED],
];

describe('captured clients', () => {
  test.each(MODES)('are answered as in test/golden/dhcp/%s.txt', (mode, answer) => {
    const shown = Object.entries(REQUESTS).map(([name, bytes]) => {
      const asked = sampled(bytes);
      const reply = planReply(asked, answer(asked));
      return `── ${name}\n${isNo(reply) ? `not answered: ${reply.reason}` : shownDatagram(reply)}\n`;
    });
    golden(`dhcp/${mode}.txt`, shown.join('\n'));
  });
});

/** Bytes decode or are malformed; and what decodes is refused, or answered by a message that decodes and keeps to its bounds. */
function endure(datagram: Uint8Array, answer: (request: DhcpRequest) => DhcpAnswer): void {
  const asked = identifiedOrNothing(datagram);
  if (asked === undefined) return;
  const reply = planReply(asked, answer(asked));
  if (isNo(reply)) return;
  const { byteLength } = reply.bytes;
  if (byteLength < 300 || byteLength > 1472) throw new Error(`an answer of ${byteLength} bytes`);
  if (decodePacket(reply.bytes).xid !== asked.packet.xid) throw new Error('an answer to another question');
}

function identifiedOrNothing(datagram: Uint8Array): DhcpRequest | undefined {
  try {
    const asked = identifyRequest(decodePacket(datagram));
    return isNo(asked) ? undefined : asked;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** The fields that hold texts: all zeros in these samples, and read in one way whatever else is there. */
const isText = (at: number): boolean => at >= 44 && at < 236;

/** Each bit, and what means something where an option begins: PAD, overload, END, and a great length. */
function damages(byte: number, at: number): readonly number[] {
  if (isText(at)) return [byte ^ 1, byte ^ 255];
  return [0, 52, 254, 255, ...Array.from({ length: 8 }, (_, bit) => byte ^ (1 << bit))];
}

describe('nothing but Malformed is thrown', () => {
  test.each(Object.entries({ ...REQUESTS, ...REPLIES }))('by any prefix or changed byte of "%s"', (_name, bytes) => {
    for (let length = 0; length < bytes.byteLength; length += 1) endure(bytes.subarray(0, length), served);
    let turn = 0;
    for (const [at, byte] of bytes.entries()) {
      for (const value of damages(byte, at)) {
        const [, answer] = MODES[turn % MODES.length] ?? ['', served];
        endure(bytes.with(at, value), answer);
        turn += 1;
      }
    }
  });

  test('by any value of any byte of a message to port 4011', () => {
    const bytes = REQUESTS['OVMF (UEFI PXE): REQUEST to port 4011'] ?? hex('');
    for (const at of bytes.keys()) {
      if (isText(at)) continue;
      for (let value = 0; value < 256; value += 1) endure(bytes.with(at, value), asked4011);
    }
  });

  test.each(MODES)('by any options (%s)', (_mode, answer) => {
    const header = (REQUESTS['OVMF (UEFI PXE): DISCOVER'] ?? hex('')).subarray(0, 240);
    const type = fc.constantFrom(1, 3, 4, 7, 8).map((type) => [53, 1, type]);
    const code = fc.constantFrom(12, 43, 50, 52, 54, 55, 57, 60, 61, 66, 67, 77, 81, 82, 93, 97, 175);
    const value = fc.uint8Array({ maxLength: 60 });
    const option = fc.tuple(code, value).map(([code, value]) => [code, value.length, ...value]);
    const network = fc.constantFrom([], [60, 9, ...Buffer.from('PXEClient'), 93, 2, 0, 7]);
    const any = fc.tuple(
      type,
      network,
      fc.array(option, { maxLength: 14 }).map((list) => list.flat()),
    );
    fc.assert(
      fc.property(any, (parts) => endure(Uint8Array.from([...header, ...parts.flat()]), answer)),
      { numRuns: 500 },
    );
  });

  test('a sample is not refused for another reason than its damage', () => {
    for (const [name, bytes] of Object.entries(REQUESTS)) expect(identifiedOrNothing(bytes), name).toBeDefined();
  });
});
