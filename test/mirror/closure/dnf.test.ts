// The verdict on dependencies is that of the real `dnf repoclosure`: on tables, on repositories made at random, on real ones.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archesOf } from '../../../mirror/closure/arches.ts';
import { findHoles } from '../../../mirror/closure/resolve.ts';
import type { Checksum } from '../../../mirror/rpm/checksum.ts';
import { parseRepomd } from '../../../mirror/rpm/repomd.ts';
import { breathe, dnfHoles, hasRepoclosure, storedRepo, textsOf, writeMetadata } from '../../support/closure-repos.ts';
import type { MetadataPackage, Relation } from '../../support/closure-repos.ts';
import { needs } from '../../support/lab-needs.ts';
import { buildRpms, createRepository } from '../../support/rpms.ts';
import { RICH } from './rich-cases.ts';

const SAMPLES = resolve(import.meta.dirname, '..', '..', '..', '..', 'shared', 'samples');

const here = needs(['dnf', 'createrepo_c', 'rpmbuild'], 'none');
const skip = here.skip || (!(await hasRepoclosure()) && process.env['CI'] === undefined);

const samples = existsSync(SAMPLES) ? await samplesIn(SAMPLES) : [];

type Repos = Readonly<Record<string, readonly MetadataPackage[]>>;

