// What would be installed, or why it cannot be: a row is a rule.

import { describe, expect, test } from 'vitest';
import { decideInstall } from '../../../mirror/install/decide.ts';
import { formatReason } from '../../../mirror/install/explain.ts';
import { readPool } from '../../../mirror/install/pool.ts';
import { breathe, closureRepo, type MetadataPackage } from '../../support/closure-repos.ts';
import { answerOf, decideCase, type CaseGroup, type InstallCase } from './rig.ts';

const one = (name: string, more: Partial<MetadataPackage> = {}): MetadataPackage => ({ name, arch: 'noarch', ...more });
const group = (...members: CaseGroup['members']): CaseGroup => ({ id: 'g', members });
const member = (name: string, type: string, requires?: string): CaseGroup['members'][number] =>
  requires === undefined ? { name, type } : { name, type, requires };

type Row = readonly [
  rule: string,
  packages: readonly MetadataPackage[],
  asked: Partial<InstallCase> & Pick<InstallCase, 'wanted'>,
  installed: readonly string[],
];

const GROUP = [
  group(member('a', 'mandatory'), member('b', 'default'), member('c', 'optional'), member('d', 'conditional', 'a')),
];
const FOUR = ['a', 'b', 'c', 'd'].map((name) => one(name));

const INSTALLS: readonly Row[] = [
  ['the newest version', [one('a'), one('a', { evr: '2-1' }), one('a', { evr: '1-9' })], { wanted: ['a'] }, ['a-2-1']],
  ['a version that is named', [one('a'), one('a', { evr: '2-1' })], { wanted: ['a-1'] }, ['a-1-1']],
  [
    'an older one where the newest cannot be',
    [one('a'), one('a', { evr: '2-1', requires: ['x'] })],
    { wanted: ['a'] },
    ['a-1-1'],
  ],
  ['what is required', [one('a', { requires: ['b >= 1'] }), one('b')], { wanted: ['a'] }, ['a-1-1', 'b-1-1']],
  [
    'of several providers the one that is there already',
    [one('a', { requires: ['x', 'c'] }), one('b', { provides: ['x'] }), one('c', { provides: ['x'] })],
    { wanted: ['a'] },
    ['a-1-1', 'c-1-1'],
  ],
  [
    'of several providers the first by name',
    [one('a', { requires: ['x'] }), one('c', { provides: ['x'] }), one('b', { provides: ['x'] })],
    { wanted: ['a'] },
    ['a-1-1', 'b-1-1'],
  ],
  [
    'of several providers the one that is recommended',
    [one('a', { requires: ['x'], recommends: ['c'] }), one('b', { provides: ['x'] }), one('c', { provides: ['x'] })],
    { wanted: ['a'] },
    ['a-1-1', 'c-1-1'],
  ],
  [
    'of several providers the newer feature',
    [one('a', { requires: ['x'] }), one('b', { provides: ['x = 1'] }), one('c', { provides: ['x = 2'] })],
    { wanted: ['a'] },
    ['a-1-1', 'c-1-1'],
  ],
  ['what obsoletes it', [one('a'), one('b', { obsoletes: ['a'] })], { wanted: ['a'] }, ['b-1-1']],
  [
    'the file, from filelists.xml',
    [one('a', { requires: ['/opt/x'] }), one('b', { moreFiles: ['/opt/x'] })],
    { wanted: ['a'] },
    ['a-1-1', 'b-1-1'],
  ],
  [
    'what is recommended',
    [one('a', { recommends: ['b', 'nothing'] }), one('b')],
    { wanted: ['a'] },
    ['a-1-1', 'b-1-1'],
  ],
  [
    'nothing that is recommended',
    [one('a', { recommends: ['b'] }), one('b')],
    { wanted: ['a'], options: ['excludeWeakdeps'] },
    ['a-1-1'],
  ],
  ['what offers itself', [one('a'), one('b', { supplements: ['a'] })], { wanted: ['a'] }, ['a-1-1', 'b-1-1']],
  [
    'nothing recommended that conflicts',
    [one('a', { recommends: ['b'] }), one('b', { conflicts: ['a'] })],
    { wanted: ['a'] },
    ['a-1-1'],
  ],
  [
    'what a boolean dependency asks for',
    [one('a', { requires: ['(b if c else d)'] }), ...FOUR.slice(1)],
    { wanted: ['a', 'c'] },
    ['a-1-1', 'b-1-1', 'c-1-1'],
  ],
  [
    'the machine’s own architecture',
    [one('a', { arch: 'i686' }), one('a', { arch: 'x86_64' })],
    { wanted: ['a'] },
    ['a-1-1.x86_64'],
  ],
  [
    'both architectures, by multilib',
    [one('a', { arch: 'i686' }), one('a', { arch: 'x86_64' })],
    { wanted: ['a'], options: ['multilib'] },
    ['a-1-1.i686', 'a-1-1.x86_64'],
  ],
  ['what a pattern matches', [one('ab'), one('ac'), one('b')], { wanted: ['a*'] }, ['ab-1-1', 'ac-1-1']],
  ['what provides it', [one('a', { provides: ['web'] })], { wanted: ['web'] }, ['a-1-1']],
  ['what the group usually brings', FOUR, { wanted: ['@g'] }, ['a-1-1', 'b-1-1', 'd-1-1']],
  ['the group without what is not wanted', FOUR, { wanted: ['@g', '-b'] }, ['a-1-1', 'd-1-1']],
  ['the group with its optional members', FOUR, { wanted: ['@g --optional'] }, ['a-1-1', 'b-1-1', 'c-1-1', 'd-1-1']],
  ['the group without its defaults', FOUR, { wanted: ['@g --nodefaults'] }, ['a-1-1']],
  ['the group by its name, whatever the case', FOUR, { wanted: ['@G NAME', '-d'] }, ['a-1-1', 'b-1-1']],
  ['the groups of an environment', FOUR, { wanted: ['@^e'] }, ['a-1-1', 'b-1-1', 'd-1-1']],
  ['members that no repository has are left out', [one('a')], { wanted: ['@g'] }, ['a-1-1']],
  [
    'words that nothing answers to, by ignoremissing',
    [one('a')],
    { wanted: ['a', 'x'], options: ['ignoremissing'] },
    ['a-1-1'],
  ],
  [
    'not what is broken, by ignorebroken',
    [one('a'), one('b', { requires: ['x'] })],
    { wanted: ['a', 'b'], options: ['ignorebroken'] },
    ['a-1-1'],
  ],
];

