// Signatures during a sync: what is asked of them and when, what a bad one stops, and what is proved only once. Judging them is tested elsewhere.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprintSettings } from '../../../mirror/sync/settings.ts';
import type { SyncResult } from '../../../mirror/sync/sync.ts';
import type { Trust, TrustVerdict } from '../../../mirror/sync/trust.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { packageBytes } from '../../support/rpm-bytes.ts';
import { filesDigest, plainRepo, startBench, type SyncBench } from '../../support/sync-bench.ts';

const one: FixturePackage = { name: 'one', bytes: packageBytes({ name: 'one' }, fixtureBytes('one', 5000)) };
const two: FixturePackage = { name: 'two', bytes: packageBytes({ name: 'two' }, fixtureBytes('two', 70_000)) };
const signature = Buffer.from('-----BEGIN PGP SIGNATURE-----\ngood\n');
const files = buildRepo({ packages: [one], signature });
const more = buildRepo({ packages: [one, two], revision: '2', signature });

let bench: SyncBench;
let upstream: FakeUpstream;
let asked: string[];
beforeEach(async () => {
  bench = await startBench();
  upstream = await startUpstream(files);
  asked = [];
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

const good: TrustVerdict = { kind: 'good', notes: ['accepted as weak: a key of 1024 bits'] };
const bad: TrustVerdict = { kind: 'bad', reason: 'a signature of nobody' };

/** Judges by what the signature and the path say, and notes what it was asked; reads all of each package. */
function judge(checks: Trust['checks']): Trust {
  return {
    checks,
    checkMetadata: (_repomd, signed) => {
      asked.push('repomd.xml');
      return Buffer.from(signed ?? []).includes('good') ? good : bad;
    },
    checkPackage: async (path, chunks) => {
      const read: Uint8Array[] = [];
      for await (const chunk of chunks()) read.push(chunk);
      const whole = [one, two].some(({ bytes }) => bytes.equals(Buffer.concat(read)));
      asked.push(whole ? path : `${path}, in part`);
      return path.includes('/bad-') ? bad : good;
    },
  };
}

function sync(checks: Trust['checks'], key = 'key'): Promise<SyncResult> {
  const repo = { ...plainRepo(upstream.url), trust: { checks, keys: [], weakKeys: 'refuse' } as const };
  return bench.sync(upstream.url, {
    repo,
    trust: judge(checks),
    settings: fingerprintSettings(repo, [Buffer.from(key)]),
  });
}

describe('metadata that must be signed', () => {
  test('is proved before anything else is fetched, and what is said of it is kept', async () => {
    const notes = ['accepted as weak: a key of 1024 bits'];
    expect(await sync(['metadata'])).toMatchObject({ kind: 'published', notes });
    expect(upstream.log.slice(0, 2).map(({ path }) => path)).toEqual([
      'repodata/repomd.xml',
      'repodata/repomd.xml.asc',
    ]);
    expect(await bench.published()).toEqual(filesDigest(files));
    expect(await bench.store.currentSnapshot('demo')).toMatchObject({ notes });
  });

  test.each([
    ['is badly signed', Buffer.from('-----BEGIN PGP SIGNATURE-----\nfalse\n'), /a signature of nobody/],
    ['is not signed', undefined, /a signature of nobody/],
    ['is signed by no OpenPGP text', Buffer.from('good'), /a signature of nobody/],
  ])('and %s stops the sync before any other file', async (_what, signed, reason) => {
    await sync(['metadata']);
    const changed = buildRepo({
      packages: [one, two],
      revision: '2',
      ...(signed === undefined ? {} : { signature: signed }),
    });
    upstream.serve(changed);
    upstream.clearLog();
    const result = await sync(['metadata']);
    expect(result).toMatchObject({ kind: 'failed', file: 'repodata/repomd.xml.asc' });
    expect(result.kind === 'failed' ? result.reason : '').toMatch(reason);
    expect(result.kind === 'failed' ? result.remedy : '').toMatch(/add it to the repo's keys/);
    expect(new Set(upstream.log.map(({ path }) => path))).toEqual(
      new Set(['repodata/repomd.xml', 'repodata/repomd.xml.asc']),
    );
    expect(await bench.published()).toEqual(filesDigest(files));
  });

  test('and is read while upstream replaces both files is read again', async () => {
    const stale = Buffer.from('-----BEGIN PGP SIGNATURE-----\nof another\n');
    upstream.next('repodata/repomd.xml.asc', (_request, response) => {
      upstream.serve(more);
      response.writeHead(200, { 'content-length': stale.length }).end(stale);
    });
    expect(await sync(['metadata'])).toMatchObject({ kind: 'published', packages: 2 });
    expect(await bench.published()).toEqual(filesDigest(more));
  });
});

describe('packages that must be signed', () => {
  test('are proved once for a set of keys', async () => {
    expect(await sync(['packages'])).toMatchObject({ kind: 'published' });
    expect(asked).toEqual(['Packages/one-1.0-1.noarch.rpm']);
    upstream.serve(more);
    expect(await sync(['packages'])).toMatchObject({ kind: 'published' });
    expect(asked.slice(1)).toEqual(['Packages/two-1.0-1.noarch.rpm']);
    expect(await sync(['packages'], 'another key')).toMatchObject({ kind: 'unchanged' });
    expect(asked.slice(2).toSorted()).toEqual(['Packages/one-1.0-1.noarch.rpm', 'Packages/two-1.0-1.noarch.rpm']);
    expect(await sync(['packages'], 'another key')).toMatchObject({ kind: 'unchanged' });
    expect(asked).toHaveLength(4);
  });

  test('and are not proved yet are, though the pool has them', async () => {
    expect(await sync([])).toMatchObject({ kind: 'published' });
    expect(asked).toEqual([]);
    expect(await sync(['packages'])).toMatchObject({ kind: 'unchanged' });
    expect(asked).toHaveLength(1);
  });

  test('and are not publish nothing, now or later', async () => {
    await sync(['packages']);
    upstream.serve(buildRepo({ packages: [one, { name: 'bad', bytes: two.bytes }], revision: '2' }));
    for (const result of [await sync(['packages']), await sync(['packages'])]) {
      expect(result).toMatchObject({ kind: 'failed', file: 'Packages/bad-1.0-1.noarch.rpm' });
      expect(result.kind === 'failed' ? result.reason : '').toMatch(/a signature of nobody/);
      expect(result.kind === 'failed' ? result.remedy : '').toMatch(/keys of the repo/);
      expect(await bench.published()).toEqual(filesDigest(files));
    }
  });
});

describe('a signed package under another name', () => {
  const named = (name: string, arch?: string): string => (arch === undefined ? name : `${name}.${arch}`);

  test.each<[string, Parameters<typeof packageBytes>[0]]>([
    ['of another package', { name: 'other' }],
    ['of another version', { name: 'two', version: '0.9' }],
    ['of another release', { name: 'two', release: '2' }],
    ['of another architecture', { name: 'two', arch: 'x86_64' }],
  ])('%s publishes nothing', async (_, header) => {
    await sync(['packages']);
    const bytes = packageBytes(header, fixtureBytes(named(header.name, header.arch), 900));
    upstream.serve(buildRepo({ packages: [one, { name: 'two', bytes }], revision: '2' }));
    const result = await sync(['packages']);
    expect(result).toMatchObject({ kind: 'failed', file: 'Packages/two-1.0-1.noarch.rpm' });
    expect(result.kind === 'failed' ? result.reason : '').toMatch(/metadata calls it two-0:1\.0-1\.noarch, its signed/);
    expect(await bench.published()).toEqual(filesDigest(files));
  });

  test('is found where the same content has its right name too, and where it was proved by an earlier sync', async () => {
    await sync(['packages']);
    const twice = buildRepo({ packages: [one, { name: 'two', bytes: one.bytes }], revision: '2' });
    upstream.serve(twice);
    expect(await sync(['packages'])).toMatchObject({ kind: 'failed', file: 'Packages/two-1.0-1.noarch.rpm' });
  });

  test('is nobody’s concern where signatures do not count', async () => {
    upstream.serve(buildRepo({ packages: [{ name: 'two', bytes: one.bytes }] }));
    expect(await sync([])).toMatchObject({ kind: 'published' });
  });
});

test('what was published as metadata is no proved package', async () => {
  const evil = packageBytes({ name: 'bad' }, fixtureBytes('evil', 500));
  upstream.serve(buildRepo({ packages: [one], extra: [{ type: 'odd', file: 'odd.rpm', bytes: evil }] }));
  expect(await sync(['packages'])).toMatchObject({ kind: 'published' });
  upstream.serve(buildRepo({ packages: [one, { name: 'bad', bytes: evil }], revision: '2' }));
  expect(await sync(['packages'])).toMatchObject({ kind: 'failed', file: 'Packages/bad-1.0-1.noarch.rpm' });
});

test('a site that asks for signatures and gives no judge publishes nothing', async () => {
  const repo = { trust: { checks: ['metadata', 'packages'], keys: [], weakKeys: 'refuse' } } as const;
  expect(await bench.sync(upstream.url, { repo })).toMatchObject({ kind: 'failed' });
  expect(await bench.published()).toBeUndefined();
});
