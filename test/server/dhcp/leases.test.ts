// Who gets which address, as rules: RFC 2131 §4.3, and what a site with machines of several cards asks for beyond it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Ipv4, MacAddress } from '../../../server/address.ts';
import { contains, fromNumber, parseIpv4, parseMac, toNumber } from '../../../server/address.ts';
import { CONFLICT_MS, decideLease } from '../../../server/dhcp/leases.ts';
import { servedNetworks } from '../../../server/dhcp/networks.ts';
import {
  ADA,
  BOB,
  CARD1,
  CARD2,
  cs40,
  EVE,
  FAR,
  LAB,
  leaseRoom,
  message,
  network,
  SELF,
  siteOf,
} from './lease-cases.ts';

const OTHER_SERVER = '10.0.0.254';
const HOUR = 3600;

describe('a host of the site', () => {
  test.each([[CARD1], [CARD2]])('gets its own address by any of its cards: %s', (mac) => {
    expect(leaseRoom().lease(mac)).toBe('10.0.0.10');
  });

  test('is told its name and what its network says', () => {
    const decision = leaseRoom().decide(message('discover', CARD1));
    expect(decision).toMatchObject({
      grant: {
        network: {
          hostname: 'cs40',
          domain: 'test.example',
          gateway: '10.0.0.254',
          ntp: ['10.0.0.254'],
          leaseSeconds: 3600,
        },
      },
    });
  });

  test('gets it whatever client id the loader, the installer and the system send', () => {
    const room = leaseRoom();
    expect(room.lease(CARD1, { clientId: '00aabb' })).toBe('10.0.0.10');
    expect(room.lease(CARD1, { clientId: 'ff0011' })).toBe('10.0.0.10');
    expect(room.lease(CARD1)).toBe('10.0.0.10');
  });

  test('moves to it from the stranger address it had before it was enrolled', () => {
    const room = leaseRoom();
    const before = room.lease(ADA);
    room.site = siteOf([LAB], [cs40('10.0.0.77', [ADA])]);
    expect(room.ask(message('request', ADA, { ciaddr: before }))).toBe('nak: the address of cs40 is 10.0.0.77');
    expect(room.lease(ADA)).toBe('10.0.0.77');
  });

  test('is a stranger on another network than its own', () => {
    expect(leaseRoom().lease(CARD1, { giaddr: '10.9.0.1' })).toMatch(/^10\.9\.0\.5\d$/);
  });

  test('needs no probe for its own address', () => {
    const room = leaseRoom();
    room.squatters.add('10.0.0.10');
    expect(room.lease(CARD1)).toBe('10.0.0.10');
    expect(room.probed).toEqual([]);
  });

  test('whose address another machine uses is offered it again: nobody else may have it, and an operator hears of it', () => {
    const room = leaseRoom();
    room.lease(CARD1);
    const declined = room.decide(message('decline', CARD1, { requested: '10.0.0.10', server: SELF }));
    expect(declined).toMatchObject({ kind: 'silence', alarm: expect.stringContaining('cs40') });
    expect(room.lease(CARD1)).toBe('10.0.0.10');
  });
});

