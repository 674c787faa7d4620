// A disk that fills up during a sync: a clear reason, the published snapshot untouched, and the next run goes on.

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const old: FixturePackage = { name: 'old', bytes: fixtureBytes('old', 3000) };
const big: FixturePackage = { name: 'big', bytes: fixtureBytes('big', 600_000) };
const huge: FixturePackage = { name: 'huge', bytes: fixtureBytes('huge', 3_000_000) };
const before = buildRepo({ packages: [old] });
const after = buildRepo({ packages: [old, big], revision: '2' });

/** Mounting needs root; in CI it must be there. */
const unable = process.getuid?.() !== 0 && process.env['CI'] === undefined;

describe.skipIf(unable)('on a disk of 2 MiB', () => {
  let disk: string;
  let bench: SyncBench;
  let upstream: FakeUpstream;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'kickstand-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    bench = await startBench(disk);
    upstream = await startUpstream(before);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
  });
  afterEach(async () => {
    await upstream.close();
    execFileSync('umount', [disk]);
    await rmdir(disk);
  });

  test('what cannot fit is refused before a byte of it is fetched', async () => {
    upstream.serve(buildRepo({ packages: [old, huge], revision: '2' }));
    upstream.clearLog();
    const result = await bench.sync(upstream.url);
    expect(result).toMatchObject({ kind: 'failed' });
    expect(result.kind === 'failed' ? result.reason : '').toMatch(/^the disk is full: 3000000 bytes are needed/);
    expect(upstream.log.map(({ path }) => path)).not.toContain('Packages/huge-1.0-1.noarch.rpm');
    expect(await bench.published()).toEqual(filesDigest(before));
  });

  test('a disk that fills meanwhile ends the sync, leaves room behind it, and the next run completes', async () => {
    upstream.serve(after);
    const filler = join(disk, 'filler');
    upstream.next('Packages/big-1.0-1.noarch.rpm', (_request, response, bytes) => {
      void fill(filler, 200_000).then(() => response.writeHead(200, { 'content-length': bytes.length }).end(bytes));
    });
    const result = await bench.sync(upstream.url);
    expect(result.kind === 'failed' ? result.reason : JSON.stringify(result)).toMatch(/^the disk is full: .*ENOSPC/);
    expect(await bench.published()).toEqual(filesDigest(before));
    expect(await bench.pool.freeBytes()).toBeGreaterThan(100_000);
    await rm(filler);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(after));
  });

  /** Leaves about `room` bytes. */
  async function fill(path: string, room: number): Promise<void> {
    await writeFile(path, Buffer.alloc((await bench.pool.freeBytes()) - room, 1));
  }
});
