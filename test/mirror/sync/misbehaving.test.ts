// An upstream that misbehaves in every way we know of: the published snapshot stays, the reason is told, the next run heals.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  breakHalfWay,
  serveBytes,
  startUpstream,
  status,
  type FakeUpstream,
  type Trick,
} from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage, type FixtureRepo } from '../../support/repo-fixture.ts';
import type { SyncProgress } from '../../../mirror/sync/progress.ts';
import { filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';
import { gzipSync } from 'node:zlib';

const old: FixturePackage = { name: 'old', bytes: fixtureBytes('old', 3000) };
const big: FixturePackage = { name: 'big', bytes: fixtureBytes('big', 400_000) };
const tiny: FixturePackage = { name: 'tiny', bytes: fixtureBytes('tiny', 300) };
const BIG = 'Packages/big-1.0-1.noarch.rpm';
const TINY = 'Packages/tiny-1.0-1.noarch.rpm';
const before = buildRepo({ packages: [old] });
const after = buildRepo({ packages: [old, big, tiny], revision: '2' });

let bench: SyncBench;
let upstream: FakeUpstream;
beforeEach(async () => {
  bench = await startBench();
  upstream = await startUpstream(before);
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
  upstream.serve(after);
  upstream.clearLog();
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

/** The one way every failure must end. */
async function expectFailure(reason: RegExp, file: string | undefined, source = upstream.url): Promise<void> {
  const result = await bench.sync(source);
  expect(result).toMatchObject({ kind: 'failed', file });
  expect(result.kind === 'failed' ? result.reason : '').toMatch(reason);
  expect(await bench.published()).toEqual(filesDigest(before));
  expect((await bench.store.repoStatus('demo')).snapshots).toHaveLength(1);
}

async function expectHealed(): Promise<readonly string[]> {
  upstream.heal();
  upstream.serve(after);
  upstream.clearLog();
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
  expect(await bench.published()).toEqual(filesDigest(after));
  return upstream.log.map(({ path }) => path).filter((path) => path.startsWith('Packages/'));
}

const half = big.bytes.subarray(0, 200_000);
const ETAG = `"400000-${big.bytes.subarray(0, 4).toString('hex')}"`;
const longer = Buffer.concat([big.bytes, Buffer.from('x')]);
const flipped = Buffer.from(big.bytes.map((byte, at) => (at === 1000 ? byte ^ 1 : byte)));
const chunked: Trick = (_request, response) => {
  response.writeHead(200);
  response.write(big.bytes);
  response.end('more');
};
const stall: Trick = (_request, response, bytes) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, 10));
};
/** Sends `bytes` as the first half of a file; `onProgress` resets the connection once they have arrived. */
function breakAfter(bytes: Buffer): { readonly trick: Trick; readonly onProgress: (progress: SyncProgress) => void } {
  let cut = (): void => {};
  return {
    trick: (_request, response) => {
      response.writeHead(200, { 'content-length': big.bytes.length, etag: ETAG });
      response.write(bytes);
      cut = () => void response.socket?.resetAndDestroy();
    },
    onProgress: ({ bytesDone }) => {
      if (bytesDone >= bytes.length + primarySize()) cut();
    },
  };
}
const loop: Trick = (request, response) => void response.writeHead(302, { location: request.url ?? '' }).end();
const redirectTo =
  (location: string): Trick =>
  (_request, response) =>
    void response.writeHead(302, { location }).end();
const gzipped: Trick = (_request, response, bytes) =>
  void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes.subarray(0, 1000)));
const claim: Trick = (_request, response) =>
  response.writeHead(200, { 'content-length': 10 * 1024 ** 3 }).flushHeaders();
const busy: Trick = (_request, response) => void response.writeHead(503, { 'retry-after': '3600' }).end();

