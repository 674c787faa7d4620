// Filtered repos: only what the site chose is fetched and listed, with metadata of its own, and the same choice is the same snapshot.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPackages, saveDocuments, type DocumentPlaces } from '../../../mirror/metadata/store.ts';
import { parsePrimary, type PrimaryPackage } from '../../../mirror/rpm/primary.ts';
import { parseRepomd } from '../../../mirror/rpm/repomd.ts';
import type { OpenMetadata } from '../../../mirror/sync/edges.ts';
import type { SyncResult } from '../../../mirror/sync/sync.ts';
import type { RepoFilter } from '../../../server/repo.ts';
import { directoryDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const ZOO = join(import.meta.dirname, '../../../../shared/samples/rpms/zoo');
const ALL: RepoFilter = { architectures: undefined, newest: undefined, include: [], exclude: [], sources: true };

let bench: SyncBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

/** Without createrepo_c: what is made is the same on every system. */
const metadata: OpenMetadata = async ({ staging, breathe, signal }) => {
  const pool = join(bench.data, 'pool');
  const scratch = join(bench.data, 'staging/demo/documents');
  const places: DocumentPlaces = {
    scratch,
    sizeOf: (sha256) => bench.pool.sizeOf(sha256),
    openPart: (checksum) => staging.openPart(checksum),
  };
  return { open: openPackages({ pool }), save: saveDocuments(places), breathe, signal, createrepo: undefined };
};

const sync = (filter: Partial<RepoFilter>): Promise<SyncResult> =>
  bench.sync(ZOO, { repo: { filter: { ...ALL, ...filter } }, metadata });

async function published(): Promise<{
  readonly packages: readonly PrimaryPackage[];
  readonly files: readonly string[];
}> {
  const root = join(bench.data, 'repos/demo');
  const { data } = parseRepomd(await readFile(join(root, 'repodata/repomd.xml')));
  const path = data.find(({ type }) => type === 'primary')?.path ?? '';
  const xml = gunzipSync(await readFile(join(root, path)));
  const packages: PrimaryPackage[] = [];
  for await (const found of parsePrimary(once(xml))) packages.push(found);
  return { packages, files: Object.keys(await directoryDigest(root)) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe.skipIf(!existsSync(ZOO))('a filtered repo', () => {
  test.each<[string, Partial<RepoFilter>, number]>([
    ['includes names', { include: ['w*', 'lion'] }, 4],
    ['excludes names', { exclude: ['w*', 'lion'] }, 16],
    ['keeps the newest of each', { newest: 1 }, 13],
  ])('%s', async (_what, filter, count) => {
    expect(await sync(filter)).toMatchObject({ kind: 'published', packages: count });
    const { packages, files } = await published();
    expect(packages).toHaveLength(count);
    // Every entry leads to a file, and every file is an entry.
    expect(files.filter((path) => path.endsWith('.rpm'))).toEqual(packages.map(({ path }) => path).toSorted());
    expect(files.filter((path) => path.endsWith('.asc'))).toEqual([]);
  });

  test('says that upstream’s signature does not cover it', async () => {
    await sync({ include: ['lion'] });
    const record = await bench.store.currentSnapshot('demo');
    expect('notes' in record ? record.notes.join('\n') : '').toMatch(/signature of repomd.xml does not cover it/);
  });

  test('is the same snapshot when it is made again', async () => {
    const first = await sync({ include: ['lion'] });
    expect(first).toMatchObject({ kind: 'published' });
    const again = await bench.sync(ZOO, {
      repo: { filter: { ...ALL, include: ['lion'] } },
      metadata,
      fresh: 'always',
    });
    expect(again).toMatchObject({ kind: 'unchanged', snapshot: first.kind === 'published' ? first.snapshot : '' });
  });

  test('is made anew when the filter changes', async () => {
    await sync({ include: ['lion'] });
    expect(await sync({ include: ['lion', 'trout'] })).toMatchObject({
      kind: 'published',
      packages: 2,
    });
    expect(await sync({})).toMatchObject({ kind: 'published', packages: 20 });
  });
});
