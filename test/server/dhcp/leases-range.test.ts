// A dynamic range that is full, or large: whose address is taken, and that no look for one takes long.

import { describe, expect, test } from 'vitest';

import { fromNumber, parseIpv4, parseMac, toNumber } from '../../../server/address.ts';
import type { ClientName } from '../../../server/dhcp/book.ts';
import { leaseBook } from '../../../server/dhcp/book.ts';
import { decideLease } from '../../../server/dhcp/leases.ts';
import { servedNetworks } from '../../../server/dhcp/networks.ts';
import type { Lease } from '../../../server/dhcp/types.ts';
import type { Words } from './lease-cases.ts';
import { ADA, BOB, EVE, leaseRoom, message, network, SELF, siteOf } from './lease-cases.ts';

const HOUR = 3600;

describe('a full range', () => {
  const strangers = Array.from({ length: 4 }, (_, index) => parseMac(`02:00:00:00:00:1${index}`));

  test('has nothing for one more, and says so', () => {
    const room = leaseRoom();
    for (const mac of strangers) room.lease(mac);
    expect(room.decide(message('discover', EVE))).toMatchObject({
      kind: 'silence',
      alarm: 'every dynamic address of lab is held',
    });
  });

  test('gives the address that was left longest ago', () => {
    const room = leaseRoom();
    const leases = strangers.map((mac, index) => {
      room.seconds = index;
      return room.lease(mac);
    });
    room.seconds = 3 * HOUR;
    expect(room.lease(EVE)).toBe(leases[0]);
    expect(room.lease(BOB)).toBe(leases[1]);
  });

  test('gives what an offer held and nobody asked for, after a minute', () => {
    const room = leaseRoom();
    for (const mac of strangers) room.ask(message('discover', mac));
    room.seconds = 59;
    expect(room.ask(message('discover', EVE))).toMatch(/^silence/);
    room.seconds = 61;
    expect(room.ask(message('discover', EVE))).toMatch(/^offer/);
  });
});

describe('a range of tens of thousands', () => {
  /** What one DISCOVER of a stranger's costs, in leases looked at, and what it is answered. */
  const cost = (state: Lease['state'], expiresAt: number, words: Words = {}) => {
    const wide = network('lab', '10.0.0.0/16', '10.0.1.0-10.0.240.255');
    const networks = servedNetworks(siteOf([wide]), SELF);
    const held = Array.from({ length: 240 * 256 }, (_, index): Lease => {
      const address = fromNumber(toNumber(parseIpv4('10.0.1.0')) + index);
      const mac = parseMac(
        `02:00:00:00:${Buffer.of(index >> 8, index & 255)
          .toString('hex')
          .replace(/^../, '$&:')}`,
      );
      return { address, mac, clientId: 'ff00', hostname: undefined, state, expiresAt };
    });
    const book = leaseBook(held);
    let looks = 0;
    const counting = {
      at: (address: number) => {
        looks += 1;
        return book.at(address);
      },
      of: (client: ClientName) => {
        const leases = book.of(client);
        looks += leases.length;
        return leases;
      },
    };
    const question = { request: message('discover', EVE, words), sentTo: 'everyone', self: SELF, networks } as const;
    const { kind } = decideLease({ ...question, book: counting, probed: new Map(), now: 1000 });
    return { kind, looks };
  };

  test.each<[string, Lease['state'], number, string, Words]>([
    ['that is all held', 'bound', 2000, 'silence', {}],
    ['that is all held by offers', 'offered', 2000, 'silence', {}],
    ['in which every lease has ended', 'bound', 500, 'probe', {}],
    ['whose leases all have the client id of the asker', 'bound', 2000, 'silence', { clientId: 'ff00' }],
  ])('%s costs a stranger that asks no more than a small one: a flood must not stop all others', (...row) => {
    const [, state, expiresAt, kind, words] = row;
    const asked = cost(state, expiresAt, words);
    expect(asked.kind).toBe(kind);
    expect(asked.looks).toBeLessThan(1000);
  });
});

test('the only free address of a large range is found by a client that goes on asking', () => {
  const room = leaseRoom(siteOf([network('lab', '10.0.0.0/16', '10.0.1.0-10.0.32.255')]));
  const [first, free] = ['10.0.1.0', '10.0.20.7'].map((text) => toNumber(parseIpv4(text)));
  for (let address = first ?? 0; address < (first ?? 0) + 8192; address += 1) {
    if (address === free) continue;
    const lease = { address: fromNumber(address), mac: ADA, clientId: undefined, hostname: undefined };
    room.book.put({ ...lease, state: 'bound', expiresAt: HOUR * 1000 });
  }
  const answers = Array.from({ length: 300 }, (_, second) => {
    room.seconds = second;
    return room.ask(message('discover', EVE));
  });
  expect(answers).toContain('offer 10.0.20.7');
});
