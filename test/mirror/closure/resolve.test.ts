// Holes found in streams: however they are cut, whatever is missing of them, and how much of them is looked at. dnf.test.ts has the rules.

import { describe, expect, test } from 'vitest';
import { readDependencies } from '../../../mirror/closure/dependencies.ts';
import { findProviders } from '../../../mirror/closure/providers.ts';
import { EQUAL } from '../../../mirror/closure/range.ts';
import { findHoles, findHolesIn, type ClosureRepo } from '../../../mirror/closure/resolve.ts';
import { emptyUniverse } from '../../../mirror/closure/universe.ts';
import { Malformed } from '../../../server/malformed.ts';
import { breathe, closureRepo, metadataOf, textsOf, type MetadataPackage } from '../../support/closure-repos.ts';

const alone = (...check: readonly ClosureRepo[]) => findHoles({ check, join: [] }, { breathe });
const holesOf = async (packages: readonly MetadataPackage[]) =>
  textsOf((await alone(closureRepo('r', packages))).holes);

const PACKAGES: readonly MetadataPackage[] = [
  {
    name: 'app',
    evr: '2:1-1',
    arch: 'x86_64',
    requires: ['lib = 1:2', 'gone > 3', '/opt/lib', '/opt/x', '(a or b)', '(z'],
  },
  { name: 'lib', evr: '1:2-1', moreFiles: ['/opt/lib'], provides: ['ä'], requires: ['ä', 'ö'] },
];
const HOLES = [
  'r app-2:1-1.x86_64: (a or b)',
  'r app-2:1-1.x86_64: /opt/x',
  'r app-2:1-1.x86_64: gone > 3',
  'r lib-1:2-1.noarch: ö',
];

/** The repository in pieces of so many bytes, and what was opened of it. */
function pieces(packages: readonly MetadataPackage[], sizeBytes: number): ClosureRepo & { readonly opened: string[] } {
  const { primary, filelists } = metadataOf(packages);
  const opened: string[] = [];
  const open = (name: string, text: string) =>
    async function* (): AsyncGenerator<Uint8Array> {
      opened.push(name);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
    };
  return { name: 'r', opened, primary: open('primary', primary), filelists: open('filelists', filelists) };
}

describe('metadata is read', () => {
  test.each([1, 7, 1_000_000])('in pieces of %i bytes', async (sizeBytes) => {
    const report = await alone(pieces(PACKAGES, sizeBytes));
    expect(textsOf(report.holes)).toEqual(HOLES);
    expect(report.unreadable).toEqual([{ repo: 'r', package: 'app-2:1-1.x86_64', requirement: '(z' }]);
    expect(report.checkedPackages).toBe(2);
  });

  test('once: the lists of files only where a path is asked for that primary.xml does not tell of', async () => {
    const told = pieces([{ name: 'a', requires: ['/usr/bin/a', 'b'], files: ['/usr/bin/a'] }], 100);
    await alone(told);
    expect(told.opened).toEqual(['primary']);
    const untold = pieces([{ name: 'a', requires: ['/opt/a'], moreFiles: ['/opt/a'] }], 100);
    expect((await alone(untold)).holes).toEqual([]);
    expect(untold.opened).toEqual(['primary', 'filelists']);
  });

  test('without lists of files where there are none', async () => {
    const bare = { ...closureRepo('r', PACKAGES), filelists: undefined };
    expect(textsOf((await alone(bare)).holes)).toContain('r app-2:1-1.x86_64: /opt/lib');
  });

  test('with breaths in between, one of which may end it', async () => {
    let breaths = 0;
    const ends = async (): Promise<void> => {
      breaths += 1;
      if (breaths > 20) throw new Error('enough');
    };
    const many = Array.from({ length: 3000 }, (_, index) => ({ name: `p${index}`, requires: [`q${index}`] }));
    await expect(findHoles({ check: [pieces(many, 4096)], join: [] }, { breathe: ends })).rejects.toThrow('enough');
  });

  test.each<[string, (text: string) => string]>([
    ['cut off', (text) => text.slice(0, -20)],
    ['of another kind', (text) => text.replaceAll('metadata', 'filelists')],
    ['with a package that has no name', (text) => text.replace('<name>app</name>', '')],
    ['with a name without end', (text) => text.replace('gone', 'x'.repeat(100_000))],
    ['with a document type', (text) => text.replace('<metadata', '<!DOCTYPE x [<!ENTITY y "z">]><metadata')],
  ])('and refused where it is %s', async (_what, spoil) => {
    const { primary } = metadataOf(PACKAGES);
    const bytes = Buffer.from(spoil(primary));
    const repo = closureRepo('r', []);
    const spoilt = {
      ...repo,
      primary: async function* () {
        yield bytes;
      },
    };
    await expect(alone(spoilt)).rejects.toThrow(Malformed);
  });
});

