// Who gets which address: in the file's order, the lowest free one, and the same again when hosts are added at the end.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromNumber, parseIpv4, toNumber } from '../../../server/address.ts';
import type { AddressWish } from '../../../server/site/plan.ts';
import { allocateAddresses, movedHosts, planAddresses } from '../../../server/site/plan.ts';
import { edited, example, problemsOf, siteOf } from './example.ts';

const next = (from: string, to: string): AddressWish => ({
  kind: 'next',
  range: { from: parseIpv4(from), to: parseIpv4(to) },
});
const fixed = (address: string): AddressWish => ({ kind: 'fixed', address: parseIpv4(address) });

describe('allocation', () => {
  test.each<[string, readonly AddressWish[], readonly string[], readonly (string | undefined)[]]>([
    ['takes the lowest', [next('10.0.0.2', '10.0.0.9')], [], ['10.0.0.2']],
    [
      'goes on in the order of the file',
      [next('10.0.0.2', '10.0.0.9'), next('10.0.0.2', '10.0.0.9')],
      [],
      ['10.0.0.2', '10.0.0.3'],
    ],
    ['passes over what is taken', [next('10.0.0.1', '10.0.0.9')], ['10.0.0.1', '10.0.0.2'], ['10.0.0.3']],
    [
      'passes over what a later host writes',
      [next('10.0.0.2', '10.0.0.9'), fixed('10.0.0.2')],
      [],
      ['10.0.0.3', '10.0.0.2'],
    ],
    ['ends with the range', [next('10.0.0.2', '10.0.0.2'), next('10.0.0.2', '10.0.0.2')], [], ['10.0.0.2', undefined]],
    [
      'works on overlapping ranges',
      [next('10.0.0.2', '10.0.0.3'), next('10.0.0.3', '10.0.0.4'), next('10.0.0.2', '10.0.0.3')],
      [],
      ['10.0.0.2', '10.0.0.3', undefined],
    ],
    [
      'crosses an octet',
      [next('10.0.0.255', '10.0.1.0'), next('10.0.0.255', '10.0.1.0')],
      [],
      ['10.0.0.255', '10.0.1.0'],
    ],
    ['gives nothing for nothing', [{ kind: 'none' }], [], [undefined]],
  ])('%s', (_, wishes, taken, expected) => {
    expect(allocateAddresses(wishes, new Set(taken.map(parseIpv4)))).toEqual(expected);
  });

  const base = toNumber(parseIpv4('10.0.0.0'));
  const range = fc.tuple(fc.nat(30), fc.nat(30)).map(([from, length]): AddressWish => ({
    kind: 'next',
    range: { from: fromNumber(base + from), to: fromNumber(base + from + length) },
  }));
  const wish = fc.oneof(
    range,
    fc.nat(60).map((at): AddressWish => ({ kind: 'fixed', address: fromNumber(base + at) })),
  );
  const taken = fc.array(fc.nat(60)).map((list) => new Set(list.map((at) => fromNumber(base + at))));

  test('gives each address once, inside its range, never a taken one', () => {
    fc.assert(
      fc.property(fc.array(wish), taken, (wishes, taken) => {
        const given = allocateAddresses(wishes, taken);
        const allocated = given.filter((address, index) => address !== undefined && wishes[index]?.kind === 'next');
        expect(new Set(allocated).size).toBe(allocated.length);
        const written = wishes.flatMap((wish) => (wish.kind === 'fixed' ? [wish.address] : []));
        expect(
          allocated.filter((address) => address !== undefined && (taken.has(address) || written.includes(address))),
        ).toEqual([]);
      }),
    );
  });

  test('changes nothing for the hosts before an appended one', () => {
    fc.assert(
      fc.property(fc.array(wish), range, taken, (wishes, appended, taken) => {
        expect(allocateAddresses([...wishes, appended], taken).slice(0, -1)).toEqual(allocateAddresses(wishes, taken));
      }),
    );
  });

  test('is quick for a whole /16 of hosts', () => {
    const wishes = Array.from({ length: 20_000 }, () => next('10.0.0.1', '10.0.255.254'));
    expect(allocateAddresses(wishes, new Set()).at(-1)).toBe('10.0.78.32');
  });
});

describe('the plan of a site', () => {
  const appended = (count: number) =>
    Array.from(
      { length: count },
      (_, at) =>
        `  - { name: n-${at}, profile: hypervisor, network: lab, range: hypervisors, macs: ["52:54:00:00:00:${(at + 16).toString(16)}"] }\n`,
    ).join('');

  test('counts every range to its size', () => {
    const rows = planAddresses(siteOf(example)).filter((row) => row.kind === 'range');
    expect(rows.map((row) => [row.name, row.total, row.allocated + row.reserved + row.free])).toEqual([
      ['management', 1, 1],
      ['hypervisors', 12, 12],
      ['storage', 1, 1],
      ['private', 5, 5],
      ['storage-net', 5, 5],
      ['guest', 221, 221],
    ]);
  });

  test('counts a gateway in a range for hosts as reserved, and gives it to nobody', () => {
    const site = siteOf(
      edited(
        ['gateway: 192.168.168.1', 'gateway: 192.168.168.4'],
        ['dns: [192.168.168.1]', 'dns: [192.168.168.4, 192.168.168.6]'],
      ),
    );
    expect(site.hosts[2]?.address).toBe('192.168.168.5');
    const row = planAddresses(site).find((row) => row.name === 'hypervisors');
    expect(row).toMatchObject({ allocated: 2, reserved: 2, free: 8 });
  });

  test('fills a range to its last address, and says when it is full', () => {
    const full = siteOf(example + appended(10));
    expect(full.hosts.at(-1)?.address).toBe('192.168.168.14');
    expect(problemsOf(example + appended(11))).toEqual([
      '77: hosts[13].range: hypervisors is full: every address is taken — widen the range',
    ]);
  });

  test('puts an appliance of another network last', () => {
    const rows = planAddresses(siteOf(edited(['appliance: 192.168.168.26', 'appliance: 10.1.2.3'])));
    expect(rows.at(-1)).toEqual({
      kind: 'address',
      network: undefined,
      range: undefined,
      address: '10.1.2.3',
      use: 'appliance',
      name: '',
    });
  });

  test('tells which hosts move when a file changes', () => {
    const before = siteOf(example);
    const after = siteOf(edited(['address: 192.168.168.3', 'address: 192.168.168.4']));
    expect(movedHosts(before, after)).toEqual([
      { host: 'xs-01', from: '192.168.168.3', to: '192.168.168.4' },
      { host: 'xs-02', from: '192.168.168.4', to: '192.168.168.3' },
    ]);
  });
});
