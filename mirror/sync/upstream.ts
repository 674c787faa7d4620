// What a sync sees of an upstream, be it a web server or a directory, and the faults that end a sync.

import type { RelativePath } from '../rpm/href.ts';

export type FetchRequest = {
  readonly path: RelativePath;
  /** Where to continue a part, if the upstream can. `validator` is what an earlier answer of this run said. */
  readonly resume: { readonly offset: number; readonly validator: string | undefined } | undefined;
  /** The most the caller will read: bounds the time of the whole request. */
  readonly limitBytes: number;
  /** `fresh` asks caches on the way to ask again. */
  readonly cache: 'any' | 'fresh';
  /** `own-server` for what no checksum covers: the answer of another server would be believed. */
  readonly redirects: 'anywhere' | 'own-server';
  readonly signal: AbortSignal;
};

/** A body on its way. `chunks` throws `Interrupted` where the upstream breaks off, and must be read or returned. */
export type Body = {
  readonly kind: 'body';
  /** Where in the file the chunks begin: the offset asked for, or 0. */
  readonly offset: number;
  /** The size of the whole file, where the upstream says it. */
  readonly totalBytes: number | undefined;
  readonly validator: string | undefined;
  /** A Content-Encoding that the upstream put on; the chunks are as they came, never decoded. */
  readonly encoding: string | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
};

export type Opened =
  | Body
  /** It is not there. */
  | { readonly kind: 'absent'; readonly reason: string }
  /** Only another server has it, and `redirects` keeps to the upstream's own. */
  | { readonly kind: 'elsewhere'; readonly reason: string }
  /** Asking again is of no use. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Another try may succeed. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** The part cannot be continued: ask for the whole file. */
  | { readonly kind: 'restart'; readonly reason: string };

export type Upstream = {
  open(request: FetchRequest): Promise<Opened>;
  /** Pauses before another try, or for 0 only until others had their turn; rejects when `signal` aborts. */
  pause(delayMs: number, signal: AbortSignal): Promise<void>;
  /** How long to wait after the first, second … failure in a row; when they are used up the sync fails. */
  readonly retryDelaysMs: readonly number[];
  close(): Promise<void>;
};

/** The upstream broke off in the middle of a body: a reset, a stall, a lost connection. */
export class Interrupted extends Error {}

/** Why a sync failed, and at which file. `stale`: a repository that changed meanwhile would explain it. */
export class SyncFault extends Error {
  readonly file: string;
  readonly stale: boolean;

  constructor(file: string, reason: string, options: { readonly stale?: boolean; readonly cause?: unknown } = {}) {
    super(`${file}: ${reason}`, options.cause === undefined ? {} : { cause: options.cause });
    this.file = file;
    this.stale = options.stale ?? false;
  }
}