test.each(INSTALLS)('%s', async (_rule, packages, asked, installed) => {
  const repo = { packages, groups: GROUP, environments: [{ id: 'e', groups: ['g'] }] };
  const { packages: found } = answerOf(await decideCase({ repos: [repo], ...asked }));
  expect(found).toEqual(installed.map((text) => (/\.\w+$/.test(text) ? text : `${text}.noarch`)));
});

type Refusal = {
  readonly wanted: readonly string[];
  readonly packages: readonly MetadataPackage[];
  readonly reason: string;
  readonly options?: InstallCase['options'];
};

const refusal = (wanted: readonly string[], packages: readonly MetadataPackage[], reason: string): Refusal => ({
  wanted,
  packages,
  reason,
});

const REFUSALS: readonly Refusal[] = [
  refusal(['a', '-c'], [one('a', { conflicts: ['(b if c)'] }), one('b'), one('c')], 'c-1-1.noarch is excluded'),
  refusal(['a'], [one('a', { requires: ['x >= 2'] })], 'nothing provides x >= 2 needed by a-1-1.noarch'),
  refusal(['a', '-b'], [one('a', { requires: ['b'] }), one('b')], 'b-1-1.noarch is excluded'),
  refusal(
    ['a', 'b'],
    [one('a', { conflicts: ['b < 2'] }), one('b')],
    'a-1-1.noarch conflicts with b < 2 provided by b-1-1.noarch',
  ),
  refusal(
    ['a', 'b-1'],
    [one('a', { obsoletes: ['b'] }), one('b')],
    'a-1-1.noarch obsoletes b provided by b-1-1.noarch',
  ),
  refusal(
    ['a-1', 'a-2'],
    [one('a'), one('a', { evr: '2-1' })],
    'a-2-1.noarch and a-1-1.noarch cannot both be installed',
  ),
  {
    ...refusal(
      ['a'],
      [one('a'), one('a', { evr: '2-1', requires: ['x'] })],
      'nothing provides x needed by a-2-1.noarch',
    ),
    options: ['best'],
  },
];

test.each(REFUSALS)('refused: $reason', async ({ wanted, packages, reason, options = [] }) => {
  const decision = await decideCase({ repos: [{ packages }], wanted, options });
  expect(decision.kind).toBe('impossible');
  if (decision.kind !== 'impossible') return;
  expect(decision.problems[0]?.reasons.map(formatReason)[0]).toBe(reason);
  expect(decision.problems[0]?.wanted).not.toEqual([]);
});

describe('words that nothing answers to', () => {
  test.each([
    ['x', 'package'],
    ['@x', 'group'],
    ['@^x', 'environment'],
  ])('%s', async (word, kind) => {
    const decision = await decideCase({ repos: [{ packages: [one('a')] }], wanted: ['a', word] });
    expect(decision).toEqual({ kind: 'impossible', unknown: [{ kind, text: word }], problems: [] });
  });
});

test('several contradictions are all told', async () => {
  const packages = [one('a', { requires: ['x'] }), one('b', { requires: ['y'] }), one('c')];
  const decision = await decideCase({ repos: [{ packages }], wanted: ['a', 'b', 'c'] });
  expect(decision.kind === 'impossible' && decision.problems.map(({ wanted }) => wanted)).toEqual([['a'], ['b']]);
});

test('the first of equal repositories, and the preferred of unequal ones', async () => {
  const repos = [{ packages: [one('a')] }, { packages: [one('a')] }];
  const repoOf = async (more: InstallCase['repos']): Promise<unknown> => {
    const decision = await decideCase({ repos: more, wanted: ['a'] });
    return decision.kind === 'installs' && decision.packages.map(({ repo }) => repo);
  };
  expect(await repoOf(repos)).toEqual(['r0']);
  expect(await repoOf(repos.map((repo, at) => ({ ...repo, priority: 50 - at })))).toEqual(['r1']);
});

test('core comes by itself, but for nocore', async () => {
  const groups = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(
      '<comps><group><id>core</id><packagelist><packagereq type="mandatory">a</packagereq></packagelist></group></comps>',
    );
  };
  const pool = await readPool([{ ...closureRepo('r', [one('a'), one('b')]), groups }], 'x86_64', { breathe });
  const decided = (options: ReadonlySet<'nocore'>): unknown =>
    answerOf(decideInstall(pool, { wanted: ['b'], options })).packages;
  expect(decided(new Set())).toEqual(['a-1-1.noarch', 'b-1-1.noarch']);
  expect(decided(new Set(['nocore']))).toEqual(['b-1-1.noarch']);
});

test('what takes too many steps is undecided', async () => {
  const packages = [one('a', { requires: ['b'] }), one('b', { requires: ['c'] }), one('c')];
  const pool = await readPool([closureRepo('r', packages)], 'x86_64', { breathe });
  const decision = decideInstall(pool, { wanted: ['a'], options: new Set() }, { steps: 1 });
  expect(decision).toEqual({ kind: 'undecided', reason: 'it takes too many steps' });
});
