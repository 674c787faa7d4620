// Each sender has so many messages a second, and the first that is taken again tells how many were not.

import { expect, test } from 'vitest';
import { allowances } from '../../../server/syslog/allowance.ts';

test('so many a second, each address for itself, and what was missed is told once', () => {
  const allow = allowances(2);
  const asked: readonly (readonly [string, number])[] = [
    ['a', 1000],
    ['a', 1001],
    ['a', 1002],
    ['b', 1003],
    ['a', 1999],
    ['a', 2000],
    ['a', 2001],
  ];
  expect(asked.map(([address, now]) => allow(address, now))).toEqual([
    { taken: true, missed: 0 },
    { taken: true, missed: 0 },
    { taken: false, missed: 0 },
    { taken: true, missed: 0 },
    { taken: false, missed: 0 },
    { taken: true, missed: 2 },
    { taken: true, missed: 0 },
  ]);
});
