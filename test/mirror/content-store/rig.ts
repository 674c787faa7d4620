// A data directory with its store and pool, and snapshots made of texts.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { SnapshotFile } from '../../../mirror/content/layout.ts';
import { openPool, type Pool } from '../../../mirror/content/pool/store.ts';
import { openContentStore, type ContentStore, type SnapshotDraft } from '../../../mirror/content/store.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';

export const NOON = Date.UTC(2026, 10, 22, 14, 30, 0);

export type Bench = {
  readonly data: string;
  readonly store: ContentStore;
  readonly pool: Pool;
  /** A draft of files with these texts, which are in the pool. */
  draftOf(files: Readonly<Record<string, string>>, more?: Partial<SnapshotDraft>): Promise<SnapshotDraft>;
  /** Saves and publishes snapshots of one-file contents, a minute apart; answers their ids. */
  saveAll(texts: readonly string[], repo?: string): Promise<readonly string[]>;
  filesOf(repo: string, id: string): Promise<readonly SnapshotFile[]>;
  close(): Promise<void>;
};

export async function startBench(directory?: string): Promise<Bench> {
  const data = directory ?? (await mkdtemp(join(tmpdir(), 'kickstand-content-')));
  const store = openContentStore(data);
  const pool = await openPool(data);
  const draftOf: Bench['draftOf'] = async (files, more = {}) => {
    const all = Object.entries(files).map(async ([path, text]): Promise<SnapshotFile> => {
      const sha256 = await pool.save(Buffer.from(text));
      return { path: parseHref(path, path), sha256, sizeBytes: Buffer.byteLength(text), checksum: undefined };
    });
    const about = { upstream: 'http://upstream/', revision: '7', packages: 1, notes: [], origin: undefined };
    return { now: NOON, ...about, files: await Promise.all(all), ...more };
  };
  return {
    data,
    store,
    pool,
    draftOf,
    saveAll: async (texts, repo = 'demo') => {
      const ids: string[] = [];
      for (const text of texts) {
        const draft = await draftOf({ 'a/b.rpm': text }, { now: NOON + ids.length * 60_000 });
        const { id } = await store.saveSnapshot(repo, draft);
        await store.publish(repo, id);
        ids.push(id);
      }
      return ids;
    },
    filesOf: async (repo, id) => {
      const files = await store.snapshotFiles(repo, id);
      if ('kind' in files) expect.fail(files.reason);
      return files;
    },
    close: () => (directory === undefined ? rm(data, { recursive: true, force: true }) : Promise.resolve()),
  };
}