describe('what is looked at', () => {
  test('weak dependencies are no holes', async () => {
    const { primary } = metadataOf([{ name: 'a', requires: ['gone'] }]);
    const weak = ['recommends', 'suggests', 'supplements', 'enhances', 'conflicts', 'obsoletes'];
    for (const kind of weak) {
      const text = primary.replaceAll('rpm:requires', `rpm:${kind}`);
      const repo = {
        ...closureRepo('r', []),
        primary: async function* () {
          yield Buffer.from(text);
        },
      };
      expect((await alone(repo)).holes).toEqual([]);
    }
  });

  test('a requirement of before and after is one hole', async () => {
    const pre = { name: 'gone', flags: 'EQ', epoch: '0', ver: '1', pre: '1' };
    expect(await holesOf([{ name: 'a', requires: ['gone = 1', pre, 'gone = 0:1'] }])).toEqual([
      'r a-1-1.noarch: gone = 1',
    ]);
  });

  test('every machine that the packages are for: a hole on one is a hole', async () => {
    const lib = (arch: string): MetadataPackage => ({ name: 'lib', arch, provides: [`lib(${arch})`] });
    const app: MetadataPackage = { name: 'app', requires: ['lib', 'lib(aarch64)'] };
    expect(await holesOf([lib('x86_64'), app])).toEqual(['r app-1-1.noarch: lib(aarch64)']);
    expect(await holesOf([lib('aarch64'), app])).toEqual([]);
    expect(await holesOf([lib('aarch64'), lib('x86_64'), app])).toEqual(['r app-1-1.noarch: lib(aarch64)']);
    expect(await holesOf([{ ...lib('src'), requires: ['compiler'] }])).toEqual([]);
  });

  test('packages for every machine are checked on those of what they are joined to', async () => {
    const check = [closureRepo('app', [{ name: 'app', requires: ['lib'] }])];
    const join = [closureRepo('base', [{ name: 'lib', arch: 's390x' }])];
    expect((await findHoles({ check, join }, { breathe })).holes).toEqual([]);
    expect((await findHoles({ check, join }, { breathe, machine: 'x86_64' })).holes).toHaveLength(1);
  });

  test('a hole in any of several views is one', async () => {
    const repos = [
      closureRepo('old', [{ name: 'lib', evr: '1-1', moreFiles: ['/opt/old'] }]),
      closureRepo('app', [{ name: 'app', requires: ['lib = 1', 'lib >= 2', 'lib', '/opt/old', '(x with y)'] }]),
      closureRepo('new', [{ name: 'lib', evr: '2-1', provides: ['x', 'y'] }]),
    ];
    const view = (...join: readonly string[]) => ({ check: ['app'], join, machine: 'x86_64' });
    const holes = async (...views: readonly ReturnType<typeof view>[]) =>
      textsOf((await findHolesIn(repos, views, { breathe })).holes).map((hole) => hole.slice(hole.indexOf(':') + 2));
    expect(await holes(view('old'))).toEqual(['(x with y)', 'lib >= 2']);
    expect(await holes(view('new'))).toEqual(['/opt/old', 'lib = 1']);
    expect(await holes(view('old'), view('new'))).toEqual(['(x with y)', '/opt/old', 'lib = 1', 'lib >= 2']);
    expect(await holes(view('old', 'new'))).toEqual([]);
  });

  test('too much to compare is refused', async () => {
    const universe = emptyUniverse();
    const provides = Array.from({ length: 100 }, (_, index) => `x = 1.${index}`);
    const reading = { universe, repo: 0, keep: 'all', where: 'test', breathe } as const;
    await readDependencies(closureRepo('r', [{ name: 'a', provides }]).primary(), reading);
    const providers = await findProviders(universe, { isIn: () => true, breathe, limitCompared: 250 });
    const newer = { kind: 'simple', name: 'x', range: { sense: EQUAL, evr: '2' } } as const;
    expect([providers.hasAny(newer), providers.hasAny(newer), providers.compared()]).toEqual([false, false, 200]);
    expect(() => providers.hasAny(newer)).toThrow('too much to compare');
  });
});
