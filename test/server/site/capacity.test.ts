// How many hosts a load needs: the published case, rules as rows, and that no smaller number of hosts would carry it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNo } from '../../../server/malformed.ts';
import type { Capacity, Sizing } from '../../../server/site/capacity.ts';
import { planCapacity, quotient } from '../../../server/site/capacity.ts';
import type { TypedFlags } from '../../../server/site/capacity-flags.ts';
import { capacityFlags, readSizing, renderSizingProblems } from '../../../server/site/capacity-flags.ts';
import { supplyOf, supplySteps } from '../../../server/site/capacity-site.ts';
import { capacitySteps, renderSteps } from '../../../server/site/capacity-text.ts';
import { golden } from '../../support/golden.ts';
import { edited, example, siteOf } from './example.ts';

/** 50 developers, 200 VMs with 200 cores and 300 GB together, on hosts of 4 × 4 cores with hyper-threading and 64 GB. */
const PUBLISHED: TypedFlags = {
  people: '50',
  systems: '2',
  vms: '2',
  cores: '200',
  memory: '300',
  'host-cores': '4x4',
  'hyper-threading': 'yes',
  'host-memory': '64',
};

/** The same VMs, each told by itself. */
const EACH: TypedFlags = { cores: undefined, memory: undefined, 'vm-cores': '1', 'vm-memory': '1.5' };

function sizingOf(typed: TypedFlags): Sizing {
  const read = readSizing(typed);
  if (read.kind === 'problems') throw new Error(renderSizingProblems(read.problems));
  return read.sizing;
}

/** The capacity of the published case with other flags; `undefined` takes one away. */
function capacityOf(flags: TypedFlags = {}): Capacity {
  const capacity = planCapacity(sizingOf({ ...PUBLISHED, ...flags }));
  if (isNo(capacity)) throw new Error(capacity.reason);
  return capacity;
}

describe('the published case', () => {
  test('is seven hosts: 200 cores of 32 are 6.25, and memory would take five', () => {
    expect(capacityOf()).toMatchObject({ vms: 200, needed: 7, hosts: 7, limits: ['cores'], vmsPerHost: 32 });
    expect(capacityOf().needs.map(({ resource, hosts }) => [resource, hosts])).toEqual([
      ['cores', 7],
      ['memory', 5],
    ]);
  });

  test('has room for 24 more, and eight too many when one host has failed', () => {
    expect(capacityOf()).toMatchObject({ room: 24, downWhenOneFails: 8 });
  });

  test('is shown step by step, beside the example site', () => {
    const capacity = capacityOf();
    const supply = supplyOf(siteOf(example), capacity, undefined);
    if (isNo(supply)) throw new Error(supply.reason);
    const steps = [...capacitySteps(sizingOf(PUBLISHED), capacity), ...supplySteps(supply, capacity)];
    golden('site/capacity-published.txt', renderSteps(steps));
  });
});

