// What must be shown of an upstream that misbehaves: after each, every byte of what was published is as before, the reason is in the
// result, and the next sync of a sound upstream publishes. The finer points are in misbehaving.test.ts.

import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readKeyring } from '../../../mirror/openpgp/keyring.ts';
import { openUpstream } from '../../../mirror/sync/fetcher.ts';
import { createTrust, type Trust } from '../../../mirror/sync/trust.ts';
import { breakHalfWay, serveBytes, startUpstream, status } from '../../support/fake-upstream.ts';
import type { FakeUpstream, Trick } from '../../support/fake-upstream.ts';
import { startGpg, type Gpg } from '../../support/gpg.ts';
import { needs } from '../../support/lab-needs.ts';
import { buildRepo, fixtureBytes } from '../../support/repo-fixture.ts';
import type { FixturePackage, RepoFiles } from '../../support/repo-fixture.ts';
import { directoryDigest, FAST, filesDigest, startBench } from '../../support/sync-bench.ts';
import type { SyncBench, SyncMore } from '../../support/sync-bench.ts';

const old: FixturePackage = { name: 'old', bytes: fixtureBytes('old', 3000) };
const big: FixturePackage = { name: 'big', bytes: fixtureBytes('big', 60_000) };
const BIG = 'Packages/big-1.0-1.noarch.rpm';
const REPOMD = 'repodata/repomd.xml';
const ASC = 'repodata/repomd.xml.asc';
const before = buildRepo({ packages: [old] });
const sound = buildRepo({ packages: [old, big], revision: '2' });