describe('a host with two cards', () => {
  test('has its address on one at a time: while the first card answers, the second is given a dynamic one', () => {
    const room = leaseRoom();
    room.lease(CARD1);
    room.squatters.add('10.0.0.10');
    expect(room.lease(CARD2)).toMatch(/^10\.0\.0\.10[0-3]$/);
    expect(room.ask(message('request', CARD1, { ciaddr: '10.0.0.10' }))).toBe('ack 10.0.0.10');
  });

  test('takes it along to the card it booted by next, when the first is silent', () => {
    const room = leaseRoom();
    room.lease(CARD1);
    expect(room.lease(CARD2)).toBe('10.0.0.10');
    expect(room.probed).toContain('10.0.0.10');
    expect(room.ask(message('request', CARD1, { ciaddr: '10.0.0.10' }))).toBe(`nak: 10.0.0.10 is held by ${CARD2}`);
  });

  test('is never given it twice: an offer to one card waits for its REQUEST', () => {
    const room = leaseRoom();
    expect(room.ask(message('discover', CARD1))).toBe('offer 10.0.0.10');
    expect(room.ask(message('discover', CARD2))).toMatch(/^offer 10\.0\.0\.10[0-3]$/);
    room.seconds = 61;
    expect(room.ask(message('discover', CARD2))).toBe('offer 10.0.0.10');
  });

  test('keeps it on the first card where that renewed while a probe listened in vain', () => {
    const room = leaseRoom();
    room.lease(CARD1);
    const networks = servedNetworks(room.site, SELF);
    const asked = {
      self: SELF,
      networks,
      book: room.book,
      sentTo: 'everyone',
      request: message('discover', CARD2),
    } as const;
    expect(decideLease({ ...asked, now: 5000, probed: new Map() })).toMatchObject({
      kind: 'probe',
      address: '10.0.0.10',
    });
    room.seconds = 5.2;
    room.ask(message('request', CARD1, { ciaddr: '10.0.0.10' }));
    const probed = new Map([[parseIpv4('10.0.0.10'), 'free' as const]]);
    expect(decideLease({ ...asked, now: 5000, probed })).toMatchObject({
      address: expect.stringMatching(/^10\.0\.0\.10\d$/),
    });
  });

  test('gets no answer by the second where there is no dynamic range', () => {
    const room = leaseRoom(siteOf([network('lab', '10.0.0.0/24', '')]));
    room.lease(CARD1);
    room.squatters.add('10.0.0.10');
    expect(room.ask(message('discover', CARD2))).toBe(
      `silence: the address of cs40, 10.0.0.10, is held by ${CARD1}, and lab has no dynamic range`,
    );
  });

  test('keeps the dynamic address of its second card only as long as the first holds its own', () => {
    const room = leaseRoom();
    room.lease(CARD1);
    room.squatters.add('10.0.0.10');
    const second = room.lease(CARD2);
    expect(room.ask(message('request', CARD2, { ciaddr: second }))).toBe(`ack ${second}`);
    room.ask(message('release', CARD1, { ciaddr: '10.0.0.10', server: SELF }));
    expect(room.ask(message('request', CARD2, { ciaddr: second }))).toBe('nak: the address of cs40 is 10.0.0.10');
  });
});

describe('a stranger', () => {
  test('gets an address of the dynamic range, probed first', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    expect(address).toMatch(/^10\.0\.0\.10[0-3]$/);
    expect(room.probed).toEqual([address]);
  });

  test('gets the same again, unprobed while it holds it', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    expect(room.lease(ADA)).toBe(address);
    expect(room.probed).toHaveLength(1);
  });

  test('gets the same again after its lease ended, probed anew', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    room.seconds = 2 * HOUR;
    expect(room.lease(ADA)).toBe(address);
    expect(room.probed).toHaveLength(2);
  });

  test('starts its search at the same place when all leases are lost', () => {
    expect(leaseRoom().lease(ADA)).toBe(leaseRoom().lease(ADA));
  });

  test('gets the one it asks for where that is free', () => {
    const room = leaseRoom();
    expect(room.ask(message('discover', ADA, { requested: '10.0.0.102' }))).toBe('offer 10.0.0.102');
    expect(room.ask(message('discover', BOB, { requested: '10.0.0.102' }))).not.toBe('offer 10.0.0.102');
    expect(room.ask(message('discover', EVE, { requested: '10.0.0.10' }))).toMatch(/^offer 10\.0\.0\.10[0-3]$/);
  });

  test('is one machine when its loader sends no client id and its system does', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    expect(room.lease(ADA, { clientId: 'ff001122' })).toBe(address);
    // RFC 2132 §9.14: type 1 and the MAC say no more than the MAC.
    expect(room.lease(ADA, { clientId: `01${ADA.replaceAll(':', '')}` })).toBe(address);
  });

  test('is two clients with two client ids of one card (RFC 2131 §4.2)', () => {
    const room = leaseRoom();
    expect(room.lease(ADA, { clientId: 'ff01' })).not.toBe(room.lease(ADA, { clientId: 'ff02' }));
  });

  test('shares no address with a clone that sends the same client id from another card', () => {
    const room = leaseRoom();
    expect(room.lease(ADA, { clientId: '0000' })).not.toBe(room.lease(BOB, { clientId: '0000' }));
  });

  test('is passed by where a squatter answers, and that address rests for an hour', () => {
    const room = leaseRoom();
    const first = room.lease(ADA);
    room.ask(message('release', ADA, { ciaddr: first, server: SELF }));
    room.squatters.add(first);
    const second = room.lease(ADA);
    expect(second).not.toBe(first);
    expect(room.book.at(toNumber(parseIpv4(first)))).toMatchObject({ state: 'conflict', expiresAt: CONFLICT_MS });
    expect(room.ask(message('discover', BOB, { requested: first }))).not.toBe(`offer ${first}`);
    room.squatters.clear();
    room.seconds = HOUR + 1;
    expect(room.ask(message('discover', EVE, { requested: first }))).toBe(`offer ${first}`);
  });

  test('is not answered where the network has no dynamic range', () => {
    const room = leaseRoom(siteOf([network('lab', '10.0.0.0/24', '')]));
    expect(room.ask(message('discover', ADA))).toBe(
      'silence: this machine is in no site, and lab has no dynamic range',
    );
  });
});

