// The address plan as a picture: each address is in one cell, and each cell says whose it is.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlanRow } from '../../../../server/console/app/api/types.ts';
import { drawPlan } from '../../../../server/console/app/plan-drawing.ts';
import { planAddresses } from '../../../../server/site/plan.ts';
import { exampleSite } from '../../../support/example.ts';

/** As the API tells it: JSON has no undefined. */
const rows = (edit?: (text: string) => string): readonly PlanRow[] =>
  JSON.parse(JSON.stringify(planAddresses(exampleSite(edit)))) as readonly PlanRow[];

const lab = drawPlan(rows(), [{ mac: '52:54:00:00:00:77', address: '192.168.168.9' }])[0];

test('a /24 has a cell for each address, in rows of sixteen', () => {
  expect([lab?.cells.length, lab?.columns, lab?.subnet]).toEqual([256, 16, '192.168.168.0/24']);
  expect(lab?.cells[17]?.first).toBe('192.168.168.17');
});

test.each([
  [0, 'reserved', /the network itself/],
  [1, 'service', /gateway; name server/],
  [2, 'host', /host cs40, range management \(hosts\)/],
  [3, 'host', /host xs-01/],
  [5, 'free', /free for a host, range hypervisors/],
  [9, 'free', /the machine 52:54:00:00:00:77, which is in no site, asked from here/],
  [16, 'reserved', /kept for what the range is for, range private \(cloudstack-private\)/],
  [26, 'service', /this appliance/],
  [27, 'unused', /free, in no range/],
  [255, 'reserved', /the network itself/],
])('192.168.168.%i is %s', (at, state, words) => {
  expect(lab?.cells[at]?.state).toBe(state);
  expect(lab?.cells[at]?.words).toMatch(words);
});

describe('to be looked at', () => {
  test("a host's address from which a stranger asked", () => {
    const [drawn] = drawPlan(rows(), [{ mac: '52:54:00:00:00:77', address: '192.168.168.3' }]);
    expect(drawn?.cells[3]).toMatchObject({ state: 'conflict', host: 'xs-01' });
  });
  test('a host that has the address of a time server', () => {
    const [drawn] = drawPlan(rows((text) => text.replace('ntp: [192.168.168.1]', 'ntp: [192.168.168.3]')));
    expect(drawn?.cells[3]?.state).toBe('conflict');
    expect(drawn?.notes).toEqual([expect.stringContaining('time server')]);
  });
});

test('only what is free is open to take', () => {
  expect(lab?.cells.filter(({ isOpen }) => isOpen).every(({ state }) => state === 'free' || state === 'unused')).toBe(
    true,
  );
  expect(lab?.cells.filter(({ isOpen }) => isOpen).length).toBeGreaterThan(8);
});

test('of any subnet every address is in one cell, and there are no more cells than can be drawn', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 30 }), fc.nat({ max: 2 ** 32 - 1 }), (length, seed) => {
      const base = Math.floor(seed / 2 ** (32 - length)) * 2 ** (32 - length);
      const text = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.');
      const network: PlanRow = {
        kind: 'network',
        network: 'n',
        subnet: `${text}/${length}`,
        total: 0,
        hosts: 0,
        free: 0,
      };
      const [drawn] = drawPlan([network]);
      expect(drawn?.cells.reduce((sum, { size }) => sum + size, 0)).toBe(2 ** (32 - length));
      expect(drawn?.cells.length).toBeLessThanOrEqual(1024);
      expect(drawn?.cells[0]?.first).toBe(text);
    }),
    { numRuns: 40 },
  );
});

test('a large network is drawn in blocks that say what is in them', () => {
  const large: readonly PlanRow[] = [
    { kind: 'network', network: 'n', subnet: '10.0.0.0/16', total: 65_534, hosts: 1, free: 0 },
    { kind: 'range', network: 'n', name: 'racks', use: 'hosts', from: '10.0.1.0', to: '10.0.2.255', free: 511 },
    { kind: 'address', network: 'n', address: '10.0.1.7', use: 'host', name: 'a' },
  ];
  const cells = drawPlan(large)[0]?.cells ?? [];
  expect(cells.length).toBe(1024);
  expect(cells[4]).toMatchObject({
    first: '10.0.1.0',
    size: 64,
    state: 'mixed',
    words: '10.0.1.0 to 10.0.1.63: 1 host, racks (hosts)',
  });
  expect(cells[5]).toMatchObject({ state: 'free', isOpen: false });
  expect(cells[20]).toMatchObject({ state: 'unused' });
});