let bench: SyncBench;
let upstream: FakeUpstream;
beforeEach(async () => {
  bench = await startBench();
  upstream = await startUpstream(before);
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

/** All that is kept and published: every file with its hash, records and manifests too, and where the link leads. */
async function picture(): Promise<unknown> {
  const snapshots = await directoryDigest(join(bench.data, 'snapshots'));
  return { snapshots, published: await readlink(join(bench.data, 'repos/demo')) };
}

/** The one way that each misbehaviour must end. */
async function expectUnharmed(reason: RegExp, misbehave: () => void, more: SyncMore = {}): Promise<void> {
  const seen = await picture();
  misbehave();
  const result = await bench.sync(upstream.url, more);
  expect(result.kind === 'failed' ? result.reason : JSON.stringify(result)).toMatch(reason);
  expect(await picture()).toEqual(seen);
}

async function expectHealed(files: RepoFiles, more: SyncMore = {}): Promise<void> {
  upstream.heal();
  upstream.serve(files);
  expect(await bench.sync(upstream.url, more)).toMatchObject({ kind: 'published' });
  expect(await bench.published()).toEqual(filesDigest(files));
}

const flipped = Buffer.from(big.bytes.map((byte, at) => (at === 1000 ? byte ^ 1 : byte)));
const loop: Trick = (request, response) => void response.writeHead(302, { location: request.url ?? '' }).end();
const claim: Trick = (_request, response) =>
  response.writeHead(200, { 'content-length': 10 * 1024 ** 3 }).flushHeaders();
const zipped = serveBytes(gzipSync(big.bytes), { 'content-encoding': 'gzip' });
/** Ten bytes now and then. */
const drip: Trick = (_request, response, bytes) => {
  let sent = 0;
  response.writeHead(200, { 'content-length': bytes.length });
  const timer = setInterval(() => {
    if (response.destroyed) clearInterval(timer);
    else response.write(bytes.subarray(sent, (sent += 10)));
  }, 10);
};
/** Breaks off once, then sends another file from its beginning, whatever part was asked for. */
const ignoreRange = (): Trick => {
  let asked = 0;
  return (request, response, bytes) =>
    (asked += 1) === 1 ? breakHalfWay(request, response, bytes) : serveBytes(flipped)(request, response, bytes);
};
const always = (path: string, trick: Trick) => (): void => {
  upstream.serve(sound);
  upstream.always(path, trick);
};
const serve = (files: RepoFiles) => (): void => upstream.serve(files);
const evil = (part: Partial<FixturePackage>): RepoFiles =>
  buildRepo({ packages: [old, { ...big, ...part }], revision: '9' });

/** Every time its repomd.xml is read, it is another. */
function changeForEver(): void {
  upstream.serve(sound);
  let revision = 10;
  upstream.always(REPOMD, () => {
    upstream.serve(buildRepo({ packages: [old, big], revision: String((revision += 1)) }));
    return false;
  });
}

/** The repository with another open-checksum of its package list, which is as declared otherwise. */
function otherOpenChecksum(): RepoFiles {
  const files = buildRepo({ packages: [old, big], revision: '3' });
  const repomd = files.get(REPOMD)?.toString() ?? '';
  const [, digest = ''] = /<open-checksum type="sha256">([0-9a-f]+)</.exec(repomd) ?? [];
  files.set(REPOMD, Buffer.from(repomd.replace(digest, digest.split('').toReversed().join(''))));
  return files;
}

const slow = { ...FAST, slow: { bytesPerSecond: 100_000, forMs: 60 } };

test.each<[string, () => void, RegExp, SyncMore?]>([
  ['503s', always(BIG, status(503)), /^Packages\/big.*: .*answered 503/],
  ['503s for repomd.xml', always(REPOMD, status(503)), /repomd\.xml: .*answered 503/],
  ['resets in mid-file', always(BIG, breakHalfWay), /^Packages\/big.*: .*(?:broke off|ECONNRESET|given up after)/],
  ['a wrong length', always(BIG, serveBytes(big.bytes.subarray(1))), /upstream has 59999 bytes, metadata says 60000/],
  ['a wrong byte', always(BIG, serveBytes(flipped)), /sha256 is [0-9a-f]{64}, metadata says/],
  ['a slow drip', always(BIG, drip), /too slow/, { fetch: (name) => openUpstream(name, slow) }],
  ['gzip added', always(BIG, zipped), /Content-Encoding: gzip/],
  ['a redirect loop', always(BIG, loop), /more than 5 redirects/],
  [
    'a Range ignored, and another file sent',
    () => always(BIG, ignoreRange())(),
    /sha256 is [0-9a-f]{64}, metadata says/,
  ],
  ['repomd.xml changed in mid-sync, each time', changeForEver, /changed 4 times during the sync/],
  ['a package vanished', always(BIG, status(404)), /^Packages\/big.*: .*answered 404/],
  ['../ in an href', serve(evil({ href: '../../etc/passwd' })), /leads upwards/],
  ['../ encoded', serve(evil({ href: 'Packages/%2E%2E/%2e%2e/x' })), /leads upwards/],
  ['10 GiB in an answer', always(BIG, claim), /upstream has 10737418240 bytes, metadata says 60000/],
  ['10 GiB for repomd.xml', always(REPOMD, claim), /10737418240|larger than/],
  ['900 TB in the metadata', serve(evil({ declaredSize: 9e14 })), /the disk is full: 900000\d+ bytes are needed/],
  ['another open-checksum of the package list', serve(otherOpenChecksum()), /open-checksum|unpacked/],
])('%s', async (_what, misbehave, reason, more = {}) => {
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
  await expectUnharmed(reason, misbehave, more);
  await expectHealed(sound);
});

const here = needs(['gpg'], 'none');

describe.skipIf(here.skip)(`metadata that must be signed${here.note}`, () => {
  let gpg: Gpg;
  let keys: Record<'ours' | 'theirs', string>;
  beforeAll(async () => {
    gpg = await startGpg();
    keys = { ours: await gpg.makeKey('ours', 'ed25519'), theirs: await gpg.makeKey('theirs', 'ed25519') };
  });
  afterAll(() => gpg.close());

  async function more(): Promise<SyncMore> {
    const bytes = await gpg.exportKey(keys.ours);
    const checks = ['metadata'] as const;
    const ring = readKeyring([{ name: 'ours', bytes }]);
    const trust: Trust = createTrust({ checks, weakKeys: 'refuse', keys: ring, nowMs: Date.now() });
    return { trust, repo: { trust: { checks, keys: ['ours'], weakKeys: 'refuse' } } };
  }

  async function signed(files: RepoFiles, key: keyof typeof keys): Promise<RepoFiles> {
    const repomd = files.get(REPOMD) ?? Buffer.alloc(0);
    return new Map([...files, [ASC, await gpg.sign(repomd, ['-u', keys[key]])]]);
  }

  test.each<[string, (good: RepoFiles) => Promise<RepoFiles> | RepoFiles, RegExp]>([
    ['is signed by another key', () => signed(sound, 'theirs'), /key/],
    ['is signed no more', () => sound, /not signed|no signature/],
    [
      'has the signature of another repomd.xml',
      async (good) => new Map([...good, [ASC, (await signed(before, 'ours')).get(ASC) ?? Buffer.alloc(0)]]),
      /signature/,
    ],
    [
      'was changed after it was signed',
      (good) => new Map([...good, [REPOMD, Buffer.concat([good.get(REPOMD) ?? Buffer.alloc(0), Buffer.from(' ')])]]),
      /signature/,
    ],
    ['has rubbish for a signature', (good) => new Map([...good, [ASC, Buffer.from('rubbish')]]), /not signed/],
  ])('and %s', async (_what, misbehave, reason) => {
    const trusted = await more();
    upstream.serve(await signed(before, 'ours'));
    expect(await bench.sync(upstream.url, trusted)).toMatchObject({ kind: 'published' });
    const good = await signed(sound, 'ours');
    const files = await misbehave(good);
    await expectUnharmed(reason, serve(files), trusted);
    expect(upstream.log.map(({ path }) => path)).not.toContain(BIG);
    await expectHealed(good, trusted);
  });
});
