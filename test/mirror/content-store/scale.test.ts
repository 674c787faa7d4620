// Snapshots of many files: nothing is held up for long, and memory stays in bounds.

import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SnapshotFile } from '../../../mirror/content/layout.ts';
import { contentDigest, parseManifest, renderManifest, sortFiles } from '../../../mirror/content/manifest.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import fc from 'fast-check';
import { startBench, type Bench } from './rig.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const FILES = 50_000;
const CONTENTS = 500;
/** Of this thread's own work between two turns of the event loop: beside other tests the clock says nothing. */
const LIMIT_MS = 250;

test(`${FILES} files are built, read, swept and pruned without a long pause, in memory for hundreds of MB less`, async () => {
  const contents = await Promise.all(
    Array.from({ length: CONTENTS }, (_, index) => bench.pool.save(Buffer.from(`content ${index}`))),
  );
  const files = Array.from({ length: FILES }, (_, index): SnapshotFile => {
    const sha256 = contents[index % CONTENTS] ?? sha256Of('');
    const path = parseHref(`Packages/${index % 26}/package-with-a-name-${index}-1.2.3-4.el9.x86_64.rpm`, 'test');
    return {
      path,
      sha256,
      sizeBytes: `content ${index % CONTENTS}`.length,
      checksum: { type: 'sha256', digest: sha256 },
    };
  });
  const about = { upstream: 'http://upstream/', revision: '1', packages: FILES, notes: [], origin: undefined };
  const turns = watchTurns();
  const memory = process.memoryUsage.rss();
  const first = await bench.store.saveSnapshot('demo', { now: 1e12, ...about, files });
  const again = await bench.store.saveSnapshot('demo', { now: 1e12, ...about, files: files.toReversed() });
  const second = await bench.store.saveSnapshot('demo', { now: 1e12, ...about, files: files.slice(1) });
  await bench.store.publish('demo', second.id);
  const read = await bench.filesOf('demo', first.id);
  await bench.store.prune('demo', 1, async () => []);
  expect(await bench.store.sweepPool()).toBe(0);
  const longestMs = turns.end();
  expect(again.id).toBe(first.id);
  expect(read).toEqual(files.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
  expect(longestMs).toBeLessThan(LIMIT_MS);
  expect((process.memoryUsage.rss() - memory) / 1e6).toBeLessThan(300);
}, 60_000);

test('a content that has as many names as a file may have is copied for the rest', async () => {
  const sha256 = await bench.pool.save(Buffer.from('often'));
  const from = join(bench.data, 'pool', sha256);
  let names = 1;
  try {
    for (; names < 65_100; names += 1) await link(from, join(bench.data, `name-${names}`));
  } catch {
    // EMLINK: as many as this file system gives.
  }
  const { id } = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: 'often', b: 'often' }));
  expect(await bench.filesOf('demo', id)).toHaveLength(2);
}, 60_000);

/** The most work, in milliseconds of this thread's processor time, that one turn of the event loop held until `end`. */
function watchTurns(): { end(): number } {
  let longest = 0;
  let before = process.threadCpuUsage();
  let running = true;
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    before = process.threadCpuUsage();
    if (running) setImmediate(look);
  };
  setImmediate(look);
  return {
    end: () => {
      running = false;
      return longest;
    },
  };
}

const breathe = async (): Promise<void> => {};

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<string> {
  let at = 0;
  for (const size of sizes) {
    yield text.slice(at, at + size);
    at += size;
  }
  yield text.slice(at);
}

test('a manifest is read as it was written, in whatever pieces it comes, and its digest tells the order of nothing', async () => {
  const segment = fc
    .stringMatching(/^[a-z0-9+~^ é%:.-]{1,12}$/)
    .filter((text) => !/^\.{1,2}$|%[0-9a-f]{2}/i.test(text));
  const path = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map(encodeURIComponent).join('/'));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(path, { maxLength: 20 }), fc.array(fc.nat(200)), async (paths, sizes) => {
      const files = paths.map((href, index): SnapshotFile => {
        const digest = sha256Of(href);
        const checksum = index % 2 === 0 ? undefined : ({ type: 'sha256', digest } as const);
        return { path: parseHref(href, 'test'), sha256: digest, sizeBytes: index, checksum };
      });
      const sorted = await sortFiles(files, breathe);
      const read: SnapshotFile[] = [];
      for await (const some of parseManifest(cut([...renderManifest(sorted)].join(''), sizes))) read.push(...some);
      expect(read).toEqual(sorted);
      const reversed = await sortFiles(files.toReversed(), breathe);
      expect(await contentDigest(reversed, breathe)).toBe(await contentDigest(sorted, breathe));
    }),
  );
});