describe('hosts needed', () => {
  test.each<[string, TypedFlags, number, readonly string[]]>([
    ['each VM told by itself is the same', EACH, 7, ['cores']],
    ['without hyper-threading each core counts once', { 'hyper-threading': undefined }, 13, ['cores']],
    ['cores promised twice leave memory to limit', { 'overcommit-cores': '2' }, 5, ['memory']],
    [
      'memory promised by half as much again too',
      { 'overcommit-cores': '2', 'overcommit-memory': '1.5' },
      4,
      ['cores', 'memory'],
    ],
    ['one core kept on each host', { 'reserve-cores': '1' }, 7, ['cores']],
    ['four cores kept on each host', { 'reserve-cores': '4' }, 8, ['cores']],
    ['nothing kept of the memory', { 'reserve-memory': '0', 'overcommit-cores': '2' }, 5, ['memory']],
    ['a tenth left free by promising less than there is', { 'overcommit-cores': '0.9' }, 8, ['cores']],
    ['three quarters of the people', { people: '37', ...EACH }, 5, ['cores']],
    ['one person more than fills hosts', { people: '57', ...EACH }, 8, ['cores']],
    ['as many as fill hosts to the last core', { people: '56', ...EACH }, 7, ['cores']],
    ['one socket of sixteen cores is four of four', { 'host-cores': '16' }, 7, ['cores']],
    ['disks, where both sides are told', { 'vm-disk': '40', 'host-disk': '800' }, 10, ['disk']],
    ['disks that are not what limits', { disk: '4000', 'host-disk': '800' }, 7, ['cores']],
    ['disks on shared storage measure no host', { 'vm-disk': '4000' }, 7, ['cores']],
    [
      'tenths are no binary fractions',
      { cores: undefined, 'vm-cores': '0.1', memory: '1', 'host-cores': '1', 'hyper-threading': undefined },
      20,
      ['cores'],
    ],
    [
      'three cores on four: the fourth is lost on every host',
      { cores: undefined, 'vm-cores': '3', 'host-cores': '2' },
      200,
      ['cores'],
    ],
    ['GiB may stand behind memory', { 'host-memory': '64GiB', memory: '300 GB' }, 7, ['cores']],
  ])('%s', (_, flags, needed, limits) => {
    const { needed: hosts, limits: by } = capacityOf(flags);
    expect([hosts, by]).toEqual([needed, limits]);
  });

  test('spares are hosts more, and one that fails takes no place away', () => {
    expect(capacityOf({ spare: '1' })).toMatchObject({ needed: 7, hosts: 8, downWhenOneFails: 0 });
  });

  test.each<[string, TypedFlags, string]>([
    [
      'memory',
      { memory: undefined, 'vm-memory': '62' },
      'one virtual machine wants 62 GiB of memory, a host has 61 GiB for it',
    ],
    [
      'cores, however often they are promised',
      { cores: undefined, 'vm-cores': '33', 'overcommit-cores': '8' },
      'one virtual machine wants 33 of cores, a host has 32 for it',
    ],
    [
      'all of it kept back',
      { 'reserve-memory': '64' },
      'one virtual machine wants 1.5 GiB of memory, a host has 0 GiB for it',
    ],
  ])('none are enough where not one VM fits: %s', (_, flags, reason) => {
    expect(planCapacity(sizingOf({ ...PUBLISHED, ...flags }))).toMatchObject({ kind: 'no', reason });
  });
});

describe('every load', () => {
  const milli = (least: number, most: number) => fc.integer({ min: least, max: most }).map((value) => value / 1000);
  const sizing: fc.Arbitrary<Sizing> = fc.record({
    people: fc.integer({ min: 1, max: 12 }),
    systems: fc.integer({ min: 1, max: 5 }),
    vms: fc.integer({ min: 1, max: 5 }),
    demand: fc.record({
      cores: milli(1, 8000).map((amount) => ({ of: 'each', amount }) as const),
      memory: milli(1, 16_000).map((amount) => ({ of: 'each', amount }) as const),
      disk: fc.option(
        milli(1, 100_000).map((amount) => ({ of: 'each', amount }) as const),
        { nil: undefined },
      ),
    }),
    host: fc.record({
      sockets: fc.integer({ min: 1, max: 4 }),
      coresPerSocket: fc.integer({ min: 1, max: 16 }),
      threadsPerCore: fc.constantFrom(1, 2),
      memory: milli(1, 256_000),
      disk: fc.option(milli(1, 2_000_000), { nil: undefined }),
      reserved: fc.record({ cores: milli(0, 4000), memory: milli(0, 8000) }),
    }),
    overcommit: fc.record({ cores: milli(100, 8000), memory: milli(100, 2000) }),
    spares: fc.nat(3),
  });

  test('is carried by the hosts needed, put there one VM after another, and not by one host less', () => {
    let carried = 0;
    fc.assert(
      fc.property(sizing, (wanted) => {
        const capacity = planCapacity(wanted);
        if (isNo(capacity)) return;
        carried += 1;
        expect(carriedBy(wanted, capacity.needed)).toBe(capacity.vms);
        expect(carriedBy(wanted, capacity.needed - 1)).toBeLessThan(capacity.vms);
      }),
      { numRuns: 300 },
    );
    expect(carried).toBeGreaterThan(100);
  });

  test('needs no fewer hosts for more people', () => {
    fc.assert(
      fc.property(sizing, fc.integer({ min: 1, max: 100 }), (wanted, more) => {
        const [one, other] = [planCapacity(wanted), planCapacity({ ...wanted, people: wanted.people + more })];
        expect(isNo(one)).toBe(isNo(other));
        if (!isNo(one) && !isNo(other)) expect(other.needed).toBeGreaterThanOrEqual(one.needed);
      }),
    );
  });

  test('never throws and never comes out as less than its parts, whatever is typed', () => {
    let reckoned = 0;
    const text = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.double().map(String),
      fc.constantFrom(
        '0',
        '-1',
        '1e9',
        '999999999999999',
        '1000000',
        '0.001',
        '4x4',
        '65536x1',
        'NaN',
        'Infinity',
        '',
        ' 5',
      ),
    );
    const names = capacityFlags.map(({ name }) => name);
    const typed = fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 4 });
    const absent = fc
      .subarray(names, { maxLength: 2 })
      .map((list) => Object.fromEntries(list.map((name) => [name, undefined])));
    fc.assert(
      fc.property(typed, absent, (flags, without) => {
        const read = readSizing({ ...PUBLISHED, ...flags, ...without });
        if (read.kind === 'problems') {
          expect(renderSizingProblems(read.problems)).toMatch(/^--/);
          return;
        }
        const capacity = planCapacity(read.sizing);
        if (isNo(capacity)) {
          expect(capacity.remedy).toBeDefined();
          return;
        }
        reckoned += 1;
        expect(Number.isSafeInteger(capacity.hosts) && capacity.needed >= 1 && capacity.room >= 0).toBe(true);
        expect(renderSteps(capacitySteps(read.sizing, capacity))).not.toMatch(/NaN|Infinity|undefined/);
      }),
      { numRuns: 500 },
    );
    expect(reckoned).toBeGreaterThan(10);
  });
});

