// The dependencies of a repo as its profiles see them: with their tree and their other repos, and nothing said where one of these is missing.

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SnapshotFile } from '../../../mirror/content/layout.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import type { RepoClosure } from '../../../server/assembly/closure.ts';
import { closureOf, closureOfPublished } from '../../../server/assembly/closure.ts';
import type { House } from '../../../server/assembly/house.ts';
import type { Site } from '../../../server/domain.ts';
import { isNo, Malformed } from '../../../server/malformed.ts';
import { textsOf, writeMetadata, type MetadataPackage } from '../../support/closure-repos.ts';
import { exampleSite } from '../../support/example.ts';
import { writeFiles } from '../../support/iso.ts';
import { plainRepo } from '../../support/sync-bench.ts';
import { houseOver } from '../../support/open-house.ts';

let data = '';
let house: House;
let profiles: Readonly<Record<string, { readonly tree: string; readonly repos: readonly string[] }>> = {};

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'kickstand-closure-'));
  profiles = {};
  house = await houseOver({ data, site });
});
afterEach(async () => {
  await house.close();
  rmSync(data, { recursive: true });
});

function site(): Site {
  const example = exampleSite();
  const [like] = example.profiles;
  if (like === undefined) throw new Error('the example site has no profiles');
  return {
    ...example,
    repos: ['app', 'extra'].map((name) => ({ ...plainRepo('http://127.0.0.1'), name })),
    trees: ['old', 'new'].map((name) => ({
      name,
      source: { kind: 'directory', path: join(data, 'media', name) },
      os: undefined,
    })),
    profiles: Object.entries(profiles).map(([name, rest]) => ({ ...like, name, ...rest })),
  };
}

/** An install tree of CentOS 6 with these packages. */
async function makeTree(name: string, packages: readonly MetadataPackage[], arch = 'x86_64'): Promise<void> {
  const directory = join(data, 'media', name);
  const files = ['images/pxeboot/vmlinuz', 'images/pxeboot/initrd.img', 'images/install.img'].map((path) => [
    path,
    'x',
  ]);
  const treeinfo = `[general]\nfamily = CentOS\nversion = 6.2\narch = ${arch}\nvariant =\n`;
  await writeFiles(directory, { '.treeinfo': treeinfo, ...Object.fromEntries(files) });
  await writeMetadata(directory, packages);
}

async function draftOf(packages: readonly MetadataPackage[]): Promise<readonly SnapshotFile[]> {
  const directory = mkdtempSync(join(data, 'upstream-'));
  await writeMetadata(directory, packages);
  const files = ['repomd', 'primary', 'filelists'].map(async (name): Promise<SnapshotFile> => {
    const path = parseHref(`repodata/${name}.xml`, 'test');
    const bytes = await readFile(join(directory, path));
    return { path, sha256: await house.pool.save(bytes), sizeBytes: bytes.length, checksum: undefined };
  });
  return Promise.all(files);
}

async function publish(repo: string, packages: readonly MetadataPackage[]): Promise<void> {
  const lock = await house.content.lockRepo(repo);
  if (isNo(lock)) throw new Error(lock.reason);
  const rest = { now: 1, upstream: 'u', revision: '1', packages: 0, notes: [], origin: undefined };
  const { id } = await house.content.saveSnapshot(repo, { ...rest, files: await draftOf(packages) });
  await house.content.publish(repo, id);
  lock.release();
}

const checkDraft = async (packages: readonly MetadataPackage[]): Promise<RepoClosure> =>
  closureOf(house, { repo: 'app', files: await draftOf(packages) });

const APP: readonly MetadataPackage[] = [{ name: 'app', requires: ['lib >= 2', '/opt/lib/data', 'plugin'] }];
const lib = (evr: string): MetadataPackage => ({ name: 'lib', arch: 'x86_64', evr, moreFiles: ['/opt/lib/data'] });

