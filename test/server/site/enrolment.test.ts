// Which network and which address an enrolled machine gets, and every refusal to guess.

import { describe, expect, test } from 'vitest';
import { parseMac } from '../../../server/address.ts';
import type { Enrolment } from '../../../server/site/enrolment.ts';
import { placeOf, planEnrolment } from '../../../server/site/enrolment.ts';
import { isNo } from '../../../server/malformed.ts';
import type { Edit } from './example.ts';
import { edited, siteOf } from './example.ts';

const any = { kind: 'any' } as const;
const machine: Enrolment = {
  mac: parseMac('52:54:00:00:00:77'),
  name: 'xs-03',
  profile: 'hypervisor',
  network: undefined,
  place: any,
  seenAt: undefined,
};

/** A second network, with one range for hosts that has the same name as one of the first. */
const second: Edit = [
  '\nrepos:',
  '  - name: dmz\n    subnet: 10.0.0.0/24\n    ranges:\n      - { name: hypervisors, use: hosts, from: 10.0.0.10, to: 10.0.0.11 }\n      - { name: edge, use: hosts, from: 10.0.0.20, to: 10.0.0.29 }\n\nrepos:',
];

describe('a machine is put', () => {
  test.each<[string, readonly Edit[], Partial<Enrolment>, string, string]>([
    ['where hosts of its profile are, at the next free address', [], {}, 'lab', '192.168.168.5'],
    ['into the range named', [], { place: { kind: 'range', range: 'storage' } }, 'lab', '192.168.168.15'],
    ['at the address named', [], { place: { kind: 'address', address: '192.168.168.9' } }, 'lab', '192.168.168.9'],
    ['into the only range with room', [], { profile: 'management' }, 'lab', '192.168.168.15'],
    [
      'into the network named',
      [second],
      { network: 'dmz', place: { kind: 'range', range: 'edge' } },
      'dmz',
      '10.0.0.20',
    ],
    ['into the network it was seen in', [second], { seenAt: '192.168.168.99' }, 'lab', '192.168.168.5'],
    [
      'into the network of its address',
      [second],
      { place: { kind: 'address', address: '10.0.0.9' } },
      'dmz',
      '10.0.0.9',
    ],
    [
      'into the only network with that range',
      [second],
      { place: { kind: 'range', range: 'edge' } },
      'dmz',
      '10.0.0.20',
    ],
    [
      'past the gateway and the appliance',
      [
        ['gateway: 192.168.168.1', 'gateway: 192.168.168.5'],
        ['appliance: 192.168.168.26', 'appliance: 192.168.168.6'],
      ],
      {},
      'lab',
      '192.168.168.7',
    ],
  ])('%s', (name, edits, said, network, address) => {
    // Two ranges with room and nobody of the profile in them would be a guess: here the second is full.
    const full: readonly Edit[] =
      name === 'into the only range with room' ? [['to: 192.168.168.14', 'to: 192.168.168.4']] : [];
    const site = siteOf(edited(...edits, ...full));
    expect(planEnrolment(site, { ...machine, ...said })).toEqual({
      name: 'xs-03',
      profile: said.profile ?? 'hypervisor',
      network,
      address,
      macs: ['52:54:00:00:00:77'],
    });
  });
});

describe('a machine is not put', () => {
  test.each<[string, readonly Edit[], Partial<Enrolment>, string]>([
    [
      'anywhere when it is a host',
      [],
      { mac: parseMac('52:54:00:a8:a8:04') },
      '52:54:00:a8:a8:04 is the host xs-02 already; kickstand host show xs-02',
    ],
    ['into a network nobody tells', [second], {}, 'nothing tells which network it is to be in; name one: lab, dmz'],
    [
      'into a network that two say',
      [second],
      { place: { kind: 'range', range: 'hypervisors' } },
      'nothing tells which network it is to be in; name one: lab, dmz',
    ],
    ['into no network', [], { network: 'lav' }, 'there is no network called "lav"; did you mean lab?'],
    [
      'into no range',
      [],
      { place: { kind: 'range', range: 'hypervisor' } },
      'the network lab has no range called "hypervisor"; did you mean hypervisors?',
    ],
    [
      'into a range for guests',
      [],
      { place: { kind: 'range', range: 'guest' } },
      'guest is for cloudstack-guest, not for hosts; for hosts: management, hypervisors, storage',
    ],
    [
      'into a full range',
      [],
      { place: { kind: 'range', range: 'management' } },
      'management is full: every address is taken; widen it, or name another range',
    ],
    [
      'into one of two ranges',
      [],
      { profile: 'management' },
      'nothing tells which range of lab it is to be in; give an address, or name a range: hypervisors, storage',
    ],
    [
      'at the address that a range gave to another: that host would move, its machine would not',
      [],
      { place: { kind: 'address', address: '192.168.168.4' } },
      '192.168.168.4 is already that of xs-02; choose a free one: kickstand site plan',
    ],
    [
      'into a name with commands for a terminal',
      [],
      { network: '\u001b[2J<script>' },
      'there is no network called "\\u001b[2J<script>"; known: lab',
    ],
  ])('%s', (_, edits, said, expected) => {
    const answer = planEnrolment(siteOf(edited(...edits)), { ...machine, ...said });
    expect(isNo(answer) ? `${answer.reason}; ${answer.remedy ?? ''}` : answer).toBe(expected);
  });
});

test('a place is an address, or a range, or found', () => {
  expect([
    placeOf({ address: '10.0.0.1', range: undefined }),
    placeOf({ address: undefined, range: 'r' }),
    placeOf({ address: undefined, range: undefined }),
    isNo(placeOf({ address: '10.0.0.1', range: 'r' })),
  ]).toEqual([{ kind: 'address', address: '10.0.0.1' }, { kind: 'range', range: 'r' }, any, true]);
});
