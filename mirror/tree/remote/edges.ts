// What the sync of a tree is given, and what it hands on from step to step. Types only.

import type { Log } from '../../../server/log.ts';
import type { Os, TreeFacts } from '../../../server/domain.ts';
import type { No } from '../../../server/malformed.ts';
import type { Pool, Staging } from '../../content/pool/store.ts';
import type { TreeFiles } from '../../content/place.ts';
import type { ContentStore } from '../../content/store.ts';
import type { LocalFiles } from '../../sync/edges.ts';
import type { Notes } from '../../sync/notes.ts';
import type { Breathe } from '../../sync/parallel.ts';
import type { ProgressCounter, SyncProgress } from '../../sync/progress.ts';
import type { Upstream } from '../../sync/upstream.ts';

/** A tree of the site that comes from a URL. `os` is what the site says it must be. */
export type RemoteTree = { readonly name: string; readonly upstream: string; readonly os: Os | undefined };

export type TreeSyncOptions = {
  readonly tree: RemoteTree;
  readonly store: ContentStore;
  readonly pool: Pool;
  /** Opens the upstream; `openUpstream` of fetcher.ts. */
  readonly fetch: (upstream: string) => Upstream;
  /** What the tree installs; `detectTree`. Asked before anything is published. */
  readonly detect: (files: TreeFiles) => Promise<TreeFacts | No>;
  /** The hosts that may be installing from the tree now: it is not replaced under them. */
  readonly installing: () => Promise<readonly string[]>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly onProgress: (progress: SyncProgress) => void;
  readonly signal: AbortSignal;
  readonly local?: LocalFiles | undefined;
  /** `always`: everything is planned again, although upstream has nothing new. */
  readonly fresh?: 'always' | undefined;
};

/** The edges of one sync, opened. */
export type TreeEdges = TreeSyncOptions & {
  /** Under which name the store and the pool keep the tree. */
  readonly name: string;
  /** Only so many of its answers are on their way at once. */
  readonly upstream: Upstream;
  readonly staging: Staging;
  readonly progress: ProgressCounter;
  readonly notes: Notes;
  readonly breathe: Breathe;
};