describe('other messages', () => {
  test('DECLINE puts an address of the range to rest for an hour', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    room.ask(message('decline', ADA, { requested: address, server: SELF }));
    expect(room.lease(ADA)).not.toBe(address);
    room.seconds = HOUR + 1;
    expect(room.ask(message('discover', EVE, { requested: address }))).toBe(`offer ${address}`);
  });

  test.each([
    ['what another holds', BOB, undefined],
    ["another server's address", ADA, OTHER_SERVER],
  ])('DECLINE of %s changes nothing', (_title, mac, server) => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    const words = server === undefined ? { requested: address } : { requested: address, server };
    expect(room.decide(message('decline', mac, words))).toMatchObject({
      kind: 'silence',
      changes: [],
      alarm: undefined,
    });
  });

  test('RELEASE gives the address back, and is believed of its holder only', () => {
    const room = leaseRoom();
    const address = room.lease(ADA);
    expect(room.decide(message('release', BOB, { ciaddr: address }))).toMatchObject({ changes: [] });
    room.ask(message('release', ADA, { ciaddr: address, server: SELF }));
    expect(room.ask(message('discover', BOB, { requested: address }))).toBe(`offer ${address}`);
  });

  test('INFORM is told the settings and changes nothing', () => {
    const room = leaseRoom();
    expect(room.decide(message('inform', ADA, { ciaddr: '10.0.0.222' }))).toMatchObject({
      grant: { kind: 'inform' },
      changes: [],
    });
  });

  test.each(['offer', 'ack', 'nak'] as const)("%s is a server's and gets no answer", (type) => {
    expect(leaseRoom().ask(message(type, ADA))).toMatch(/^silence/);
  });
});

describe('a relay', () => {
  test('picks the network, whose addresses cannot be probed from here', () => {
    const room = leaseRoom();
    expect(room.lease(ADA, { giaddr: '10.9.0.1' })).toMatch(/^10\.9\.0\.5\d$/);
    expect(room.probed).toEqual([]);
  });

  test('of no network of the site gets no answer', () => {
    expect(leaseRoom().ask(message('discover', ADA, { giaddr: '192.0.2.1' }))).toBe(
      'silence: no network of the site has the relay 192.0.2.1',
    );
  });

  test('is passed by when a client renews with this server alone', () => {
    const room = leaseRoom();
    const address = room.lease(ADA, { giaddr: '10.9.0.1' });
    expect(room.ask(message('request', ADA, { ciaddr: address }))).toBe(`ack ${address}`);
  });

  test('gives one machine an address of each network it appears in', () => {
    const room = leaseRoom();
    const near = room.lease(ADA);
    expect(room.lease(ADA, { giaddr: '10.9.0.1' })).not.toBe(near);
    expect(room.lease(ADA)).toBe(near);
  });
});

