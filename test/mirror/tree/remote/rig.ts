// A data directory for trees from URLs, and a byte-exact picture of what is published of one.

import { join } from 'node:path';
import { contentNameOfTree } from '../../../../mirror/content/layout.ts';
import { openUpstream } from '../../../../mirror/sync/fetcher.ts';
import type { SyncResult } from '../../../../mirror/sync/outcome.ts';
import { detectTree } from '../../../../mirror/tree/detect.ts';
import type { TreeSyncOptions } from '../../../../mirror/tree/remote/edges.ts';
import { syncTree } from '../../../../mirror/tree/remote/sync.ts';
import { quietLog } from '../../../../server/log.ts';
import { directoryDigest, FAST, startBench, type SyncBench } from '../../../support/sync-bench.ts';

export type TreeBench = Pick<SyncBench, 'data' | 'store' | 'pool' | 'close'> & {
  /** Syncs the tree `demo`. */
  sync(upstream: string, more?: Partial<TreeSyncOptions>): Promise<SyncResult>;
  published(): Promise<Readonly<Record<string, string>> | undefined>;
  /** What the record of the published snapshot says. */
  notes(): Promise<readonly string[]>;
};

export const DEMO = contentNameOfTree('demo');

export async function startTreeBench(directory?: string): Promise<TreeBench> {
  const bench = await startBench(directory);
  const { data, store, pool } = bench;
  let clock = Date.UTC(2026, 10, 22, 12, 0, 0);
  return {
    data,
    store,
    pool,
    close: () => bench.close(),
    sync: (upstream, more = {}) =>
      syncTree({
        tree: { name: 'demo', upstream, os: undefined },
        store,
        pool,
        fetch: (url) => openUpstream(url, FAST),
        detect: detectTree,
        installing: async () => [],
        now: () => (clock += 60_000),
        log: quietLog,
        onProgress: () => {},
        signal: new AbortController().signal,
        ...more,
      }),
    published: async () =>
      (await store.currentId(DEMO)) === undefined ? undefined : directoryDigest(join(data, 'repos', DEMO)),
    notes: async () => {
      const record = await store.currentSnapshot(DEMO);
      return 'digest' in record ? record.notes : [];
    },
  };
}
