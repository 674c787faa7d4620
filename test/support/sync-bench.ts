// A data directory with its store and pool for sync tests, and a byte-exact picture of what is published.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool, type Pool } from '../../mirror/content/pool/store.ts';
import { openContentStore, type ContentStore } from '../../mirror/content/store.ts';
import { FETCH_LIMITS, openUpstream, type FetchLimits } from '../../mirror/sync/fetcher.ts';
import { fingerprintSettings } from '../../mirror/sync/settings.ts';
import { syncRepo, type SyncOptions, type SyncResult } from '../../mirror/sync/sync.ts';
import { quietLog } from '../../server/log.ts';
import type { Repo } from '../../server/repo.ts';
import { sha256Of } from '../../mirror/rpm/checksum.ts';

/** Retries at once, and gives up soon. */
export const FAST: FetchLimits = {
  ...FETCH_LIMITS,
  connectMs: 2000,
  headersMs: 1000,
  stallMs: 1000,
  retryDelaysMs: [1, 1],
};

export type SyncBench = {
  readonly data: string;
  readonly store: ContentStore;
  readonly pool: Pool;
  /** Syncs the repo `demo`, or what `more.repo` makes of it. */
  sync(upstream: string, more?: SyncMore): Promise<SyncResult>;
  /** path → sha256 of everything published, or undefined before the first time. */
  published(): Promise<Readonly<Record<string, string>> | undefined>;
  close(): Promise<void>;
};

export type SyncMore = Partial<Omit<SyncOptions, 'repo'>> & { readonly repo?: Partial<Repo> };

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);

export async function startBench(directory?: string): Promise<SyncBench> {
  const data = directory ?? (await mkdtemp(join(tmpdir(), 'kickstand-sync-')));
  const store = openContentStore(data);
  const pool = await openPool(data);
  let clock = NOON;
  return {
    data,
    store,
    pool,
    sync: (upstream, more = {}) => {
      const repo = { ...plainRepo(upstream), ...more.repo };
      return syncRepo({
        settings: fingerprintSettings(repo, []),
        store,
        pool,
        fetch: (name) => openUpstream(name, FAST),
        now: () => (clock += 60_000),
        log: quietLog,
        onProgress: () => {},
        signal: new AbortController().signal,
        pinned: async () => [],
        ...more,
        repo,
      });
    },
    published: async () => {
      const { current } = await store.repoStatus('demo');
      return current === undefined ? undefined : directoryDigest(join(data, 'repos', 'demo'));
    },
    close: () => (directory === undefined ? rm(data, { recursive: true, force: true }) : Promise.resolve()),
  };
}

/** A repo of which a site says nothing but its upstream. */
export function plainRepo(upstream: string): Repo {
  return {
    name: 'demo',
    upstream,
    upstreamKind: 'base',
    publish: undefined,
    schedule: undefined,
    keep: 3,
    access: { proxy: undefined, ca: undefined, login: undefined, connections: 8, bytesPerSecond: undefined },
    trust: { checks: [], keys: [], weakKeys: 'refuse' },
    filter: { architectures: undefined, newest: undefined, include: [], exclude: [], sources: true },
    rescue: false,
    strict: false,
  };
}

/** path → sha256 of every file below a directory. */
export async function directoryDigest(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(`${root}/`, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = files
    .toSorted()
    .map(async (file) => [file.slice(root.length + 1), sha256Of(await readFile(file))] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

/** The same picture of files in memory. */
export function filesDigest(files: ReadonlyMap<string, Buffer>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...files].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => [path, sha256Of(bytes)]),
  );
}