describe('a repo that is to be published', () => {
  test('is checked by itself where no profile names it', async () => {
    await makeTree('new', [lib('2-1')]);
    const { holes, unjudged } = await checkDraft(APP);
    expect(textsOf(holes)).toEqual([
      'app app-1-1.noarch: /opt/lib/data',
      'app app-1-1.noarch: lib >= 2',
      'app app-1-1.noarch: plugin',
    ]);
    expect(unjudged).toEqual([]);
  });

  test('is checked with the tree and the other repos of its profile', async () => {
    profiles = { server: { tree: 'new', repos: ['app', 'extra'] } };
    await makeTree('new', [lib('2-1')]);
    await publish('extra', [{ name: 'plugin' }]);
    expect(await checkDraft(APP)).toMatchObject({ holes: [], unjudged: [], checkedPackages: 1 });
  });

  test('has the holes of each of its profiles', async () => {
    profiles = { server: { tree: 'new', repos: ['app', 'extra'] }, legacy: { tree: 'old', repos: ['extra', 'app'] } };
    await makeTree('new', [lib('2-1')]);
    await makeTree('old', [lib('1-1')]);
    await publish('extra', [{ name: 'plugin' }]);
    expect(textsOf((await checkDraft(APP)).holes)).toEqual(['app app-1-1.noarch: lib >= 2']);
  });

  test('is checked for the machines that the tree installs', async () => {
    profiles = { server: { tree: 'new', repos: ['app'] } };
    await makeTree(
      'new',
      [
        { ...lib('2-1'), arch: 'i686' },
        { name: 'plugin', arch: 'x86_64' },
      ],
      'i386',
    );
    expect(textsOf((await checkDraft(APP)).holes)).toEqual(['app app-1-1.noarch: plugin']);
  });

  test.each<readonly [string, () => Promise<unknown>, RegExp]>([
    ['has no tree', async () => publish('extra', []), /the tree new is not there/],
    ['joins a repo that was never synced', async () => makeTree('new', []), /the repo extra was never synced/],
    [
      'joins a tree whose metadata cannot be read',
      async () => {
        await publish('extra', []);
        await makeTree('new', [{ name: 'lib' }]);
        await writeFile(join(data, 'media/new/repodata/primary.xml'), '<metadata');
      },
      /tree new\/, primary\.xml/,
    ],
    [
      'joins a tree whose metadata is gone',
      async () => {
        await publish('extra', []);
        await makeTree('new', [{ name: 'lib' }]);
        await rm(join(data, 'media/new/repodata/filelists.xml'));
      },
      /filelists\.xml is not there/,
    ],
  ])('is not judged for a profile that %s', async (_what, make, reason) => {
    profiles = { server: { tree: 'new', repos: ['app', 'extra'] } };
    await make();
    const { holes, unjudged } = await checkDraft(APP);
    expect(holes).toEqual([]);
    expect(unjudged).toEqual([{ profile: 'server', reason: expect.stringMatching(reason) }]);
  });

  test('is Malformed where its own metadata is, and ends when it is told to', async () => {
    const files = await draftOf(APP);
    const sha256 = await house.pool.save(Buffer.from('<metadata'));
    const broken = files.map((file) => (file.path === 'repodata/primary.xml' ? { ...file, sha256 } : file));
    await expect(closureOf(house, { repo: 'app', files: broken })).rejects.toThrow(Malformed);
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(closureOf(house, { repo: 'app', files }, stopped)).rejects.toThrow();
  });
});

describe('a published repo', () => {
  test('is checked as it lies in its snapshot, even when the pool was swept', async () => {
    await publish('app', APP);
    for (const file of await draftOf(APP)) await rm(join(data, 'pool', file.sha256));
    const closure = await closureOfPublished(house, 'app');
    expect(isNo(closure) ? closure.reason : closure.holes.length).toBe(3);
  });

  test('is not judged before it was synced', async () => {
    expect(await closureOfPublished(house, 'app')).toMatchObject({ kind: 'no', remedy: 'kickstand repo sync app' });
  });
});