describe('whatever is asked', () => {
  const fixed: readonly Ipv4[] = ['10.0.0.10', '10.0.0.1', '10.0.0.254'].map(parseIpv4);
  const type = fc.constantFrom('discover', 'request', 'decline', 'release', 'inform' as const);
  const address = fc.integer({ min: toNumber(parseIpv4('10.0.0.99')), max: toNumber(parseIpv4('10.0.0.104')) });
  const step = fc.record({
    type: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('discover' as const, 'request' as const) }, type),
    mac: fc.constantFrom(CARD1, CARD2, ADA, BOB, EVE),
    clientId: fc.constantFrom('aa', 'bb', undefined),
    address: fc.oneof(address.map(fromNumber), fc.constant(parseIpv4('10.0.0.10'))),
    server: fc.constantFrom(SELF, undefined, parseIpv4(OTHER_SERVER)),
    renews: fc.boolean(),
    isLive: fc.boolean(),
    seconds: fc.integer({ min: 0, max: 2000 }),
  });

  test('no address is acknowledged to two machines at once, and none that is not to be given', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const room = leaseRoom();
        const held = new Map<string, { mac: MacAddress; until: number }>();
        for (const { type, mac, clientId, address, server, renews, isLive, seconds } of steps) {
          room.seconds += seconds;
          for (const [known, { until }] of held) if (until <= room.seconds) held.delete(known);
          // Who holds an address answers probes, as a running system does, or is silent: then it has gone.
          room.squatters.clear();
          for (const known of held.keys()) {
            if (isLive) room.squatters.add(known);
            else if (type === 'discover' && held.get(known)?.mac !== mac && known === '10.0.0.10') held.delete(known);
          }
          const words = renews ? { ciaddr: address } : { requested: address, ...(server && { server }) };
          const decision = room.decide(message(type, mac, { ...words, ...(clientId && { clientId }) }));
          if (decision.kind === 'silence') for (const { address: given } of decision.changes) held.delete(given);
          if (decision.kind !== 'grant' || !('address' in decision.grant)) continue;
          const given = decision.grant.address;
          expect(contains(LAB.subnet, given)).toBe(true);
          if (mac !== CARD1 && mac !== CARD2) expect(fixed).not.toContain(given);
          if (decision.grant.kind !== 'ack') continue;
          const holder = held.get(given);
          if (holder !== undefined) expect(holder.mac).toBe(mac);
          held.set(given, { mac, until: room.seconds + HOUR });
        }
      }),
      { numRuns: 600 },
    );
  });
});

describe('never given to strangers', () => {
  test('are the appliance, gateways, hosts, other ranges and the ends of the subnet', () => {
    const everything = network('lab', '10.0.0.0/24', '10.0.0.0-10.0.0.255');
    const reserved = {
      name: 'reserved',
      use: 'reserved' as const,
      from: parseIpv4('10.0.0.20'),
      to: parseIpv4('10.0.0.200'),
    };
    const room = leaseRoom(siteOf([{ ...everything, ranges: [...everything.ranges, reserved] }, FAR]));
    const given = Array.from({ length: 80 }, (_, index) =>
      room.lease(parseMac(`02:00:00:00:01:${index.toString(16).padStart(2, '0')}`)),
    ).filter((text) => text.startsWith('10.'));
    const withheld = ['10.0.0.0', '10.0.0.1', '10.0.0.10', '10.0.0.254', '10.0.0.255'];
    expect(new Set(given).size).toBe(19 + 55 - 4);
    for (const address of given) {
      expect(withheld).not.toContain(address);
      const last = Number(address.split('.')[3]);
      expect(last < 20 || last > 200).toBe(true);
    }
  });
});
