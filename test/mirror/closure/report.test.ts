// Which holes are news; which machines packages are for.

import { describe, expect, test } from 'vitest';
import { archesOf, machineOf, machinesFor } from '../../../mirror/closure/arches.ts';
import { newHoles, type ClosureReport } from '../../../mirror/closure/report.ts';

const report = (...lines: readonly string[]): ClosureReport => ({
  holes: lines.map((line) => {
    const [name = '', requirement = ''] = line.split(': ');
    return { repo: 'r', package: name, requirement };
  }),
  unreadable: [],
  checkedPackages: 1,
});

describe('of the holes after a change', () => {
  test.each<[string, ClosureReport, ClosureReport, number]>([
    ['those that were there are old', report('a-1-1.noarch: x'), report('a-1-1.noarch: x'), 0],
    ['those that went are none', report('a-1-1.noarch: x'), report(), 0],
    ['another requirement is new', report('a-1-1.noarch: x'), report('a-1-1.noarch: x', 'a-1-1.noarch: y'), 1],
    ['another package is new', report('a-1-1.noarch: x'), report('a-b-1-1.noarch: x'), 1],
    ['another architecture is new', report('a-1-1.i686: x'), report('a-1-1.x86_64: x'), 1],
    ['a newer build that wants the same is old', report('a-1-1.noarch: x'), report('a-2:1.1-2.el9.noarch: x'), 0],
    [
      'a newer build that wants something newer is new',
      report('a-1-1.noarch: x = 1'),
      report('a-2-1.noarch: x = 2'),
      1,
    ],
  ])('%s', (_what, before, after, count) => {
    expect(newHoles(before, after)).toHaveLength(count);
  });
});

describe('machines', () => {
  test.each([
    [['x86_64', 'i686', 'noarch'], ['x86_64']],
    [['i386', 'noarch'], ['i686']],
    [
      ['aarch64', 'x86_64', 'src'],
      ['x86_64', 'aarch64'],
    ],
    [['x86_64', 'x86_64_v2'], ['x86_64_v2']],
    [['noarch'], ['noarch']],
    [['src', 'nosrc'], []],
    [[], []],
    [['odd', 'noarch'], ['odd']],
    [['constructor'], ['constructor']],
  ])('%j are for %j', (arches, machines) => {
    expect(machinesFor(arches)).toEqual(machines);
  });

  test('an i386 tree installs i686 packages, and all that is older', () => {
    expect([...archesOf(machineOf('i386'))]).toEqual(['i686', 'i586', 'i486', 'i386', 'noarch']);
  });
});