/** How many VMs `hosts` hosts take, each put on the first with room. In millionths, which are whole numbers. */
function carriedBy({ people, systems, vms, demand, host, overcommit }: Sizing, hosts: number): number {
  const whole = (value: number) => Math.round(value * 1e6);
  const threads = host.sockets * host.coresPerSocket * host.threadsPerCore;
  const resources = [
    [demand.cores.amount, (threads - host.reserved.cores) * overcommit.cores],
    [demand.memory.amount, (host.memory - host.reserved.memory) * overcommit.memory],
    [host.disk === undefined ? 0 : (demand.disk?.amount ?? 0), host.disk ?? 0],
  ].map(([wanted = 0, offered = 0]) => [whole(wanted), whole(offered)] as const);
  let waiting = people * systems * vms;
  const all = waiting;
  for (let at = 0; at < hosts; at += 1) {
    for (let on = 1; waiting > 0 && resources.every(([wanted, offered]) => wanted * on <= offered); on += 1)
      waiting -= 1;
  }
  return all - waiting;
}

describe('what is typed', () => {
  test.each<[string, TypedFlags, readonly string[]]>([
    [
      'nothing',
      Object.fromEntries(Object.keys(PUBLISHED).map((name) => [name, undefined])),
      [
        '--people: is missing — such as --people 50',
        '--memory: is missing — --memory 300 of all virtual machines together, or --vm-memory 1.5 of each',
        '--host-cores: is missing — sockets and the cores in each, such as --host-cores 4x4',
        '--host-memory: is missing — such as --host-memory 64',
      ],
    ],
    ['nobody', { people: '0' }, ['--people: "0" cannot be — a whole number from 1 to 1,000,000, such as --people 50']],
    [
      'fewer than nobody',
      { people: '-3' },
      ['--people: "-3" cannot be — a whole number from 1 to 1,000,000, such as --people 50'],
    ],
    [
      'half a person',
      { people: '1.5' },
      ['--people: "1.5" cannot be — a whole number from 1 to 1,000,000, such as --people 50'],
    ],
    [
      'a thousand million people',
      { people: '1000000000' },
      ['--people: "1000000000" cannot be — a whole number from 1 to 1,000,000, such as --people 50'],
    ],
    [
      'too many in all',
      { people: '1000000' },
      ['--people: 4,000,000 virtual machines are too many — at most 1,000,000: people × systems × vms'],
    ],
    [
      'a VM without a core',
      { cores: undefined, 'vm-cores': '0' },
      ['--vm-cores: "0" cannot be — a number from 0.001 to 1,000,000,000, such as --vm-cores 1.5'],
    ],
    [
      'a sum and each',
      { 'vm-memory': '2' },
      ['--memory: is said twice — keep one: --memory of all virtual machines together, or --vm-memory of each'],
    ],
    [
      'a host without cores',
      { 'host-cores': '4x0' },
      ['--host-cores: "4x0" cannot be — sockets and the cores in each, such as --host-cores 4x4'],
    ],
    [
      'a disk that nothing is to lie on',
      { 'host-disk': '500' },
      [
        '--host-disk: says nothing without what virtual machines need of it — add --disk 4000 of all together, or --vm-disk 20 of each',
      ],
    ],
    [
      'a reserve below nothing',
      { 'reserve-memory': '-1' },
      ['--reserve-memory: "-1" cannot be — a number from 0 to 1,000,000,000, such as --reserve-memory 3'],
    ],
    [
      'cores never promised',
      { 'overcommit-cores': '0' },
      ['--overcommit-cores: "0" cannot be — a number from 0.1 to 100, such as --overcommit-cores 1.5'],
    ],
  ])('%s is told with its remedy', (_, flags, problems) => {
    const read = readSizing({ ...PUBLISHED, ...flags });
    const lines = read.kind === 'problems' ? renderSizingProblems(read.problems).split('\n') : [];
    expect(lines.slice(0, lines.indexOf(''))).toEqual(problems);
  });
});

