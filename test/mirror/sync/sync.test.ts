// A whole sync against a real server: what is published, what is fetched, and what a second run leaves alone.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of, type Sha256 } from '../../../mirror/rpm/checksum.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const one: FixturePackage = { name: 'one', bytes: fixtureBytes('one', 5000) };
const two: FixturePackage = { name: 'two', bytes: fixtureBytes('two', 70_000) };
const three: FixturePackage = { name: 'three', bytes: fixtureBytes('three', 100) };

let bench: SyncBench;
let upstream: FakeUpstream;
beforeEach(async () => {
  bench = await startBench();
  upstream = await startUpstream(buildRepo({ packages: [one, two] }));
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

describe('a sync', () => {
  test('publishes exactly what upstream has, and says what it fetched', async () => {
    const files = buildRepo({
      packages: [one, two],
      signature: Buffer.from('-----BEGIN PGP SIGNATURE-----\n'),
      extra: [
        { type: 'modules', file: 'modules.yaml.gz', bytes: Buffer.from('modules') },
        { type: 'never-heard-of', file: 'odd.bin', bytes: Buffer.from('odd') },
      ],
    });
    upstream.serve(files);
    const seen: number[] = [];
    const result = await bench.sync(upstream.url, { onProgress: ({ bytesDone }) => seen.push(bytesDone) });
    expect(result).toMatchObject({ kind: 'published', packages: 2, files: 7, filesFetched: 5 });
    expect(await bench.published()).toEqual(filesDigest(files));
    expect(seen.at(-1)).toBe(result.kind === 'published' ? result.bytesFetched : -1);
    expect(upstream.log.every(({ headers }) => headers['accept-encoding'] === 'identity')).toBe(true);
  });

  test('of a changed upstream fetches only what is new, and the old snapshot stays as it was', async () => {
    const before = buildRepo({ packages: [one, two] });
    const first = await bench.sync(upstream.url);
    const after = buildRepo({ packages: [two, three], revision: '2' });
    upstream.serve(after);
    upstream.clearLog();
    const second = await bench.sync(upstream.url);
    expect(second).toMatchObject({ kind: 'published', filesFetched: 2 });
    expect(upstream.log.filter(({ path }) => path.startsWith('Packages/')).map(({ path }) => path)).toEqual([
      'Packages/three-1.0-1.noarch.rpm',
    ]);
    expect(await bench.published()).toEqual(filesDigest(after));
    if (first.kind !== 'published' || second.kind !== 'published') throw new Error('not published');
    await bench.store.publish('demo', first.snapshot);
    expect(await bench.published()).toEqual(filesDigest(before));
  });

  test.each([
    ['md5', 'plain'],
    ['sha', 'plain'],
    ['sha1', 'checksum'],
    ['sha512', 'checksum'],
  ] as const)('of %s metadata under %s names; the second fetches nothing', async (checksum, names) => {
    const files = buildRepo({ packages: [one, two], checksum, names });
    upstream.serve(files);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', packages: 2 });
    expect(await bench.published()).toEqual(filesDigest(files));
    const later = buildRepo({ packages: [one, two, three], checksum, names });
    upstream.serve(later);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', filesFetched: 2 });
    expect(await bench.published()).toEqual(filesDigest(later));
  });

  test('keeps names with +, ~, ^, % and spaces as upstream has them', async () => {
    const files = buildRepo({
      packages: [
        { name: 'gcc', path: 'Packages/g/gcc-c++-1~rc1^git.rpm', bytes: Buffer.from('plus') },
        { name: 'odd', path: 'Packages/a name.rpm', href: 'Packages/a%20name.rpm', bytes: Buffer.from('space') },
      ],
    });
    upstream.serve(files);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(files));
  });

  test('takes a package that is listed twice, and one content under two names', async () => {
    const twin: FixturePackage = { ...one, path: 'Packages/twin.rpm' };
    upstream.serve(buildRepo({ packages: [one, one, twin] }));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', filesFetched: 2 });
    expect(Object.keys((await bench.published()) ?? {})).toContain('Packages/twin.rpm');
  });

  test('follows redirects, sends a password to that server only and never tells it', async () => {
    const other = await startUpstream(buildRepo({ packages: [one, two] }));
    const path = 'Packages/one-1.0-1.noarch.rpm';
    upstream.next(
      path,
      (_request, response) => void response.writeHead(302, { location: `${other.url}${path}` }).end(),
    );
    const url = upstream.url.replace('http://', 'http://joe:s3cret@');
    expect(await bench.sync(url)).toMatchObject({ kind: 'published' });
    expect(await bench.store.currentSnapshot('demo')).toMatchObject({ upstream: upstream.url });
    expect(upstream.log.every(({ headers }) => headers.authorization === 'Basic am9lOnMzY3JldA==')).toBe(true);
    expect(other.log.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    await other.close();
  });

  test('keeps `keep` snapshots and the pinned ones, and sweeps the pool of the rest', async () => {
    const repo = { name: 'demo', upstream: upstream.url, keep: 2 };
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      upstream.serve(buildRepo({ packages: [{ name, bytes: fixtureBytes(name, 50) }] }));
      const result = await bench.sync(upstream.url, { repo, pinned: async () => ids.slice(0, 1) });
      if (result.kind === 'published') ids.push(result.snapshot);
    }
    expect((await bench.store.repoStatus('demo')).snapshots).toEqual([ids[0], ids[2], ids[3]]);
    upstream.serve(buildRepo({ packages: [{ name: 'e', bytes: fixtureBytes('e', 50) }] }));
    await bench.sync(upstream.url, { repo });
    const pooled = await Promise.all(['a', 'd', 'e'].map((name) => bench.pool.sizeOf(shaOf(name))));
    expect(pooled.map((size) => typeof size)).toEqual(['object', 'number', 'number']);
  });

  test('beside another of the same repo is refused, and lets the other end', async () => {
    const running = bench.sync(upstream.url);
    const results = await Promise.all([running, bench.sync(upstream.url)]);
    expect(results.map(({ kind }) => kind).toSorted()).toEqual(['failed', 'published']);
    expect(results.find(({ kind }) => kind === 'failed')).toMatchObject({ reason: 'another sync of demo is running' });
  });
});

function shaOf(name: string): Sha256 {
  return sha256Of(fixtureBytes(name, 50));
}
