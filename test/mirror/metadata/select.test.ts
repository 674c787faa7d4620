// Which packages a filter chooses: a row per rule, bash as the judge of patterns, and dnf as that of the newest.

import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseGlob } from '../../../mirror/metadata/glob.ts';
import { isFiltering, selectPackages, type Candidate } from '../../../mirror/metadata/select.ts';
import type { RepoFilter } from '../../../server/repo.ts';
import { dnfClient } from '../../support/lab-dnf.ts';
import { needs } from '../../support/lab-needs.ts';
import { run } from '../../support/lab-run.ts';
import { buildRpms, createRepository } from '../../support/rpms.ts';

const ALL: RepoFilter = { architectures: undefined, newest: undefined, include: [], exclude: [], sources: true };

/** `name-[epoch:]version-release.arch`. */
function candidate(text: string): Candidate {
  const [, name = '', epoch = '0', version = '', release = '', arch = ''] =
    /^(.+)-(?:(\d+):)?([^-]+)-([^-]+)\.(\w+)$/.exec(text) ?? [];
  return { name, arch, epoch, version, release };
}

const SHELF = [
  ...['kernel-2.6-1.x86_64', 'kernel-2.6-10.x86_64', 'kernel-2.6-9.x86_64', 'kernel-2.6-9.i686'],
  ...['vim-1:7.0-1.x86_64', 'vim-8.0-1.x86_64', 'vim-doc-8.0-1.noarch', 'vim-8.0-1.src', 'blob-1-1.nosrc'],
  ...['rc-1.0~rc1-1.noarch', 'rc-1.0-1.noarch', 'rc-1.0^git-1.noarch', 'rc-1.0-1.noarch'],
];

const NONE = { source: 0, architecture: 0, excluded: 0, notIncluded: 0, older: 0 };

describe('a filter', () => {
  test.each<[string, Partial<RepoFilter>, readonly string[], Partial<typeof NONE>]>([
    ['that says nothing keeps all', {}, SHELF, {}],
    [
      'without sources leaves out both kinds',
      { sources: false },
      SHELF.filter((text) => !text.endsWith('src')),
      { source: 2 },
    ],
    [
      'of an architecture keeps source packages, and noarch only where it is named',
      { architectures: ['i686'] },
      ['kernel-2.6-9.i686', 'vim-8.0-1.src', 'blob-1-1.nosrc'],
      { architecture: 10 },
    ],
    [
      'with an include keeps what a name matches',
      { include: ['vim'] },
      ['vim-1:7.0-1.x86_64', 'vim-8.0-1.x86_64', 'vim-8.0-1.src'],
      { notIncluded: 10 },
    ],
    ['with NAME.ARCH', { include: ['kernel.i*'] }, ['kernel-2.6-9.i686'], { notIncluded: 12 }],
    ['with NAME-VERSION', { include: ['vim-8.0'] }, ['vim-8.0-1.x86_64', 'vim-8.0-1.src'], { notIncluded: 11 }],
    [
      'with NAME-EPOCH:VERSION-RELEASE.ARCH',
      { include: ['vim-1:7.0-1.x86_64'] },
      ['vim-1:7.0-1.x86_64'],
      { notIncluded: 12 },
    ],
    ['with EPOCH:NAME', { include: ['1:vim-*'] }, ['vim-1:7.0-1.x86_64'], { notIncluded: 12 }],
    [
      'whose exclude beats its include',
      { include: ['vim*'], exclude: ['*.src', 'vim-doc'] },
      ['vim-1:7.0-1.x86_64', 'vim-8.0-1.x86_64'],
      { excluded: 2, notIncluded: 9 },
    ],
    [
      'of the newest one goes by name and architecture, by epoch first, by rpm’s order of versions',
      { newest: 1 },
      [
        ...['kernel-2.6-10.x86_64', 'kernel-2.6-9.i686', 'vim-1:7.0-1.x86_64', 'vim-doc-8.0-1.noarch'],
        ...['vim-8.0-1.src', 'blob-1-1.nosrc', 'rc-1.0^git-1.noarch'],
      ],
      { older: 6 },
    ],
    [
      'of the newest two keeps both packages of one version',
      { newest: 2, include: ['rc'] },
      ['rc-1.0-1.noarch', 'rc-1.0^git-1.noarch', 'rc-1.0-1.noarch'],
      { older: 1, notIncluded: 9 },
    ],
    [
      'of the newest counts what is left after the other rules',
      { newest: 1, include: ['kernel'], exclude: ['*-10.*'] },
      ['kernel-2.6-9.x86_64', 'kernel-2.6-9.i686'],
      { older: 1, excluded: 1, notIncluded: 9 },
    ],
  ])('%s', (_name, filter, chosen, left) => {
    const found = selectPackages({ ...ALL, ...filter }, SHELF.map(candidate));
    expect(found.chosen.map((index) => SHELF[index])).toEqual(chosen);
    expect(found.left).toEqual({ ...NONE, ...left });
  });

  test.each<[Partial<RepoFilter>, boolean]>([
    [{}, false],
    [{ sources: false }, true],
    [{ newest: 1 }, true],
    [{ architectures: ['i686'] }, true],
    [{ include: ['a'] }, true],
    [{ exclude: ['a'] }, true],
  ])('%j filters: %s', (filter, is) => {
    expect(isFiltering({ ...ALL, ...filter })).toBe(is);
  });

  test('counts every candidate once', () => {
    const some = fc.constantFrom('a', 'b', '1', '*', '?', 'noarch', 'src', 'i686');
    const shelf = fc.array(fc.record({ name: some, arch: some, epoch: some, version: some, release: some }));
    const filter = fc.record({
      architectures: fc.option(fc.array(some), { nil: undefined }),
      newest: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      include: fc.array(some, { maxLength: 2 }),
      exclude: fc.array(some, { maxLength: 2 }),
      sources: fc.boolean(),
    });
    fc.assert(
      fc.property(shelf, filter, (candidates, rules) => {
        const { chosen, left } = selectPackages(rules, candidates);
        expect(chosen.length + Object.values(left).reduce((sum, count) => sum + count, 0)).toBe(candidates.length);
        expect([...new Set(chosen)]).toEqual(chosen);
      }),
    );
  });
});