describe('a file that does not come as metadata says ends the sync', () => {
  test.each<[string, Trick, RegExp]>([
    ['it is gone', status(404), /answered 404/],
    ['it is forbidden', status(403), /answered 403/],
    ['503 again and again', status(503), /answered 503/],
    ['one byte is wrong, twice', serveBytes(flipped), /sha256 is [0-9a-f]{64}, metadata says/],
    ['it is longer than declared', serveBytes(longer), /upstream has 400001 bytes, metadata says 400000/],
    ['it is longer and of no declared length', chunked, /longer than the 400000 bytes/],
    ['it is shorter', serveBytes(big.bytes.subarray(0, 1000)), /upstream has 1000 bytes, metadata says 400000/],
    [
      'a gzip encoding was put on',
      serveBytes(gzipSync(big.bytes), { 'content-encoding': 'gzip' }),
      /Content-Encoding: gzip/,
    ],
    [
      'gzip was put on, and no length told',
      gzipped,
      /ended after \d+ of 400000 bytes; it was sent with Content-Encoding: gzip/,
    ],
    ['10 GiB are claimed and none of them sent', claim, /upstream has 10737418240 bytes, metadata says 400000/],
    ['a redirect loop', loop, /more than 5 redirects/],
    ['a redirect to a file', redirectTo('file:///etc/passwd'), /redirect to file:/],
    ['a redirect to ftp', redirectTo('ftp://127.0.0.1/x'), /redirect to ftp:/],
    ['a redirect to a link-local address', redirectTo('http://169.254.169.254/x'), /redirect to a link-local address/],
    ['503, and leave me alone for an hour', busy, /answered 503, and wants to be left alone for 3600 s/],
    ['it stalls', stall, /broke off after 10 of 400000 bytes/],
    ['the server asks for a password', status(401), /answered 401/],
  ])('%s', async (_what, trick, reason) => {
    upstream.always(BIG, trick);
    await expectFailure(reason, BIG);
    const again = await expectHealed();
    expect(again.filter((path) => path !== BIG && path !== TINY)).toEqual([]);
  });

  test('what was verified before the failure is not fetched again', async () => {
    upstream.always(BIG, (_request, response) => {
      // Refused only once the other package has been sent, so that it is in the pool for sure.
      const refuse = (): void => void response.writeHead(404).end();
      const sent = (): boolean => upstream.log.some(({ path }) => path === TINY);
      const wait = (): void => (sent() ? void setImmediate(() => setImmediate(refuse)) : void setImmediate(wait));
      wait();
    });
    const results = await bench.sync(upstream.url);
    expect(results).toMatchObject({ kind: 'failed', file: BIG });
    const again = await expectHealed();
    expect(again).toContain(BIG);
    expect(again).not.toContain('Packages/old-1.0-1.noarch.rpm');
  });
});

test('what an interrupted sync verified by md5 is not fetched again', async () => {
  const md5 = buildRepo({ packages: [old, big, tiny], checksum: 'md5', names: 'plain', revision: '5' });
  upstream.serve(md5);
  upstream.next('repodata/repomd.xml.asc', status(401));
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed', file: 'repodata/repomd.xml.asc' });
  upstream.clearLog();
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', filesFetched: 0 });
  expect(await bench.published()).toEqual(filesDigest(md5));
});

describe('a fault that passes does not end the sync', () => {
  test('503, then the file', async () => {
    upstream.next(BIG, status(503), status(503));
    upstream.next('repodata/repomd.xml', status(502));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(after));
  });

  test('a reset half-way is continued by Range and If-Range', async () => {
    const { trick, onProgress } = breakAfter(half);
    upstream.next(BIG, trick);
    const result = await bench.sync(upstream.url, { onProgress });
    expect(result).toMatchObject({ kind: 'published', bytesFetched: big.bytes.length + 300 + primarySize() });
    const requests = upstream.log.filter(({ path }) => path === BIG);
    expect(requests).toHaveLength(2);
    expect(requests[1]).toMatchObject({ range: expect.stringMatching(NEAR_HALF) as string, ifRange: ETAG });
    expect(await bench.published()).toEqual(filesDigest(after));
  });

  test('a part is continued by the next run', async () => {
    const { trick, onProgress } = breakAfter(half);
    upstream.next(BIG, trick, status(401));
    expect(await bench.sync(upstream.url, { onProgress })).toMatchObject({ kind: 'failed', file: BIG });
    await expectHealed();
    expect(upstream.log.find(({ path }) => path === BIG)?.range).toMatch(NEAR_HALF);
  });

  test('a Range that is ignored starts the file over', async () => {
    upstream.next(BIG, breakHalfWay, serveBytes(big.bytes));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(after));
  });

  test('another range than asked for, and one refused, start the file over', async () => {
    const wrongRange: Trick = (_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-9/400000' }).end(big.bytes.subarray(0, 10));
    };
    upstream.next(BIG, breakHalfWay, wrongRange, breakHalfWay, status(416));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(after));
  });

  test('a part that belongs to another content is thrown away once the checksum tells', async () => {
    const { trick, onProgress } = breakAfter(flipped.subarray(0, 200_000));
    upstream.next(BIG, trick);
    expect(await bench.sync(upstream.url, { onProgress })).toMatchObject({ kind: 'published' });
    const ranges = upstream.log.filter(({ path }) => path === BIG).map(({ range }) => range ?? 'whole');
    expect(ranges).toEqual(['whole', expect.stringMatching(NEAR_HALF), 'whole']);
    expect(await bench.published()).toEqual(filesDigest(after));
  });

  test('one wrong byte, once', async () => {
    upstream.next(BIG, serveBytes(flipped));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
  });

  test('a Content-Encoding that only the label knows is ignored', async () => {
    upstream.always(BIG, serveBytes(big.bytes, { 'content-encoding': 'gzip' }));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(after));
  });
});

