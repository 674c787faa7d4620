// Real repositories, from a directory and over HTTP: metadata byte for byte, every type of it, every package.

import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, digestOf, fixtureBytes, type RepoFiles } from '../../support/repo-fixture.ts';
import { directoryDigest, filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');

let bench: SyncBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

describe.skipIf(!existsSync(SAMPLES))('a real repository', () => {
  test('the zoo from a directory and over HTTP are the same snapshot', async () => {
    const zoo = join(SAMPLES, 'rpms/zoo');
    expect(await bench.sync(zoo)).toMatchObject({ kind: 'published', packages: 20, files: 32 });
    const theirs = await directoryDigest(zoo);
    const ours = (await bench.published()) ?? {};
    expect(Object.keys(ours).filter((path) => path.endsWith('.rpm'))).toHaveLength(20);
    const repodata = (all: Readonly<Record<string, string>>): string[] =>
      Object.keys(all).filter((path) => path.startsWith('repodata/'));
    for (const path of Object.keys(ours)) expect([path, ours[path]]).toEqual([path, theirs[path]]);
    const upstream = await startUpstream(await filesOf(zoo));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'unchanged' });
    await upstream.close();
    // Files that repomd.xml does not name are no part of the repository.
    expect(repodata(theirs).filter((path) => !(path in ours))).toEqual([
      'repodata/38212dcd79c8eb181c408d0366ed93daf03211eb46900e278b8b79f0c1ffca7e-comps.xml',
      'repodata/3c99740c1f78a5f550639983dc9e0a8f3c4147fc6f3a4d3e45dde87cddb0d8c4-comps.xml.gz',
    ]);
  });

  test.each([
    ['createrepo_c/repo_00', 7],
    ['createrepo_c/repo_03', 8],
  ])('%s, empty of packages, with zchunk and modules', async (path, files) => {
    expect(await bench.sync(join(SAMPLES, path))).toMatchObject({ kind: 'published', packages: 0, files });
    expect(await bench.published()).toEqual(await directoryDigest(join(SAMPLES, path)));
  });

  test('one whose packages are not there fails with the first that is missing', async () => {
    const result = await bench.sync(join(SAMPLES, 'librepo/repo_yum_01'));
    expect(result).toMatchObject({ kind: 'failed', file: expect.stringMatching(/\.rpm$/) as string });
    expect(result.kind === 'failed' ? result.reason : '').toMatch(/no such file/);
  });
});

describe('a directory upstream', () => {
  let source: string;
  const files = buildRepo({ packages: [{ name: 'one', bytes: fixtureBytes('one', 5000) }] });
  beforeEach(async () => {
    source = await mkdtemp(join(tmpdir(), 'kickstand-upstream-'));
    await lay(source, files);
  });
  afterEach(() => rm(source, { recursive: true, force: true }));

  test('is copied, never linked to', async () => {
    expect(await bench.sync(source)).toMatchObject({ kind: 'published' });
    await writeFile(join(source, 'Packages/one-1.0-1.noarch.rpm'), 'changed behind our back');
    expect(await bench.published()).toEqual(filesDigest(files));
  });

  test('whose package is a link out of it is refused, one inside is followed', async () => {
    const path = join(source, 'Packages/one-1.0-1.noarch.rpm');
    await cp(path, join(source, 'real.rpm'));
    await rm(path);
    await symlink('../real.rpm', path);
    expect(await bench.sync(source)).toMatchObject({ kind: 'published' });
    await rm(path);
    await symlink('/etc/hostname', path);
    const other = await startBench();
    const result = await other.sync(source);
    expect(result.kind === 'failed' ? result.reason : '').toMatch(/a symbolic link that leads out/);
    await other.close();
  });

  test('with a pipe or a directory in a package’s place is refused at once', async () => {
    const path = join(source, 'Packages/one-1.0-1.noarch.rpm');
    await rm(path);
    execFileSync('mkfifo', [path]);
    const pipe = await bench.sync(source);
    expect(pipe.kind === 'failed' ? pipe.reason : '').toMatch(/not a regular file/);
    await rm(path);
    await mkdir(path);
    const directory = await bench.sync(source);
    expect(directory.kind === 'failed' ? directory.reason : '').toMatch(/not a regular file/);
  });

  test('with a file cut short is refused', async () => {
    await writeFile(join(source, 'Packages/one-1.0-1.noarch.rpm'), 'short');
    const result = await bench.sync(source);
    expect(result.kind === 'failed' ? result.reason : '').toMatch(/upstream has 5 bytes, metadata says 5000/);
  });

  test('that is not there says so', async () => {
    expect(await bench.sync('/nonexistent/repo')).toMatchObject({ kind: 'failed', file: 'repodata/repomd.xml' });
  });
});