describe.skipIf(skip)(`dnf repoclosure${here.note}`, { timeout: 120_000 }, () => {
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'kickstand-closure-'));
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  /** Where the repositories lie, written. */
  async function written(repos: Repos): Promise<Record<string, string>> {
    const home = await mkdtemp(join(work, 'repos-'));
    const paths = Object.keys(repos).map((name): [string, string] => [name, join(home, name)]);
    for (const [name, path] of paths) await writeMetadata(path, repos[name] ?? []);
    return Object.fromEntries(paths);
  }

  async function both(
    paths: Record<string, string>,
    options: Options = {},
  ): Promise<{ dnf: string[]; ours: string[] }> {
    const names = Object.keys(paths);
    const check = options.check ?? names;
    const machine = options.machine ?? 'x86_64';
    const arches = options.checks === 'installable' ? [...archesOf(machine)] : [];
    const repos = await Promise.all(names.map(async (name) => storedRepo(name, paths[name] ?? '')));
    const of = (wanted: boolean) => repos.filter(({ name }) => check.includes(name) === wanted);
    const edges = { breathe, machine, checks: options.checks ?? 'everything' } as const;
    const report = await findHoles({ check: of(true), join: of(false) }, edges);
    return { dnf: await dnfHoles({ repos: paths, check, machine, arches }, work), ours: textsOf(report.holes) };
  }

  async function expectSame(paths: Record<string, string>, options: Options = {}): Promise<readonly string[]> {
    const { dnf, ours } = await both(paths, options);
    expect(ours).toEqual(dnf);
    return dnf;
  }

  test('judges versions alike: every sense of a requirement against every sense of what is provided', async () => {
    const evrs = ['1', '1-1', '1-2', '2', '1:1', '1:1-1', '0:1-2', '1.0~rc1', '1.0^git', '1.0', '1-'];
    const senses = ['<', '<=', '=', '>=', '>', '<>'];
    const relations = evrs.flatMap((evr) => senses.map((sense) => `${sense} ${evr}`));
    const provided = relations.map((relation, index) => ({
      name: `holder${index}`,
      provides: [`x${index} ${relation}`],
    }));
    const asked = [...relations, ''].map((relation, index) => ({
      name: `asker${index}`,
      requires: provided.map((_, holder) => `x${holder} ${relation}`.trim()),
    }));
    const holes = await expectSame(await written({ one: [...provided, ...asked] }));
    expect(holes.length).toBeGreaterThan(1000);
  });

  test('judges odd senses and versions alike', async () => {
    const provides: Relation[] = [
      { name: 'unversioned' },
      { name: 'exact', flags: 'EQ', epoch: '0', ver: '2', rel: '1' },
      { name: 'unknown', flags: 'XX', epoch: '0', ver: '2', rel: '1' },
      { name: 'bare', flags: 'EQ', ver: '2' },
      { name: 'colon', flags: 'EQ', ver: '3:2', rel: '1' },
      { name: 'rich', flags: 'EQ', ver: '(1)' },
    ];
    const ranges: Record<string, string>[] = [
      {},
      ...['EQ', 'XX', 'GE', 'NE', ''].flatMap((flags) => [
        { flags, epoch: '0', ver: '2', rel: '1' },
        { flags, ver: '2' },
        { flags, epoch: '', ver: '2', rel: '' },
        { flags, ver: '3:2', rel: '1' },
        { flags, epoch: '3', ver: '2', rel: '1' },
        { flags, ver: '2-1' },
      ]),
    ];
    const names = provides.map((relation) => (typeof relation === 'string' ? relation : (relation['name'] ?? '')));
    const requires = names.flatMap((name) => ranges.map((range) => ({ name, ...range })));
    await expectSame(
      await written({
        one: [
          { name: 'holder', provides },
          { name: 'asker', requires },
        ],
      }),
    );
  });

  test('judges files, self-provides and what rpm itself provides alike', async () => {
    const holes = await expectSame(
      await written({
        one: [
          { name: 'a', evr: '3:2-1', files: ['/usr/bin/a'], moreFiles: ['/opt/a/file', '/opt/a&b "c"'] },
          { name: 'late', provides: ['late-cap'], moreFiles: ['/usr/bin/a'] },
          { name: 'said', provides: ['/said/path = 5', '/said/bare', 'config(said) = 1-1'] },
          { name: 'foreign', arch: 'aarch64', files: ['/usr/bin/foreign'], moreFiles: ['/opt/foreign'] },
          {
            name: 'asker',
            requires: [
              ...['a', 'a = 3:2-1', 'a = 3:2', 'a = 2-1', 'a > 2', 'a < 2', 'asker = 1-1', 'asker = 1', 'asker > 1'],
              ...['/usr/bin/a', '/opt/a/file', '/opt/a', '/opt/a/', '/opt/a&b "c"', '/opt/none', '/usr/bin/none', '/'],
              ...[
                '/usr/bin/a = 1',
                '/opt/a/file > 7',
                '/said/path',
                '/said/path = 5',
                '/said/path = 6',
                '/said/bare = 9',
              ],
              ...['/usr/bin/foreign', '/opt/foreign', 'foreign', 'rpmlib(CompressedFileNames) <= 3.0.4-1', 'rpmlib(X)'],
              ...['rpmlibX', 'config(said) = 1-1', 'config(none)', 'lib.so.6()(64bit)', ''],
              ...['(/usr/bin/a with late-cap)', '(late-cap without /usr/bin/a)', '(/opt/a/file with late-cap)'],
            ],
          },
        ],
      }),
    );
    expect(holes).toContain('one asker-1-1.noarch: /opt/foreign');
    expect(holes).not.toContain('one asker-1-1.noarch: rpmlib(X)');
  });

  test('joins the repositories that are not checked', async () => {
    const paths = await written({
      app: [{ name: 'app', requires: ['lib', '/opt/lib/x', 'nothing', '(lib with cap)', '(lib without cap)'] }],
      base: [{ name: 'lib', provides: ['cap'], moreFiles: ['/opt/lib/x'], requires: ['gone'] }],
    });
    expect(await expectSame(paths, { check: ['app'] })).toHaveLength(2);
    expect(await expectSame(paths, { check: ['base'] })).toHaveLength(1);
    expect(await expectSame(paths)).toHaveLength(3);
  });

  const ARCHES = 'x86_64 x86_64_v2 athlon i686 i586 i486 i386 aarch64 ppc64le ppc64 ppc s390x s390 riscv64 ia64';
  const everyArch = [...ARCHES.split(' '), 'armv7hl', 'armv6hl', 'noarch', 'src', 'nosrc'].map((arch) => ({
    name: `for-${arch}`,
    arch,
    requires: [`lost-${arch}`],
  }));

  test.each(['x86_64', 'i686', 'aarch64', 'ppc64le', 'ppc64', 's390x', 'riscv64', 'ia64', 'armv7hl'])(
    'knows what %s installs, and what not',
    async (machine) => {
      const asker = { name: 'asker', requires: everyArch.map(({ name }) => name) };
      const paths = await written({ one: [...everyArch, asker] });
      await expectSame(paths, { machine });
      await expectSame(paths, { machine, checks: 'installable' });
    },
  );

  test('reads boolean dependencies alike: which make sense, and what they mean', async () => {
    const [has, lacks] = [
      { name: 'a', provides: ['ab', 'n(x)(64bit)'] },
      { name: 'b', provides: ['ab', 'c = 1:2-3'] },
    ];
    const askers = RICH.map((text, index) => ({ name: `asker${index}`, requires: [{ name: text }] }));
    await expectSame(await written({ one: [has, lacks, ...askers] }));
  });

  test('judges packages made at random alike', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const evr = fc.constantFrom('1-1', '1-2', '2-1', '1:1-1', '1.1-1', '2~rc-1');
    const version = fc.constantFrom('1', '1-1', '1-2', '2', '1:1', '0:2-1', '1.1', '2~rc-1', '1:3-9');
    const sense = fc.constantFrom('<', '<=', '=', '>=', '>');
    const name = fc.constantFrom(...names, 'x', 'y', '/usr/bin/p', '/opt/p', '/opt/q');
    const relation = fc.oneof(
      name,
      fc.tuple(name, sense, version).map((parts) => parts.join(' ')),
    );
    const rich = fc.letrec<{ any: string; group: string }>((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, relation, tie('group')),
      group: fc
        .tuple(
          fc.array(tie('any'), { minLength: 2, maxLength: 3 }),
          fc.constantFrom('and', 'or', 'with', 'without', 'if', 'unless'),
          fc.option(tie('any')),
        )
        .map(([operands, operator, otherwise]) => {
          const isCondition = operator === 'if' || operator === 'unless';
          const end = isCondition && otherwise !== null ? ` else ${otherwise}` : '';
          return `(${operands.join(` ${operator} `)}${end})`;
        }),
    }));
    const one: fc.Arbitrary<MetadataPackage> = fc.record({
      name: fc.constantFrom(...names),
      evr,
      arch: fc.constantFrom('noarch', 'x86_64', 'i686', 'aarch64', 'src'),
      provides: fc.array(
        fc.oneof(
          fc.constantFrom('x', 'y'),
          fc.tuple(fc.constantFrom('x', 'y', 'a', '/opt/q'), sense, version).map((parts) => parts.join(' ')),
        ),
        { maxLength: 2 },
      ),
      requires: fc.array(fc.oneof(relation, rich.group), { maxLength: 5 }),
      files: fc.constantFrom([], ['/usr/bin/p']),
      moreFiles: fc.constantFrom([], [], ['/opt/p']),
    });
    // Few packages that provide, so that much is missing, and many that only ask.
    const asker = one.map(({ requires = [], arch = '' }): MetadataPackage => ({ name: 'asker', arch, requires }));
    const universe = fc.tuple(fc.array(one, { maxLength: 4 }), fc.array(asker, { minLength: 40, maxLength: 60 }));
    let found = 0;
    await fc.assert(
      fc.asyncProperty(universe, fc.array(one, { maxLength: 2 }), async ([some, askers], joined) => {
        const numbered = askers.map((entry, index) => ({ ...entry, name: `asker${index}` }));
        const paths = await written({ one: [...some, ...numbered], two: joined });
        found += (await expectSame(paths, { check: ['one'] })).length;
      }),
      // Shrinking would run dnf a hundred times more; the difference tells which requirement it is.
      { numRuns: 10, endOnFailure: true },
    );
    expect(found).toBeGreaterThan(100);
  });

  test('judges packages that rpmbuild made and createrepo_c listed alike', async () => {
    const home = await mkdtemp(join(work, 'rpms-'));
    const scratch = join(home, 'work');
    await mkdir(scratch);
    const directory = join(home, 'repo');
    const base = { version: '1', release: '1' };
    await buildRpms(
      [
        {
          ...base,
          name: 'app',
          requires: ['lib >= 2:1', 'gone', '/opt/lib/data', '/usr/bin/tool', '/etc/none', '(lib if gone)'],
        },
        {
          ...base,
          name: 'lib',
          epoch: 2,
          provides: ['cap = 5'],
          files: { '/opt/lib/data': 'x', '/usr/bin/tool': 'x' },
        },
        {
          ...base,
          name: 'other',
          obsoletes: ['lib'],
          requires: ['cap < 5', 'cap >= 4.9', '(gone or missing)', 'other = 1'],
        },
      ],
      directory,
      scratch,
    );
    await createRepository(directory);
    const holes = await expectSame({ built: directory });
    expect(holes.map((hole) => hole.slice(hole.indexOf(': ') + 2))).toEqual([
      '/etc/none',
      'gone',
      '(gone or missing)',
      'cap < 5',
    ]);
  });

  test.runIf(samples.length > 0).each(samples)('judges the real repository %s alike', async (path) => {
    await expectSame({ sample: join(SAMPLES, path) });
  });

  test.runIf(samples.length > 0)('judges all the real repositories together alike', async () => {
    const paths = Object.fromEntries(samples.map((path, index) => [`sample${index}`, join(SAMPLES, path)]));
    await expectSame(paths, { checks: 'installable' });
  });
});

type Options = { check?: readonly string[]; machine?: string; checks?: 'installable' | 'everything' };

/** The repositories below `root` whose metadata is there, and is what their repomd.xml says: dnf takes no other. */
async function samplesIn(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of await readdir(root, { recursive: true })) {
    if (!path.endsWith('/repodata/repomd.xml')) continue;
    const directory = path.slice(0, -'/repodata/repomd.xml'.length);
    const { data } = parseRepomd(await readFile(join(root, path)));
    const needed = data.filter(({ type }) => type === 'primary' || type === 'filelists');
    if (needed.every((entry) => isWhole(join(root, directory, entry.path), entry.checksum))) found.push(directory);
  }
  return found.toSorted();
}

function isWhole(path: string, { type, digest }: Checksum): boolean {
  return existsSync(path) && createHash(type).update(readFileSync(path)).digest('hex') === digest;
}
