// Small random repositories full of what makes solving hard, the same for the same seed.

import type { MetadataPackage } from '../../support/closure-repos.ts';
import type { CaseGroup, CaseRepo, InstallCase } from './rig.ts';

type Random = {
  below(limit: number): number;
  chance(percent: number): boolean;
  pick<T>(all: readonly T[]): T;
};

const NAMES = ['ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen', 'ibis', 'jay', 'koi', 'lark', 'mole', 'newt'];
const FEATURES = ['web', 'mail', 'shell', 'lib(x)', 'editor'];
const PATHS = ['/usr/bin/run', '/etc/conf', '/usr/share/data', '/opt/thing'];
const EVRS = ['1-1', '1-2', '2-1', '1:0.5-1', '3~rc1-1', '3-1', '10-1'];

/** A generator of its own (mulberry32): the tests want the same cases each time. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (percent) => next() * 100 < percent,
    pick: (all) => {
      const one = all[below(all.length)];
      if (one === undefined) throw new Error('nothing to pick from');
      return one;
    },
  };
}

export function generateCase(seed: number): InstallCase {
  const random = randomOf(seed);
  const names = NAMES.slice(0, 5 + random.below(10));
  const repos = Array.from({ length: random.chance(35) ? 2 : 1 }, () => generateRepo(random, names));
  const wanted = Array.from({ length: 1 + random.below(3) }, () => generateWord(random, names));
  const minus = random.chance(20) ? [`-${random.pick(names)}`] : [];
  const options = [
    ...(random.chance(20) ? (['excludeWeakdeps'] as const) : []),
    ...(random.chance(25) ? (['best'] as const) : []),
    ...(random.chance(15) ? (['ignorebroken'] as const) : []),
    ...(random.chance(30) ? (['ignoremissing'] as const) : []),
    ...(random.chance(8) ? (['multilib'] as const) : []),
  ];
  return { repos, wanted: [...new Set([...wanted, ...minus])], options };
}

function generateWord(random: Random, names: readonly string[]): string {
  const kind = random.below(20);
  if (kind < 11) return random.pick(names);
  if (kind < 14) return random.pick(['@g0', '@g1']);
  if (kind === 14) return '@^env';
  if (kind === 15) return `${random.pick(names).slice(0, 1)}*`;
  if (kind === 16) return random.pick(FEATURES);
  if (kind === 17) return `${random.pick(names)}-${random.pick(EVRS).replace(/^.*:/, '').replace(/-.*/, '')}`;
  if (kind === 18) return `${random.pick(names)}.${random.pick(['x86_64', 'i686', 'noarch'])}`;
  return random.pick(PATHS);
}

function generateRepo(random: Random, names: readonly string[]): CaseRepo {
  const packages: MetadataPackage[] = [];
  const seen = new Set<string>();
  for (const name of names) {
    if (random.chance(10)) continue;
    const arch = random.pick(['noarch', 'x86_64', 'x86_64', 'x86_64']);
    for (let version = random.below(3); version >= 0; version -= 1) {
      const one = generatePackage(random, { name, arch, names });
      const arches = one.arch === 'x86_64' && random.chance(12) ? ['x86_64', 'i686'] : [one.arch ?? 'noarch'];
      for (const each of arches) {
        const key = `${name} ${one.evr} ${each}`;
        packages.push(...(seen.has(key) ? [] : [{ ...one, arch: each }]));
        seen.add(key);
      }
    }
  }
  const groups = ['g0', 'g1'].map((id) => generateGroup(random, id, names));
  const environments = random.chance(60) ? [{ id: 'env', groups: random.chance(50) ? ['g0', 'g1'] : ['g1'] }] : [];
  const priority = random.chance(10) ? { priority: 10 + random.below(3) } : {};
  return { packages, groups, environments, ...priority };
}

function generatePackage(
  random: Random,
  { name, arch, names }: { readonly name: string; readonly arch: string; readonly names: readonly string[] },
): MetadataPackage {
  const some = <T>(percent: number, make: () => T): readonly T[] => (random.chance(percent) ? [make()] : []);
  const relation = (): string => {
    const kind = random.below(10);
    if (kind < 5) return random.pick(names);
    if (kind < 7) return `${random.pick(names)} ${random.pick(['>=', '=', '<', '<=', '>'])} ${random.pick(EVRS)}`;
    if (kind < 9) return random.pick(FEATURES);
    return random.pick(PATHS);
  };
  const rich = (): string => generateRich(random, relation, 0);
  const need = (): string => (random.chance(18) ? rich() : relation());
  return {
    ...{ name, arch, evr: random.pick(EVRS) },
    provides: [
      ...some(35, () => random.pick(FEATURES)),
      ...some(15, () => `${random.pick(FEATURES)} = ${random.pick(EVRS)}`),
      ...some(5, () => `${random.pick(names)} = ${random.pick(EVRS)}`),
    ],
    requires: [...some(55, need), ...some(25, need), ...some(3, () => 'nowhere')],
    conflicts: some(10, () => (random.chance(12) ? rich() : relation())),
    obsoletes: some(7, () => (random.chance(50) ? random.pick(names) : `${random.pick(names)} < ${random.pick(EVRS)}`)),
    recommends: [...some(20, need), ...some(8, need)],
    suggests: some(12, relation),
    supplements: some(8, need),
    enhances: some(6, relation),
    files: some(10, () => random.pick(PATHS.slice(0, 2))),
    moreFiles: some(8, () => random.pick(PATHS.slice(2))),
  };
}

function generateRich(random: Random, relation: () => string, depth: number): string {
  const operand = (): string =>
    depth < 1 && random.chance(25) ? generateRich(random, relation, depth + 1) : relation();
  const operator = random.pick(['and', 'or', 'or', 'if', 'if', 'unless', 'with', 'without', 'else']);
  if (operator === 'else') return `(${operand()} if ${relation()} else ${operand()})`;
  if (operator === 'with' || operator === 'without') return `(${random.pick(FEATURES)} ${operator} ${relation()})`;
  return `(${operand()} ${operator} ${operand()})`;
}

function generateGroup(random: Random, id: string, names: readonly string[]): CaseGroup {
  const all = [...names, 'absent'];
  const chosen = new Set(Array.from({ length: 1 + random.below(5) }, () => random.pick(all)));
  return {
    id,
    members: [...chosen].map((name) => {
      const type = random.pick(['mandatory', 'mandatory', 'default', 'optional', 'conditional']);
      return { name, type, ...(type === 'conditional' ? { requires: random.pick(names) } : {}) };
    }),
  };
}
