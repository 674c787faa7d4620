// Unmet dependencies at the end of a sync: new ones are told, or stop a strict repo; old ones are nobody's news.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClosureReport } from '../../../mirror/closure/report.ts';
import type { CheckClosure } from '../../../mirror/sync/edges.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const one: FixturePackage = { name: 'one', bytes: fixtureBytes('one', 5000) };
const holed: FixturePackage = { name: 'holed', bytes: fixtureBytes('holed', 300) };
const before = buildRepo({ packages: [one] });
const after = buildRepo({ packages: [one, holed], revision: '2' });

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

/** Each package whose name says so lacks `count` things. */
function closureOf(count: number): CheckClosure {
  return async (files): Promise<ClosureReport> => {
    const names = files.flatMap(({ path }) => /holed[^/]*(?=\.rpm)/.exec(path)?.[0] ?? []);
    const holes = names.flatMap((name) =>
      Array.from({ length: count }, (_, at) => ({ repo: 'demo', package: name, requirement: `lib${at}.so` })),
    );
    return { holes, unreadable: [], checkedPackages: files.length };
  };
}

const LINE = 'holed-1.0-1.noarch requires lib0.so, which nothing provides';

test('a new hole is told and published', async () => {
  await bench.sync(upstream.url, { closure: closureOf(1) });
  upstream.serve(after);
  expect(await bench.sync(upstream.url, { closure: closureOf(1) })).toMatchObject({ kind: 'published', notes: [LINE] });
  expect(await bench.store.currentSnapshot('demo')).toMatchObject({ notes: [LINE] });
});

describe('a strict repo', () => {
  const repo = { strict: true };
  test('is not published with a new hole; what was fetched stays, and what was published', async () => {
    await bench.sync(upstream.url, { repo, closure: closureOf(1) });
    upstream.serve(after);
    const result = await bench.sync(upstream.url, { repo, closure: closureOf(1) });
    expect(result).toMatchObject({ kind: 'failed', holes: [LINE] });
    expect(result.kind === 'failed' ? [result.reason, result.remedy] : []).toEqual([
      expect.stringContaining(LINE),
      expect.stringContaining('strict: false'),
    ]);
    expect(await bench.published()).toEqual(filesDigest(before));
    expect((await bench.store.repoStatus('demo')).snapshots).toHaveLength(1);
    upstream.clearLog();
    expect(await bench.sync(upstream.url, { repo, closure: closureOf(0) })).toMatchObject({
      kind: 'published',
      filesFetched: 0,
    });
  });

  test('is published with the holes it had', async () => {
    upstream.serve(after);
    await bench.sync(upstream.url, { closure: closureOf(1) });
    upstream.serve(buildRepo({ packages: [holed], revision: '3' }));
    expect(await bench.sync(upstream.url, { repo, closure: closureOf(1) })).toMatchObject({
      kind: 'published',
      notes: [],
    });
  });

  test('names some of many holes', async () => {
    upstream.serve(after);
    const result = await bench.sync(upstream.url, { repo, closure: closureOf(1000) });
    expect(result.kind === 'failed' ? result.holes?.length : 0).toBe(51);
    expect(result.kind === 'failed' ? result.holes?.at(-1) : '').toBe('and 950 more unmet dependencies');
  });
});
