// What is here is not fetched: packages of other repos and older snapshots under any checksum, and files of local trees.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LocalFiles } from '../../../mirror/sync/edges.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { directoryDigest, filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const one: FixturePackage = { name: 'one', bytes: fixtureBytes('one', 5000) };
const two: FixturePackage = { name: 'two', bytes: fixtureBytes('two', 70_000) };

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
const packagesAsked = (): readonly string[] =>
  upstream.log.map(({ path }) => path).filter((path) => path.startsWith('Packages/'));

describe('a package that the pool has', () => {
  test.each(['md5', 'sha', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'])(
    'from another repo, under %s, is not fetched again',
    async (checksum) => {
      upstream.serve(buildRepo({ packages: [one, two], checksum }));
      expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
      upstream.clearLog();
      const moved = buildRepo({ packages: [{ ...one, path: 'other/place/1.rpm' }, two], checksum, revision: '2' });
      upstream.serve(moved);
      expect(await bench.sync(upstream.url, { repo: { name: 'second' } })).toMatchObject({ kind: 'published' });
      expect(packagesAsked()).toEqual([]);
      expect(await directoryDigest(`${bench.data}/repos/second`)).toEqual(filesDigest(moved));
    },
  );

  test('from an older snapshot, under sha1, is not fetched again', async () => {
    for (const [revision, packages] of [[one], [two], [one, two]].entries()) {
      upstream.clearLog();
      upstream.serve(buildRepo({ packages, checksum: 'sha1', revision: String(revision) }));
      expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    }
    expect(packagesAsked()).toEqual([]);
  });
});

describe('a file of a local tree', () => {
  const flipped = Buffer.from(two.bytes.map((byte, at) => (at === 1000 ? byte ^ 1 : byte)));
  const cut = async function* (bytes: Buffer): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 9000) yield bytes.subarray(at, at + 9000);
  };
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield two.bytes.subarray(0, 9000);
    throw new Error('EIO: a scratched disc');
  };
  const offering =
    (chunks: () => AsyncIterable<Uint8Array>): LocalFiles =>
    async ({ path }) =>
      path.includes('/two-') ? { chunks } : undefined;
  test.each<[string, () => AsyncIterable<Uint8Array>, boolean]>([
    ['is copied', () => cut(two.bytes), true],
    ['with another byte is fetched', () => cut(flipped), false],
    ['that is longer is fetched', () => cut(Buffer.concat([two.bytes, one.bytes])), false],
    ['that is cut is fetched', () => cut(two.bytes.subarray(0, 60_000)), false],
    ['that cannot be read is fetched', broken, false],
  ])('%s', async (_what, chunks, isReused) => {
    const result = await bench.sync(upstream.url, { local: offering(chunks) });
    const counts = isReused ? { filesReused: 1, bytesReused: 70_000 } : { filesReused: 0, bytesReused: 0 };
    expect(result).toMatchObject({ kind: 'published', ...counts, filesFetched: isReused ? 2 : 3 });
    expect(packagesAsked().some((path) => path.includes('/two-'))).toBe(!isReused);
    expect(await bench.published()).toEqual(filesDigest(buildRepo({ packages: [one, two] })));
  });

  test('completes what an earlier sync left half fetched', async () => {
    upstream.always('Packages/two-1.0-1.noarch.rpm', (_request, response, bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 30_000), () => response.socket?.resetAndDestroy());
    });
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed' });
    const result = await bench.sync(upstream.url, { local: offering(() => cut(two.bytes)) });
    expect(result).toMatchObject({ kind: 'published', filesReused: 1, bytesReused: 70_000 });
    expect(await bench.published()).toEqual(filesDigest(buildRepo({ packages: [one, two] })));
  });
});