describe('upstream publishes during the sync', () => {
  const newest = buildRepo({ packages: [old, tiny], revision: '3', names: 'plain' });
  const middle = buildRepo({ packages: [old, big, tiny], revision: '2', names: 'plain' });

  test.each<[string, Trick]>([
    ['after a package was fetched', () => (upstream.serve(newest), false)],
    ['and a package vanishes', (_request, response) => (upstream.serve(newest), void response.writeHead(404).end())],
  ])('%s: it plans again', async (_what, trick) => {
    upstream.serve(middle);
    upstream.next(BIG, trick);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', packages: 2 });
    expect(await bench.published()).toEqual(filesDigest(newest));
  });

  test('between repomd.xml and plainly named metadata: the checksum tells, and it plans again', async () => {
    upstream.serve(middle);
    upstream.next('repodata/primary.xml.gz', () => (upstream.serve(newest), false));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', packages: 2 });
    expect(await bench.published()).toEqual(filesDigest(newest));
  });

  test('for ever: it gives up', async () => {
    let revision = 10;
    upstream.always('repodata/repomd.xml', () => {
      upstream.serve(buildRepo({ packages: [old], revision: String((revision += 1)) }));
      return false;
    });
    await expectFailure(/changed 4 times during the sync/, 'repodata/repomd.xml');
    await expectHealed();
  });
});

describe('hostile or broken metadata is refused whole', () => {
  const evil = (part: Partial<FixturePackage>): FixtureRepo => ({ packages: [old, { ...tiny, ...part }] });
  test.each<[string, FixtureRepo, RegExp]>([
    ['an href that leads upwards', evil({ href: '../../etc/passwd' }), /leads upwards/],
    ['an encoded one', evil({ href: 'Packages/%2e%2e/%2e%2e/x' }), /leads upwards/],
    ['an absolute one', evil({ href: '/etc/passwd' }), /is absolute/],
    ['xml:base', evil({ base: 'http://elsewhere.example/' }), /xml:base/],
    [
      'a package over repomd.xml',
      evil({ href: 'repodata/repomd.xml' }),
      /repodata\/repomd.xml: upstream has|two contents/,
    ],
    [
      'a file that is a directory too',
      { packages: [old, { ...tiny, path: 'Packages' }] },
      /a file and a directory at once/,
    ],
    ['a wrong count of packages', { packages: [old], countSaid: 2 }, /says 2 packages and lists 1/],
    ['a huge size', evil({ declaredSize: 900_000_000_000_000 }), /the disk is full: 9000\d+ bytes are needed/],
    ['an endless size', evil({ declaredSize: 9e15 }), /the size is no number/],
    [
      'XML that breaks off',
      { packages: [old], primaryXml: '<metadata packages="1"><package type="rpm">' },
      /unclosed tag/,
    ],
    ['an entity', { packages: [old], primaryXml: '<!DOCTYPE x [<!ENTITY a "b">]><metadata/>' }, /document type/],
    [
      'compressed rubbish',
      { packages: [old], compress: () => Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]) },
      /cannot be unpacked/,
    ],
  ])('%s', async (_what, repo, reason) => {
    upstream.serve(buildRepo({ ...repo, revision: '9' }));
    const result = await bench.sync(upstream.url);
    expect(result.kind === 'failed' ? result.reason : JSON.stringify(result)).toMatch(reason);
    expect(await bench.published()).toEqual(filesDigest(before));
    await expectHealed();
  });

  test('a repomd.xml without end', async () => {
    const endless: Trick = (_request, response) => {
      const piece = Buffer.alloc(65_536, ' ');
      const more = (): void => {
        if (!response.destroyed) response.write(piece, () => setImmediate(more));
      };
      response.writeHead(200);
      more();
    };
    upstream.always('repodata/repomd.xml', endless);
    await expectFailure(/larger than 1048576 bytes/, 'repodata/repomd.xml');
    await expectHealed();
  });

  test('no repository at all', async () => {
    upstream.serve(new Map());
    await expectFailure(/is it an RPM repository/, 'repodata/repomd.xml');
    await expectHealed();
  });

  test('nobody at the port', async () => {
    const gone = await startUpstream(before);
    await gone.close();
    await expectFailure(/ECONNREFUSED/, 'repodata/repomd.xml', gone.url);
    await expectHealed();
  });

  test.each([
    ['ftp://127.0.0.1/x/', /cannot fetch from ftp:/],
    ['relative/path', /neither a URL nor an absolute path/],
  ])('an upstream like %s', async (source, reason) => {
    await expectFailure(reason, 'upstream', source);
  });
});

test('a sync that is stopped keeps its part and says so', async () => {
  const stop = new AbortController();
  upstream.next(BIG, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 1000), () => stop.abort());
  });
  expect(await bench.sync(upstream.url, { signal: stop.signal })).toEqual({
    kind: 'failed',
    reason: 'the sync was stopped',
    remedy: 'the next one goes on where this one ended',
    file: undefined,
  });
  expect(await bench.published()).toEqual(filesDigest(before));
  await expectHealed();
});

/** The other package may have arrived in the meantime: a few hundred bytes either way. */
const NEAR_HALF = /^bytes=(199[5-9]\d\d|200000)-$/;

function primarySize(): number {
  return [...after].find(([path]) => path.endsWith('primary.xml.gz'))?.[1].length ?? 0;
}