test.each<[number, number, string]>([
  [200, 32, '6.25'],
  [61, 1.5, '40.66…'],
  [39.999, 1, '39.99…'],
  [200, 40, '5'],
  [100, 1, '100'],
  [1, 10, '0.1'],
  [1, 3000, '0.00…'],
])('%d / %d is written %s', (dividend, divisor, text) => {
  expect(quotient(dividend, divisor)).toBe(text);
});

describe('beside a site', () => {
  const supply = (text: string, profile?: string) => supplyOf(siteOf(text), capacityOf(), profile);
  const lines = (text: string, capacity = capacityOf()) => {
    const found = supplyOf(siteOf(text), capacity, undefined);
    return isNo(found) ? [found.reason] : supplySteps(found, capacity).map((step) => `${step.about}: ${step.text}`);
  };

  test('counts the hosts of hypervisors, and the addresses for those that are missing', () => {
    expect(supply(example)).toMatchObject({ profiles: ['hypervisor'], hosts: 2, missing: 5, guests: 221 });
    expect(supply(example)).toMatchObject({ ranges: [{ name: 'hypervisors', free: 10 }] });
  });

  test('counts those of the profile that is named', () => {
    expect(supply(example, 'management')).toMatchObject({ hosts: 1, missing: 6 });
    expect(supply(example, 'hypervisr')).toMatchObject({ kind: 'no', remedy: 'did you mean hypervisor?' });
  });

  test('tells where addresses do not suffice', () => {
    const narrow = edited(
      ['to: 192.168.168.14 }', 'to: 192.168.168.6 }'],
      ['to: 192.168.168.250', 'to: 192.168.168.99'],
    );
    expect(lines(narrow)).toEqual([
      'hosts: 2 of hypervisor: 5 of 7 missing',
      'addresses: 2 in lab/hypervisors; too few for 5 more: widen a range',
      'guests: 70 addresses in ranges for guests, 200 VMs: too few where each VM takes one, as in a basic zone',
      "beware: CloudStack's own VMs (routers, console proxy, secondary storage) need a place too: the room left is 24",
    ]);
  });

  test('tells how many clusters CloudStack 4.0 makes of more than eight XenServers', () => {
    const many = capacityOf({ 'hyper-threading': undefined });
    expect(lines(example, many)).toContain(
      'clusters: CloudStack 4.0 takes 8 XenServers in one: it takes 2, each of which needs spares of its own',
    );
    expect(lines(edited(['version: "4.0"', 'version: "4.9"']), many).join()).not.toContain('clusters');
  });

  test('is content with a site that has enough', () => {
    const few = capacityOf({ people: '10', cores: '40', memory: '60' });
    expect(lines(example, few)[0]).toBe('hosts: 2 of hypervisor: enough for 2');
  });

  test('takes a site without anything', () => {
    expect(lines('site: { name: a, domain: b.c, appliance: 10.0.0.1 }')).toEqual([
      'hosts: 0 of no profile with a hypervisor: 7 of 7 missing',
      'addresses: no range for hosts; too few for 7 more: widen a range',
    ]);
  });
});
