// Poor upstreams that have metadata, of whatever kind: what there is is mirrored, every client reads it, and what was wrong is kept.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { status } from '../../support/fake-upstream.ts';
import { installedPackages } from '../../support/lab-disk.ts';
import { dnfClient } from '../../support/lab-dnf.ts';
import { needs } from '../../support/lab-needs.ts';
import { buildRepo, type RepoFiles } from '../../support/repo-fixture.ts';
import { filesDigest } from '../../support/sync-bench.ts';
import {
  ALL,
  ALL_PACKAGES,
  buildFarm,
  COMPS,
  cut,
  LAMB,
  LAMB2,
  metadataOf,
  readPublished,
  startScene,
  WOOL,
  withPages,
  writeAll,
  type Farm,
  type Scene,
} from './rig.ts';

const here = needs(['rpm', 'rpmbuild', 'createrepo_c', 'dnf'], 'none');

describe.skipIf(here.skip)(`a rescue${here.note}`, () => {
  let farm: Farm;
  let scene: Scene;
  beforeAll(async () => {
    farm = await buildFarm();
  });
  afterAll(() => farm.remove());
  beforeEach(async () => {
    scene = await startScene();
  });
  afterEach(() => scene.close());

  const bytesOf = (name: string): Buffer => farm.packages.get(name) ?? Buffer.alloc(0);
  const rpms = (names: readonly string[] = ALL, directory = 'Packages/'): RepoFiles =>
    new Map(names.map((name) => [`${directory}${name}`, bytesOf(name)]));
  const primaryOf = (files: RepoFiles): string =>
    [...files.keys()].find((path) => path.endsWith('primary.xml.gz')) ?? '';

  describe('of an upstream in which nothing is wrong', () => {
    test('is its own metadata byte for byte, with its signature, without evidence; nothing new costs one request', async () => {
      const files = await farm.repository(rpms());
      files.set('repodata/repomd.xml.asc', Buffer.from('-----BEGIN PGP SIGNATURE-----\n'));
      expect(await scene.rescue(files)).toMatchObject({ kind: 'published', packages: 3, notes: [] });
      expect(await scene.bench.published()).toEqual(filesDigest(files));
      expect((await readPublished(scene.bench)).evidence).toBeUndefined();
      scene.upstream.clearLog();
      expect(await scene.rescue()).toMatchObject({ kind: 'unchanged' });
      expect(scene.upstream.log.map(({ path }) => path)).toEqual(['repodata/repomd.xml']);
    });
  });

  describe('of entries whose file is gone, or another', () => {
    test('leaves them out, writes them down, and has every other', async () => {
      const files = await farm.repository(rpms());
      files.delete(`Packages/${LAMB2}`);
      files.set(`Packages/${WOOL}`, Buffer.from('<html>moved</html>'));
      const result = await scene.rescue(files);
      expect(result).toMatchObject({ kind: 'published', packages: 1 });
      expect(await scene.names()).toEqual([`Packages/${LAMB}`]);
      expect(await scene.flaws()).toEqual([`gone Packages/${LAMB2}`, `gone Packages/${WOOL}`]);
      expect(result.kind === 'published' ? result.notes.join('\n') : '').toMatch(
        /signature of repomd\.xml does not cover it[\s\S]*poor in 2 ways[\s\S]*snapshots demo --evidence/,
      );
    });

    test('keeps upstream’s own metadata where no client looks', async () => {
      const files = await farm.repository(rpms());
      files.set('repodata/repomd.xml.asc', Buffer.from('-----BEGIN PGP SIGNATURE-----\n'));
      files.delete(`Packages/${LAMB2}`);
      await scene.rescue(files);
      const published = (await scene.bench.published()) ?? {};
      const theirs = filesDigest(files);
      for (const [path, sha256] of Object.entries(theirs)) {
        if (path.startsWith('repodata/')) expect(published[`upstream-${path}`]).toBe(sha256);
      }
      expect(published['repodata/repomd.xml.asc']).toBeUndefined();
    });

    test('asks for what was gone before it says that nothing is new', async () => {
      const files = await farm.repository(rpms());
      const gone = new Map(files);
      gone.delete(`Packages/${LAMB2}`);
      await scene.rescue(gone);
      scene.upstream.clearLog();
      expect(await scene.rescue()).toMatchObject({ kind: 'unchanged' });
      expect(scene.upstream.log.map(({ path }) => path)).toEqual(['repodata/repomd.xml', `Packages/${LAMB2}`]);
      expect(await scene.rescue(files)).toMatchObject({ kind: 'published', packages: 3 });
      expect(await scene.bench.published()).toEqual(filesDigest(files));
    });

    test('a file that is found under another of its names is there', async () => {
      const twice = new Map([...rpms([LAMB, WOOL]), [`old/${LAMB}`, bytesOf(LAMB)]]);
      const files = await farm.repository(twice);
      files.delete(`Packages/${LAMB}`);
      await scene.rescue(files);
      expect(await scene.names()).toEqual([`Packages/${WOOL}`, `old/${LAMB}`]);
    });

    test('takes an older version where the filter’s newest is gone', async () => {
      const files = await farm.repository(rpms());
      files.delete(`Packages/${WOOL}`);
      const filter = { ...ALL_PACKAGES, include: ['wool', 'lamb'], newest: 1 };
      expect(await scene.rescue(files, { repo: { filter } })).toMatchObject({ kind: 'published', packages: 1 });
      expect(await scene.names()).toEqual([`Packages/${LAMB}`]);
    });

    test('a server that does not answer is no file that is gone: nothing is published', async () => {
      const files = await farm.repository(rpms());
      scene.upstream.always(`Packages/${LAMB}`, status(503));
      expect(await scene.rescue(files)).toMatchObject({ kind: 'failed', file: `Packages/${LAMB}` });
      expect(await scene.bench.published()).toBeUndefined();
    });

    test('every one of them: nothing is published, and why is said', async () => {
      const files = await farm.repository(rpms());
      for (const name of ALL) files.delete(`Packages/${name}`);
      const result = await scene.rescue(files);
      expect(result.kind === 'failed' ? result.reason : '').toMatch(/not one package to rescue \(Packages\/lamb/);
      expect(await scene.bench.published()).toBeUndefined();
    });
  });

  describe('of metadata that is weak, odd or broken', () => {
    test.each([['sha1'], ['md5']])('of %s: made anew with sha256, the same packages, comps kept', async (checksum) => {
      const comps = new Map([...rpms(), ['comps.xml', Buffer.from(COMPS)]]);
      const first = await farm.repository(comps);
      const work = join(farm.directory, `weak-${checksum}`);
      await writeAll(work, first);
      const files = await farm.repository(comps, ['--checksum', checksum, '--groupfile', join(work, 'comps.xml')]);
      expect(await scene.rescue(files)).toMatchObject({ kind: 'published', packages: 3 });
      const { repomd, packages } = await readPublished(scene.bench);
      expect(new Set([...repomd.data, ...packages].map((one) => one.checksum.type))).toEqual(new Set(['sha256']));
      expect(repomd.data.map(({ type }) => type).toSorted()).toEqual([
        'filelists',
        'group',
        'group_gz',
        'other',
        'primary',
      ]);
      expect(repomd.data.every(({ path }) => /\.(?:xml|xml\.gz)$/.test(path))).toBe(true);
      expect((await scene.flaws()).every((line) => line.startsWith('weak '))).toBe(true);
    });

    test('of xz alone: made anew in gzip', async () => {
      const files = await farm.repository(rpms(), ['--general-compress-type', 'xz']);
      expect(await scene.rescue(files)).toMatchObject({ kind: 'published', packages: 3 });
      expect((await scene.flaws()).every((line) => line.startsWith('packed '))).toBe(true);
    });

    test('with a document type: it is passed over, and told', async () => {
      const files = await farm.repository(rpms());
      const repomd = String(files.get('repodata/repomd.xml'));
      files.set('repodata/repomd.xml', Buffer.from(repomd.replace('?>', '?>\n<!DOCTYPE repomd SYSTEM "repomd.dtd">')));
      expect(await scene.rescue(files)).toMatchObject({ kind: 'published', packages: 3 });
      expect(await scene.flaws()).toEqual(['unreadable repodata/repomd.xml']);
    });

    test('with a document type that declares entities: it is not read, the index pages are', async () => {
      const files = await farm.repository(rpms());
      const repomd = String(files.get('repodata/repomd.xml'));
      const bomb = '<!DOCTYPE repomd [<!ENTITY a "b">]>';
      files.set('repodata/repomd.xml', Buffer.from(repomd.replace('?>', `?>\n${bomb}`)));
      expect(await scene.rescue(withPages(files))).toMatchObject({ kind: 'published', packages: 3 });
      expect(await scene.flaws()).toEqual(['unreadable repodata/repomd.xml']);
    });

    test.each<[string, (files: RepoFiles) => void, RegExp]>([
      [
        'repomd.xml cut off',
        (files) => files.set('repodata/repomd.xml', cut(files.get('repodata/repomd.xml'))),
        /repomd/,
      ],
      ['repomd.xml a page of errors', (files) => files.set('repodata/repomd.xml', Buffer.from('<html>')), /repomd/],
      ['no repomd.xml', (files) => files.delete('repodata/repomd.xml'), /missing repodata\/repomd\.xml/],
      ['primary gone', (files) => files.delete(primaryOf(files)), /gone repodata\/.*primary/],
      ['primary another', (files) => files.set(primaryOf(files), Buffer.from('other')), /gone repodata\/.*primary/],
    ])('%s: the index pages tell what there is', async (_what, spoil, told) => {
      const files = await farm.repository(new Map([...rpms(), [`x86_64/${LAMB}`, bytesOf(LAMB)]]));
      spoil(files);
      expect(await scene.rescue(withPages(files))).toMatchObject({ kind: 'published', packages: 4 });
      expect(await scene.names()).toEqual([...ALL.map((name) => `Packages/${name}`), `x86_64/${LAMB}`]);
      expect((await scene.flaws()).join('\n')).toMatch(told);
    });

    test('primary that breaks off: what it lists by checksum is held to it, the rest is found', async () => {
      const one = { name: 'lamb', path: `Packages/${LAMB}`, bytes: bytesOf(LAMB) };
      const whole = buildRepo({ packages: [one], countSaid: 7 });
      // The one that is listed is another file now: it is not taken for all its being whole.
      const files = new Map([...rpms(), ...whole, [`Packages/${LAMB}`, bytesOf(LAMB2)] as const]);
      expect(await scene.rescue(withPages(files))).toMatchObject({ kind: 'published', packages: 2 });
      expect(await scene.flaws()).toContain(`gone Packages/${LAMB}`);
      files.set(`Packages/${LAMB}`, bytesOf(LAMB));
      expect(await scene.rescue(withPages(files))).toMatchObject({ kind: 'published', packages: 3 });
      expect(await scene.flaws()).not.toContain(`gone Packages/${LAMB}`);
    });

    test('no metadata and no index page: nothing is published, and what was sought is said', async () => {
      const result = await scene.rescue(rpms());
      expect(result).toMatchObject({ kind: 'failed' });
      expect(result.kind === 'failed' ? result.reason : '').toMatch(/repomd\.xml: .*404.*\(index page\): .*404/);
      expect(result.kind === 'failed' ? result.remedy : '').toMatch(/index page/);
    });
  });

  test('with signatures asked for is as strict as any sync: an unsigned package publishes nothing', async () => {
    const repo = { trust: { checks: ['packages'], keys: [], weakKeys: 'refuse' } } as const;
    const trust = {
      checks: repo.trust.checks,
      checkMetadata: () => ({ kind: 'good', notes: [] }) as const,
      checkPackage: async (path: string) =>
        path.includes('wool')
          ? ({ kind: 'bad', reason: 'the package is not signed' } as const)
          : ({ kind: 'good', notes: [] } as const),
    };
    const result = await scene.rescue(withPages(rpms()), { repo, trust });
    expect(result).toMatchObject({ kind: 'failed', file: `Packages/${WOOL}` });
    expect(await scene.bench.published()).toBeUndefined();
    const filter = { ...ALL_PACKAGES, exclude: ['wool'] };
    expect(await scene.rescue(undefined, { repo: { ...repo, filter }, trust })).toMatchObject({
      kind: 'published',
      packages: 2,
    });
  });

  test('the real dnf installs from it, by group and by dependency', { timeout: 120_000 }, async () => {
    const files = withPages(new Map([...rpms([LAMB, WOOL]), ['old-comps.xml', Buffer.from(COMPS)]]));
    for (const by of ['own', 'createrepo_c'] as const) {
      await scene.rescue(files, { metadata: metadataOf(scene.bench, by), fresh: 'always' });
      const home = join(farm.directory, `client-${by}`);
      await mkdir(home);
      const client = await dnfClient(home);
      const { root } = await readPublished(scene.bench);
      await client.addRepoFile('demo', `[demo]\nname=demo\nbaseurl=file://${root}/\ngpgcheck=0\n`);
      await client.dnf(['install', '--nogpgcheck', '@farm']);
      expect(await installedPackages(client.root)).toEqual(['lamb', 'wool']);
    }
  });
});
