// Who gets which address: in the file's order, the lowest free one, and the same again when hosts are added at the end.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromNumber, parseIpv4, parseSubnet, toNumber } from '../../../server/address.ts';
import type { AddressRange, Host, Network, Site } from '../../../server/domain.ts';
import type { AddressWish } from '../../../server/site/plan.ts';
import { nextAddress } from '../../../server/site/next-address.ts';
import { renderPlan } from '../../../server/site/plan-text.ts';
import { allocateAddresses, movedHosts, nextFree, planAddresses } from '../../../server/site/plan.ts';
import { freeIn } from '../../../server/site/spans.ts';
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

describe('what is free', () => {
  const LAB = { name: 'lab', kind: 'network' };
  const rowOf = (text: string, name: string) => planAddresses(siteOf(text)).find((row) => row.name === name);

  test('is counted outside the ranges of a network too', () => {
    expect(rowOf(example, 'lab')).toEqual({
      ...LAB,
      network: 'lab',
      subnet: '192.168.168.0/24',
      gateway: '192.168.168.1',
      total: 254,
      hosts: 3,
      ranged: 245,
      free: 7,
      firstFree: '192.168.168.27',
    });
  });

  test('is the last address where only that is left, and nothing in a full network', () => {
    const all = edited([
      '{ name: guest,       use: cloudstack-guest,   from: 192.168.168.30, to: 192.168.168.250 }',
      '{ name: guest, use: reserved, from: 192.168.168.27, to: 192.168.168.253 }',
    ]);
    expect(rowOf(all, 'lab')).toMatchObject({ free: 1, firstFree: '192.168.168.254' });
    const full = all.replace('to: 192.168.168.253', 'to: 192.168.168.254');
    expect(rowOf(full, 'lab')).toMatchObject({ free: 0, firstFree: undefined });
    expect(nextAddress(siteOf(full), 'lab')).toMatchObject({
      reason: 'lab has no free address outside its ranges',
      remedy: 'name a range: management, hypervisors, storage',
    });
  });

  test('of a range is what the next host that names it is given', () => {
    const line = (at: number) =>
      `  - { name: n-${at}, profile: hypervisor, network: lab, range: hypervisors, macs: ["52:54:00:00:00:${10 + at}"] }\n`;
    let text = edited(['address: 192.168.168.3,', 'address: 192.168.168.7,'], ['[192.168.168.1]', '[192.168.168.5]']);
    for (let at = 0; at < 9; at += 1) {
      const before = siteOf(text);
      const next = nextAddress(before, 'hypervisors');
      text += line(at);
      const given = siteOf(text).hosts.at(-1)?.address;
      expect(next).toMatchObject({ network: 'lab', range: 'hypervisors', address: given });
      expect(before.networks[0]?.ranges[1] && nextFree(before, before.networks[0].ranges[1])).toBe(given);
    }
  });

  test.each<[string, string, object]>([
    ['a range', 'hypervisors', { network: 'lab', range: 'hypervisors', address: '192.168.168.5', free: 10 }],
    ['a range of a network', 'lab/storage', { range: 'storage', address: '192.168.168.15', free: 1 }],
    ['a network', 'lab', { network: 'lab', range: undefined, address: '192.168.168.27', free: 7 }],
    ['a full range', 'management', { reason: 'management is full: every address is taken' }],
    ['a range for guests', 'guest', { remedy: 'for hosts: management, hypervisors, storage' }],
    ['one misspelt', 'hypervisor', { remedy: 'did you mean hypervisors?' }],
  ])('is told for %s', (_, name, expected) => {
    expect(nextAddress(siteOf(example), name)).toMatchObject(expected);
  });

  test('of a name in two networks is asked back', () => {
    const range = '{ name: storage, use: hosts, from: 10.0.0.5, to: 10.0.0.9 }';
    const both = siteOf(edited(['\nrepos:', `  - { name: far, subnet: 10.0.0.0/8, ranges: [${range}] }\n\nrepos:`]));
    expect(nextAddress(both, 'storage')).toMatchObject({ remedy: 'name one: lab/storage, far/storage' });
    expect(nextAddress(both, 'far/storage')).toMatchObject({ address: '10.0.0.5', free: 5 });
  });

  test('is what walking through every address finds', () => {
    const span = fc
      .tuple(fc.integer({ min: -5, max: 60 }), fc.nat(9))
      .map(([low, more]) => ({ low, high: low + more }));
    fc.assert(
      fc.property(span, fc.array(span, { maxLength: 12 }), (whole, taken) => {
        const free = Array.from({ length: whole.high - whole.low + 1 }, (_, at) => whole.low + at).filter(
          (at) => !taken.some(({ low, high }) => low <= at && at <= high),
        );
        expect(freeIn(whole, taken)).toEqual({ free: free.length, first: free[0] });
      }),
    );
  });
});

test('a time server that a host has the address of is to be looked at', () => {
  const rows = planAddresses(siteOf(edited(['ntp: [192.168.168.1]', 'ntp: [192.168.168.4]'])));
  expect(rows.at(-1)).toMatchObject({ kind: 'note', name: 'xs-02', address: '192.168.168.4' });
  expect(renderPlan(rows)).toContain('look at: xs-02 has 192.168.168.4, which site.ntp names as a time server');
});

test('the plan of 10,000 hosts in a thousand networks and a /8 is made at once', () => {
  const range = (name: string, from: string, to: string): AddressRange => {
    return { name, use: 'hosts', from: parseIpv4(from), to: parseIpv4(to) };
  };
  const network = (name: string, subnet: string, ranges: readonly AddressRange[]): Network => {
    return { name, subnet: parseSubnet(subnet), gateway: undefined, dns: [], ranges, leaseSeconds: 3600 };
  };
  const small = Array.from({ length: 1000 }, (_, at) => {
    const base = `10.${at >> 8}.${at & 255}`;
    const ranges = Array.from({ length: 20 }, (_, one) =>
      range(`r${one}`, `${base}.${one * 10 + 1}`, `${base}.${one * 10 + 9}`),
    );
    return network(`n${at}`, `${base}.0/24`, ranges);
  });
  const before = siteOf(example);
  const [sample] = before.hosts;
  if (sample === undefined) throw new Error('the example has no host');
  const hosts = Array.from({ length: 10_000 }, (_, at): Host => {
    const inSmall = fromNumber(toNumber(parseIpv4('10.0.0.1')) + ((at % 1000) << 8) + Math.floor(at / 1000));
    const inWide = fromNumber(toNumber(parseIpv4('11.0.0.1')) + at);
    const [where, address] = at < 5000 ? ['wide', inWide] : [`n${at % 1000}`, inSmall];
    return { ...sample, name: `h${at}`, network: where, address };
  });
  const wide = network('wide', '11.0.0.0/8', [range('all', '11.0.0.1', '11.255.255.253')]);
  const site: Site = { ...before, networks: [wide, ...small], hosts };
  const begun = performance.now();
  const rows = planAddresses(site);
  const text = renderPlan(rows);
  expect(performance.now() - begun).toBeLessThan(2000);
  expect(text.split('\n').length).toBeGreaterThan(31_000);
  const all = { total: 16_777_213, allocated: 5000, reserved: 0, free: 16_772_213, firstFree: '11.0.19.137' };
  expect(rows.find((row) => row.name === 'all')).toMatchObject(all);
  expect(nextAddress(site, 'n7/r0')).toMatchObject({ address: '10.0.7.1', free: 5 });
});
