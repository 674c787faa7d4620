// What the API tells of content: repos, trees, their syncs and jobs, templates. Types only; times are ms since 1970.

export type SyncProgress = {
  readonly phase?: string;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
};

export type Sync = {
  readonly id: number;
  /** One of the two. */
  readonly repo?: string;
  readonly tree?: string;
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly outcome?: string;
  readonly progress?: SyncProgress;
  readonly snapshot?: string;
  readonly reason?: string;
  readonly remedy?: string;
  readonly counts?: { readonly packages: number; readonly bytes: number; readonly bytesFetched: number };
  readonly notes?: readonly string[];
};

export type Repo = {
  readonly name: string;
  readonly upstream: string;
  readonly publish?: string;
  readonly schedule?: string;
  readonly keep: number;
  readonly current?: string;
  readonly snapshots: readonly string[];
  readonly lastSync?: Sync;
  readonly runningSync?: Sync;
  readonly nextSync?: number;
  readonly alarm?: string;
};

export type TreeSource =
  { readonly kind: 'iso' | 'directory'; readonly path: string } | { readonly kind: 'upstream'; readonly url: string };

export type Tree = {
  readonly name: string;
  readonly source: TreeSource;
  readonly ready: boolean;
  readonly what: string;
  readonly remedy?: string;
  /** Of a tree from a URL: what is published of it. */
  readonly synced?: { readonly snapshot: string; readonly notes: readonly string[] };
  readonly lastSync?: Sync;
  readonly runningSync?: Sync;
};

/** What became of a tree that was added, or taken off. */
export type AddedTree = {
  readonly tree: string;
  readonly os?: string;
  readonly done: 'named' | 'linked' | 'there';
  readonly needsSync: boolean;
};

export type RemovedTree = { readonly done: 'removed' | 'unlinked'; readonly freedBytes?: number };

/** What became of a repo that was added, or taken off. */
export type AddedRepo = { readonly repo: string; readonly upstream: string };

export type RemovedRepo = {
  readonly snapshots: readonly string[];
  readonly freedBytes?: number;
  readonly left?: string;
};

/** A verification or a repair; it runs while it has no end. */
export type Job = {
  readonly id: string;
  readonly kind: 'verify' | 'repair';
  /** One of the two. */
  readonly repo?: string;
  readonly tree?: string;
  readonly by: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly cancelAsked?: boolean;
  readonly outcome?: 'sound' | 'damaged' | 'failed' | 'cancelled' | 'stopped';
  readonly progress?: SyncProgress;
  /** `path` is empty for what is no file of its own. */
  readonly damaged?: readonly { readonly snapshot?: string; readonly path: string; readonly reason: string }[];
  readonly damagedMore?: number;
  readonly notes?: readonly string[];
  readonly reason?: string;
  readonly remedy?: string;
};

export type Template = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly state: 'ready' | 'altered';
  readonly url: string;
};

export type Upload = {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly offset: number;
  readonly by: string;
};

export type Registration = {
  readonly url: string;
  readonly cloudmonkey: string;
  readonly query: string;
  readonly notes: readonly string[];
};