describe('primary as it comes', () => {
  const pipe = (name: string) => (bytes: Buffer) => execFileSync(name, ['-c'], { input: bytes });
  const missing = (name: string): boolean =>
    spawnSync(name, ['--help']).error !== undefined && process.env['CI'] === undefined;
  test.each([
    ['plain', '', (bytes: Buffer) => bytes, false],
    ['zstd', '.zst', (bytes: Buffer) => zstdCompressSync(bytes), false],
    ['xz', '.xz', pipe('xz'), missing('xz')],
    ['bzip2', '.bz2', pipe('bzip2'), missing('bzip2')],
  ] as const)('%s', async (_kind, suffix, compress, skip) => {
    if (skip) return;
    const files = buildRepo({ packages: [{ name: 'one', bytes: Buffer.from('one') }], compress, suffix });
    const upstream = await startUpstream(files);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', packages: 1 });
    expect(await bench.published()).toEqual(filesDigest(files));
    await upstream.close();
  });

  test('with another open-checksum is refused, though the file is as declared', async () => {
    const files = buildRepo({ packages: [{ name: 'one', bytes: Buffer.from('one') }] });
    const [path = '', packed = Buffer.alloc(0)] = [...files].find(([name]) => name.endsWith('primary.xml.gz')) ?? [];
    expect(gunzipSync(packed).includes('<name>one</name>')).toBe(true);
    const repomd = files.get('repodata/repomd.xml')?.toString() ?? '';
    files.set(
      'repodata/repomd.xml',
      Buffer.from(repomd.replace(/(<open-checksum type="sha256">)[0-9a-f]{8}/, '$100000000')),
    );
    const upstream = await startUpstream(files);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed', file: path });
    await upstream.close();
  });
});

describe('metadata that no package list depends on', () => {
  const extra = (open: Buffer, declared: Buffer) => {
    const files = buildRepo({
      packages: [{ name: 'one', bytes: Buffer.from('one') }],
      extra: [{ type: 'updateinfo', file: 'updateinfo.xml.gz', bytes: gzipSync(open) }],
    });
    const repomd = files.get('repodata/repomd.xml')?.toString() ?? '';
    const sum = `<open-checksum type="sha256">${digestOf('sha256', declared)}</open-checksum>`;
    const size = `<open-size>${declared.length}</open-size>`;
    files.set('repodata/repomd.xml', Buffer.from(repomd.replace(/(<data type="updateinfo">)/, `$1${sum}${size}`)));
    return files;
  };
  test.each([
    ['is proved', Buffer.from('<updates/>'), Buffer.from('<updates/>'), 'published'],
    ['with another open-checksum is refused', Buffer.from('<updates/>'), Buffer.from('<udpates/>'), 'failed'],
    ['with another open-size is refused', Buffer.from('<updates/>'), Buffer.from('<updates />'), 'failed'],
  ])('%s', async (_what, open, declared, kind) => {
    const files = extra(open, declared);
    const upstream = await startUpstream(files);
    const result = await bench.sync(upstream.url);
    const file = [...files.keys()].find((path) => path.includes('updateinfo'));
    expect(result).toMatchObject(kind === 'failed' ? { kind, file } : { kind });
    expect(upstream.log.some(({ path }) => path.endsWith('.rpm'))).toBe(kind === 'published');
    await upstream.close();
  });
});

async function lay(root: string, files: RepoFiles): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}

async function filesOf(root: string): Promise<RepoFiles> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = files.map(async (file) => [file.slice(root.length + 1), await readFile(file)] as const);
  return new Map(await Promise.all(pairs));
}
