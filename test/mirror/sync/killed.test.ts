// SIGKILL in the middle of a sync, at several points, with a reader that never rests: it never misses a file.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const old: FixturePackage = { name: 'old', bytes: fixtureBytes('old', 3000) };
const big: FixturePackage = { name: 'big', bytes: fixtureBytes('big', 400_000) };
const OLD = 'Packages/old-1.0-1.noarch.rpm';
const BIG = 'Packages/big-1.0-1.noarch.rpm';
const before = buildRepo({ packages: [old], names: 'plain' });
const after = buildRepo({ packages: [old, big], names: 'plain', revision: '2' });

let bench: SyncBench;
let upstream: FakeUpstream;
beforeEach(async () => {
  bench = await startBench();
  upstream = await startUpstream(before);
  await bench.sync(upstream.url);
  upstream.serve(after);
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

test.each([
  ['metadata', 'repodata/primary.xml.gz'],
  ['a package', BIG],
  ['the signature, with all packages in the pool', 'repodata/repomd.xml.asc'],
])('killed while it fetches %s', async (_what, path) => {
  const reached = new Promise<void>((resolve) => {
    upstream.next(path, (_request, response, bytes) => {
      response.writeHead(200, { 'content-length': Math.max(bytes.length, 100) });
      response.write(bytes.subarray(0, bytes.length >> 1));
      resolve();
    });
  });
  const reader = startReader(bench.data);
  const script = join(import.meta.dirname, '../../support/sync-child.ts');
  const child = spawn(process.execPath, [script, bench.data, upstream.url], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  await reached;
  // The lock is another process's now.
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed', reason: 'another sync of demo is running' });
  child.kill('SIGKILL');
  await exit;
  expect(await bench.published()).toEqual(filesDigest(before));
  upstream.clearLog();
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
  expect(await bench.published()).toEqual(filesDigest(after));
  expect(upstream.log.map((request) => request.path)).not.toContain(OLD);
  if (path === 'repodata/repomd.xml.asc') expect(upstream.log.map((request) => request.path)).not.toContain(BIG);
  const { reads, faults } = await reader.stop();
  expect(faults).toEqual([]);
  expect(reads).toBeGreaterThan(10);
});

test('publishing back and forth under a reader: never a missing file', async () => {
  await bench.sync(upstream.url);
  const { snapshots } = await bench.store.repoStatus('demo');
  expect(snapshots).toHaveLength(2);
  const reader = startReader(bench.data);
  for (let times = 0; times < 200; times += 1) {
    expect(await bench.store.publish('demo', snapshots[times % 2] ?? '')).toMatchObject({ id: snapshots[times % 2] });
  }
  const { reads, faults } = await reader.stop();
  expect(faults).toEqual([]);
  expect(reads).toBeGreaterThan(10);
});

/** Reads what is published over and over: each file of the generation it found, each time. */
function startReader(data: string): { stop(): Promise<{ reads: number; faults: readonly unknown[] }> } {
  const faults: unknown[] = [];
  let reads = 0;
  const stopped = new AbortController();
  const contents = [before, after].map((files) => files.get('repodata/repomd.xml'));
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        const repomd = await readFile(join(data, 'repos/demo/repodata/repomd.xml'));
        if (!contents.some((content) => content?.equals(repomd))) faults.push('another repomd.xml');
        const generation = join(data, 'repos', await readlink(join(data, 'repos/demo')));
        await readFile(join(generation, OLD));
        await readFile(join(generation, 'repodata/primary.xml.gz'));
        reads += 1;
      } catch (error) {
        faults.push(error);
      }
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopped.abort();
      await done;
      return { reads, faults };
    },
  };
}
