// What a sync is given, and what it hands on from step to step. Types only.

import type { Log } from '../../server/log.ts';
import type { Repo } from '../../server/repo.ts';
import type { ClosureReport } from '../closure/report.ts';
import type { JsonValue, SnapshotFile } from '../content/layout.ts';
import type { Pool, Staging } from '../content/pool/store.ts';
import type { ContentStore } from '../content/store.ts';
import type { MetadataEdges } from '../metadata/make.ts';
import type { Notes } from './notes.ts';
import type { Breathe } from './parallel.ts';
import type { WantedFile } from './plan.ts';
import type { ProgressCounter, SyncProgress } from './progress.ts';
import type { Trust } from './trust.ts';
import type { SyncFault, Upstream } from './upstream.ts';

/** A file that lies on a local tree already: asked before the network is. What it gives is checked like a download. */
export type LocalFiles = (
  wanted: WantedFile,
) => Promise<{ readonly chunks: () => AsyncIterable<Uint8Array> } | undefined>;

/**
 * Which dependencies of a repo with these files nothing provides. `unjudged` are the profiles it could not be told for.
 * Throws `Malformed` where the repo's metadata cannot be read that far.
 */
export type CheckClosure = (
  files: readonly SnapshotFile[],
) => Promise<ClosureReport & { readonly unjudged?: Unjudged }>;
export type Unjudged = readonly { readonly profile: string; readonly reason: string }[];

/** What metadata made here is made with; its documents go through the staging area. */
export type OpenMetadata = (sync: Pick<RoundEdges, 'staging' | 'breathe' | 'signal'>) => Promise<MetadataEdges>;

export type SyncOptions = {
  readonly repo: Repo;
  readonly store: ContentStore;
  readonly pool: Pool;
  /** Opens the upstream; `openUpstream` of fetcher.ts. */
  readonly fetch: (upstream: string) => Upstream;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly onProgress: (progress: SyncProgress) => void;
  readonly signal: AbortSignal;
  /** Snapshots of this repo that armed hosts are pinned to, asked for when the old ones are pruned. */
  readonly pinned: () => Promise<readonly string[]>;
  /** `fingerprintSettings` of the repo and its keys. */
  readonly settings: string;
  /** Judges signatures. Needed where `repo.trust.checks` names any. */
  readonly trust?: Trust | undefined;
  readonly closure?: CheckClosure | undefined;
  readonly local?: LocalFiles | undefined;
  /** Makes the edges of metadata made here. Needed where the repo has a filter. */
  readonly metadata?: OpenMetadata | undefined;
  /** `always`: everything is planned again, and published, although upstream has nothing new. */
  readonly fresh?: 'always' | undefined;
  /** How many bytes pruning would set free: told where the disk is too small. */
  readonly prunable?: (() => Promise<number | undefined>) | undefined;
};

/** The edges of one sync, opened. */
export type RoundEdges = SyncOptions & {
  /** Only so many of its answers are on their way at once. */
  readonly upstream: Upstream;
  readonly staging: Staging;
  readonly progress: ProgressCounter;
  readonly notes: Notes;
  readonly breathe: Breathe;
  /** Told of a file that upstream has not, or has wrong: it is left out then. Without it the sync fails. */
  readonly onGone?: ((file: WantedFile, fault: SyncFault) => void) | undefined;
  /** May an older snapshot that is published give way to the newest, although upstream is that one still? */
  readonly mayPublishAgain: boolean;
};

/** repomd.xml as upstream sent it. */
export type FoundRepomd = {
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
};

/** The packages of a repo in the pool, with the metadata that was made for them, if any was. */
export type Brought = { readonly files: readonly SnapshotFile[]; readonly packages: number };

/** Everything a snapshot needs, all of it in the pool. `packages` counts what primary lists of it. */
export type RoundContent = {
  readonly files: readonly SnapshotFile[];
  readonly revision: string | undefined;
  readonly packages: number;
  /** What a later sync is to find unchanged: repomd.xml, or all that a rescue looked at. */
  readonly repomd: FoundRepomd;
  /** What was wrong with a rescued upstream. */
  readonly evidence?: JsonValue | undefined;
};
