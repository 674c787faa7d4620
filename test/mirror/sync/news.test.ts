// A sync of an upstream without news: one conditional request, nothing written, and a roll-back stays as the operator left it.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openUpstream } from '../../../mirror/sync/fetcher.ts';
import { LAST_MODIFIED, startUpstream, type FakeUpstream, type Trick } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { FAST, filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const one: FixturePackage = { name: 'one', bytes: fixtureBytes('one', 5000) };
const two: FixturePackage = { name: 'two', bytes: fixtureBytes('two', 70_000) };
const first = buildRepo({ packages: [one] });
const second = buildRepo({ packages: [one, two], revision: '2' });
const REPOMD = 'repodata/repomd.xml';

let bench: SyncBench;
let upstream: FakeUpstream;
beforeEach(async () => {
  bench = await startBench();
  upstream = await startUpstream(first);
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

/** Syncs and expects a new snapshot. */
async function publish(): Promise<string> {
  const result = await bench.sync(upstream.url);
  if (result.kind !== 'published') throw new Error(JSON.stringify(result));
  return result.snapshot;
}

/** Every name below the data directory but those of locks, with what a write would change. */
async function everything(): Promise<readonly string[]> {
  const entries = await readdir(bench.data, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { ino, mtimeMs, ctimeMs } = await stat(path).catch(() => ({ ino: 0, mtimeMs: 0, ctimeMs: 0 }));
    return `${path} ${ino} ${mtimeMs} ${ctimeMs}`;
  });
  const locks = join(bench.data, 'locks');
  return (await Promise.all(lines)).filter((line) => !line.startsWith(locks)).toSorted();
}

describe('nothing new upstream', () => {
  const dated: Trick = (request, response, bytes) => {
    if (request.headers['if-modified-since'] === LAST_MODIFIED) response.writeHead(304).end();
    else response.writeHead(200, { 'content-length': bytes.length, 'last-modified': LAST_MODIFIED }).end(bytes);
  };
  const bare: Trick = (_request, response, bytes) =>
    void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  const renamed: Trick = (_request, response, bytes) =>
    void response.writeHead(200, { 'content-length': bytes.length, etag: `"${Math.random()}"` }).end(bytes);
  test.each<[string, Trick | undefined, string | undefined]>([
    ['an ETag', undefined, 'if-none-match'],
    ['a date', dated, 'if-modified-since'],
    ['neither', bare, undefined],
    ['an ETag of every moment', renamed, 'if-none-match'],
  ])('with %s is one request, and nothing is written', async (_what, trick, condition) => {
    if (trick !== undefined) upstream.always(REPOMD, trick);
    const snapshot = await publish();
    upstream.clearLog();
    const before = await everything();
    expect(await bench.sync(upstream.url)).toEqual({ kind: 'unchanged', snapshot, newest: snapshot });
    expect(upstream.log.map(({ path }) => path)).toEqual([REPOMD]);
    expect(await everything()).toEqual(before);
    const { headers } = upstream.log[0] ?? {};
    expect(['if-none-match', 'if-modified-since'].find((name) => headers?.[name] !== undefined)).toBe(condition);
  });

  test('is planned anew when the site says something else of the repo', async () => {
    const snapshot = await publish();
    upstream.clearLog();
    const repo = { trust: { checks: [], keys: [], weakKeys: 'accept' } } as const;
    expect(await bench.sync(upstream.url, { repo })).toMatchObject({ kind: 'unchanged', snapshot });
    expect(upstream.log.length).toBeGreaterThan(1);
    upstream.clearLog();
    // What was planned so is known from then on.
    expect(await bench.sync(upstream.url, { repo })).toMatchObject({ kind: 'unchanged', snapshot });
    expect(upstream.log).toHaveLength(1);
  });

  test('is planned anew when that is asked for', async () => {
    const snapshot = await publish();
    upstream.clearLog();
    const result = await bench.sync(upstream.url, { fresh: 'always' });
    expect(result).toEqual({ kind: 'unchanged', snapshot, newest: snapshot });
    expect(upstream.log.filter(({ path }) => path === REPOMD)).toHaveLength(2);
    expect(upstream.log.filter(({ path }) => path.endsWith('.rpm'))).toEqual([]);
  });
});

describe('after a roll-back', () => {
  let ids: readonly string[];
  beforeEach(async () => {
    const older = await publish();
    upstream.serve(second);
    ids = [older, await publish()];
    await bench.store.publish('demo', older);
    upstream.clearLog();
  });

  test('an unchanged upstream is not published again', async () => {
    expect(await bench.sync(upstream.url)).toEqual({ kind: 'unchanged', snapshot: ids[0], newest: ids[1] });
    expect(upstream.log).toHaveLength(1);
    expect(await bench.published()).toEqual(filesDigest(first));
  });

  test('nor is it when all is planned anew', async () => {
    expect(await bench.sync(upstream.url, { settings: 'others' })).toEqual({
      kind: 'unchanged',
      snapshot: ids[0],
      newest: ids[1],
    });
    expect(await bench.published()).toEqual(filesDigest(first));
  });

  test('a changed one is, and so is an unchanged one when it is asked for', async () => {
    const forward = await bench.sync(upstream.url, { fresh: 'always' });
    expect(forward).toMatchObject({ kind: 'published', snapshot: ids[1], filesFetched: 0 });
    await bench.store.publish('demo', ids[0] ?? '');
    upstream.serve(buildRepo({ packages: [two], revision: '3' }));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', packages: 1 });
  });

  test('an upstream that went back itself has nothing new either', async () => {
    upstream.serve(first);
    expect(await bench.sync(upstream.url)).toEqual({ kind: 'unchanged', snapshot: ids[0], newest: ids[1] });
    expect(upstream.log).toHaveLength(1);
  });
});

test('an upstream that goes back is followed', async () => {
  const older = await publish();
  upstream.serve(second);
  await publish();
  upstream.serve(first);
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', snapshot: older });
  expect(await bench.published()).toEqual(filesDigest(first));
});

test('a sync that ended between the snapshot and its publishing is completed by the next', async () => {
  await publish();
  upstream.serve(second);
  const publishing = bench.store;
  const broken = { ...publishing, publish: () => Promise.reject(new Error('the power went')) };
  expect(await bench.sync(upstream.url, { store: broken })).toMatchObject({ kind: 'failed' });
  expect(await bench.published()).toEqual(filesDigest(first));
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published', filesFetched: 0 });
  expect(await bench.published()).toEqual(filesDigest(second));
});

test('a directory is looked at, and left alone where it is the same', async () => {
  const snapshot = await publish();
  const directory = join(bench.data, 'repos', 'demo');
  const copy = await startBench();
  expect(await copy.sync(directory)).toMatchObject({ kind: 'published' });
  const again = await copy.sync(directory, { fetch: (name) => openUpstream(name, FAST) });
  expect(again).toMatchObject({ kind: 'unchanged' });
  expect(snapshot).toMatch(/^\d{8}T/);
  await copy.close();
});
