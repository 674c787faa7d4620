// What becomes of a REQUEST: the cases of RFC 2131 §4.3.2, by what the client says and what is known of it.

import { describe, expect, test } from 'vitest';

import type { MacAddress } from '../../../server/address.ts';
import { parseIpv4, toNumber } from '../../../server/address.ts';
import { ADA, BOB, CARD1, leaseRoom, message, SELF } from './lease-cases.ts';

const OTHER_SERVER = '10.0.0.254';
const HOUR = 3600;

describe('a REQUEST', () => {
  test('of another server takes our offer back, and names that server', () => {
    const room = leaseRoom();
    const offered = room.ask(message('discover', ADA)).slice('offer '.length);
    const taken = room.decide(message('request', ADA, { requested: '10.0.0.200', server: OTHER_SERVER }));
    expect(taken).toMatchObject({ kind: 'silence', foreign: OTHER_SERVER });
    expect(room.ask(message('discover', BOB, { requested: offered }))).toBe(`offer ${offered}`);
  });

  test('of another server leaves a lease in use alone', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    room.decide(message('request', ADA, { requested: '10.0.0.200', server: OTHER_SERVER }));
    expect(room.ask(message('discover', BOB, { requested: address }))).not.toBe(`offer ${address}`);
  });

  // What ADA, who holds an address (`mine`), or BOB, of whom nothing is known, asks for.
  test.each<[string, MacAddress, (mine: string) => Parameters<typeof message>[2], string | RegExp]>([
    ['SELECTING what was offered', ADA, (mine) => ({ requested: mine, server: SELF }), /^ack/],
    ['SELECTING what another holds', BOB, (mine) => ({ requested: mine, server: SELF }), /^nak: .* is another's$/],
    ['SELECTING what is not given', BOB, () => ({ requested: '10.0.0.50', server: SELF }), /^nak: .* not given/],
    ['SELECTING another network', BOB, () => ({ requested: '10.9.0.50', server: SELF }), /^nak: .* not in lab/],
    ['INIT-REBOOT with its address', ADA, (mine) => ({ requested: mine }), /^ack/],
    ['INIT-REBOOT with another address', ADA, (mine) => ({ requested: besides(mine) }), /^nak: this client's address/],
    ['INIT-REBOOT on the wrong network', BOB, () => ({ requested: '172.16.0.5' }), /^nak: .* not in lab/],
    [
      'INIT-REBOOT of a client nothing is known of',
      BOB,
      (mine) => ({ requested: besides(mine) }),
      /^silence: no lease/,
    ],
    ['INIT-REBOOT with what another holds', BOB, (mine) => ({ requested: mine }), /^nak: .* is another's$/],
    ['INIT-REBOOT of a host', CARD1, () => ({ requested: '10.0.0.10' }), 'ack 10.0.0.10'],
    [
      'INIT-REBOOT of a host with another address',
      CARD1,
      () => ({ requested: '10.0.0.101' }),
      /^nak: the address of cs40/,
    ],
    ['RENEWING its address', ADA, (mine) => ({ ciaddr: mine }), /^ack/],
    ['REBINDING its address', ADA, (mine) => ({ ciaddr: mine, broadcast: true }), /^ack/],
    ['REBINDING what another holds', BOB, (mine) => ({ ciaddr: mine, broadcast: true }), /^nak: .* is another's$/],
    [
      'REBINDING what nothing is known of',
      BOB,
      (mine) => ({ ciaddr: besides(mine), broadcast: true }),
      /^silence: no lease/,
    ],
    [
      'REBINDING an address of another network',
      BOB,
      () => ({ ciaddr: '172.16.0.5', broadcast: true }),
      /^nak: .* not in lab/,
    ],
    ['for nothing at all', ADA, () => ({}), 'silence: a REQUEST without an address'],
  ])('%s', (_title, mac, words, expected) => {
    const room = leaseRoom();
    const mine = room.lease(ADA);
    expect(room.ask(message('request', mac, words(mine)))).toMatch(expected);
  });

  test('renews for the whole time, and is known after the lease ended as long as nobody else has it', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    room.seconds = HOUR - 1;
    room.ask(message('request', ADA, { ciaddr: address }));
    expect(room.book.at(toNumber(parseIpv4(address)))).toMatchObject({
      state: 'bound',
      expiresAt: (2 * HOUR - 1) * 1000,
    });
    room.seconds = 5 * HOUR;
    expect(room.ask(message('request', ADA, { requested: address }))).toBe(`ack ${address}`);
  });

  test('is honoured where this server forgot its offer in a restart', () => {
    expect(leaseRoom().ask(message('request', ADA, { requested: '10.0.0.101', server: SELF }))).toBe('ack 10.0.0.101');
  });
});

/** Another address of the range. */
function besides(address: string): string {
  return address === '10.0.0.100' ? '10.0.0.101' : '10.0.0.100';
}