describe('a pattern', () => {
  test.each<[string, string, boolean]>([
    ['kernel*', 'kernel', true],
    ['kernel*', 'a-kernel', false],
    ['lib?ello', 'libhello', true],
    ['a[0-9]', 'a5', true],
    ['a[!0-9]', 'a5', false],
    ['a[^0-9]', 'ab', true],
    ['a[]]', 'a]', true],
    ['a[', 'a[', true],
    ['[[:digit:]]x', '7x', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['', '', true],
    ['*', '', true],
    ['a.b', 'axb', false],
    ['**a**b', 'xaxb', true],
  ])('%s and %s: %s', (pattern, text, is) => {
    expect(parseGlob(pattern)(text)).toBe(is);
  });

  test('means what it means to bash', async () => {
    const letter = fc.constantFrom('a', 'b', 'c', '-', '.', '*', '?', '[', ']', '!', '^', '\\');
    const word = fc.string({ unit: letter, maxLength: 8 });
    const pairs = fc.sample(fc.tuple(word, word), { numRuns: 3000, seed: 7 });
    const script = 'LC_ALL=C; while IFS= read -r p && IFS= read -r t; do [[ "$t" == $p ]] && echo 1 || echo 0; done';
    const answers = (
      await run(['bash', '-c', script], { input: pairs.map(([p, t]) => `${p}\n${t}\n`).join('') })
    ).trim();
    // bash takes a backslash at the very end for itself; fnmatch(3) leaves it open.
    const differs = pairs.filter(
      ([p, t], index) => !/\\$/.test(p) && parseGlob(p)(t) !== (answers.split('\n')[index] === '1'),
    );
    expect(differs).toEqual([]);
  });

  test('of many stars takes no time', () => {
    const text = 'a'.repeat(3000);
    expect(parseGlob(`${'*a'.repeat(500)}b`)(text)).toBe(false);
  });
});

const { skip, note } = needs(['rpmbuild', 'createrepo_c', 'dnf'], 'none');

describe.skipIf(skip)(`the newest${note}`, () => {
  test('are those that dnf takes for them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kickstand-newest-'));
    try {
      const shelf = ['1.0-1', '1.0-2', '1.0~rc1-9', '1.0^a-1', '1:0.5-1', '10.0-1'].map((text) =>
        candidate(`pack-${text}.x86_64`),
      );
      await buildShelf(shelf, directory);
      const client = await dnfClient(join(directory, 'dnf'));
      const query = [
        '-q',
        '--forcearch=x86_64',
        `--repofrompath=lab,file://${directory}/repo`,
        '--repo=lab',
        'repoquery',
      ];
      for (const newest of [1, 2, 4]) {
        const format = ['--qf', '%{epoch}:%{version}-%{release}'];
        const theirs = (await client.dnf([...query, `--latest-limit=${newest}`, ...format])).trim().split('\n');
        const ours = selectPackages({ ...ALL, newest }, shelf).chosen.map((index) => shelf[index]);
        expect(ours.map((one) => `${one?.epoch}:${one?.version}-${one?.release}`).toSorted()).toEqual(
          theirs.toSorted(),
        );
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  async function buildShelf(shelf: readonly Candidate[], directory: string): Promise<void> {
    for (const [index, { epoch, ...rest }] of shelf.entries()) {
      const entry = { ...rest, epoch: Number(epoch), directories: ['/opt/pack'] };
      await buildRpms([entry], join(directory, 'repo'), join(directory, `work-${index}`));
    }
    await createRepository(join(directory, 'repo'));
  }
});
