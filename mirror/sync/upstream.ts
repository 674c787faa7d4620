// What a sync sees of an upstream, be it a web server, a list of mirrors or a directory, and the faults that end a sync.

import type { Checksum } from '../rpm/checksum.ts';
import type { DirectoryPath, RelativePath } from '../rpm/href.ts';

/**
 * Where an upstream is and how it is reached. `upstream` is an http(s) URL or an absolute directory path, of a `mirrorlist` or
 * `metalink` the URL of that list; the rest is for URLs only. `login` and a user in the URL are told to that URL's own
 * origin alone.
 */
export type UpstreamTarget = {
  readonly upstream: string;
  readonly kind?: 'base' | 'mirrorlist' | 'metalink' | undefined;
  /** The http(s) URL of a proxy, with its user where it asks for one. The environment's proxy variables are not read. */
  readonly proxy?: string | undefined;
  /** A PEM file's bytes: the only authorities that TLS servers are then believed by, as with dnf's `sslcacert`. */
  readonly ca?: Uint8Array | undefined;
  readonly login?: { readonly user: string; readonly password: string } | undefined;
  /** Connections to each server at most. */
  readonly connections?: number | undefined;
  /** For all downloads of this upstream together. */
  readonly bytesPerSecond?: number | undefined;
};

/** What an earlier answer said of itself: told to the upstream so that it need not send the same again. */
export type Condition = {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  /** Of the content: a metalink tells by it that nothing is new, without a question to any mirror. */
  readonly checksum?: Checksum | undefined;
};

export type FetchRequest = {
  readonly path: RelativePath;
  /** Where to continue a part, if the upstream can. `validator` and `source` are what an earlier answer of this run said. */
  readonly resume:
    | { readonly offset: number; readonly validator: string | undefined; readonly source?: string | undefined }
    | undefined;
  /** The most the caller will read: bounds what is buffered of it. */
  readonly limitBytes: number;
  /** `fresh` asks caches on the way to ask again. */
  readonly cache: 'any' | 'fresh';
  /** `own-server` for what no checksum covers: the answer of another server would be believed. */
  readonly redirects: 'anywhere' | 'own-server';
  /** With it the answer may be `unchanged`. */
  readonly condition?: Condition | undefined;
  /** The `source` of answers whose content was bad: asked last. */
  readonly avoid?: readonly string[] | undefined;
  readonly signal: AbortSignal;
};

/** A body on its way. `chunks` throws `Interrupted` where the upstream breaks off, and must be read to its end or discarded. */
export type Body = {
  readonly kind: 'body';
  /** Whose it is: the upstream's URL, or that of the mirror that was asked, without a query. For `resume` and `avoid`. */
  readonly source: string;
  /** Where in the file the chunks begin: the offset asked for, or 0. */
  readonly offset: number;
  /** The size of the whole file, where the upstream says it. */
  readonly totalBytes: number | undefined;
  readonly validator: string | undefined;
  /** For the `condition` of a later request. */
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** A Content-Encoding that the upstream put on; the chunks are as they came, never decoded. */
  readonly encoding: string | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
};

export type Opened =
  | Body
  /** It is what the condition told of. */
  | { readonly kind: 'unchanged'; readonly reason: string }
  /** It is not there. */
  | { readonly kind: 'absent'; readonly reason: string }
  /** Only another server has it, and `redirects` keeps to the upstream's own. */
  | { readonly kind: 'elsewhere'; readonly reason: string }
  /** Asking again is of no use. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Another try may succeed, after `retryAfterMs` where the upstream says so. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs?: number | undefined }
  /** The part cannot be continued: ask for the whole file. */
  | { readonly kind: 'restart'; readonly reason: string };

/** How an upstream is asked what it holds, without any metadata: one of this machine is listed, a web server has index pages. */
export type DirectoryIndex =
  | {
      readonly kind: 'directory';
      list(
        directory: DirectoryPath,
        signal: AbortSignal,
      ): Promise<LocalListing | { readonly kind: 'absent' | 'refused'; readonly reason: string }>;
    }
  | { readonly kind: 'pages'; open(request: PageRequest): Promise<Opened> };
export type PageRequest = Omit<FetchRequest, 'path'> & { readonly path: DirectoryPath };

/** What a directory of this machine holds: files and directories, links to such followed as long as they stay inside. */
export type LocalListing = {
  readonly kind: 'listing';
  readonly names: readonly {
    readonly name: string;
    readonly kind: 'file' | 'directory';
    readonly sizeBytes: number;
    readonly modifiedMs: number;
  }[];
};

export type Upstream = {
  /** A list of mirrors has none. */
  readonly index?: DirectoryIndex;
  /** Never rejects for what the upstream does; rejects with the signal's reason when `signal` aborts. */
  open(request: FetchRequest): Promise<Opened>;
  /** Pauses before another try, or for 0 only until others had their turn; rejects when `signal` aborts. */
  pause(delayMs: number, signal: AbortSignal): Promise<void>;
  /** The longest wait after the first, second … failure in a row; when they are used up the sync fails. */
  readonly retryDelaysMs: readonly number[];
  /** From 0 to below 1: how much of such a wait is waited. */
  random(): number;
  /** How many downloads at once make sense. */
  readonly connections: number;
  /** From how many servers a file could be had, as far as is known by now. */
  sources(): number;
  close(): Promise<void>;
};

/** The upstream broke off in the middle of a body: a reset, a stall, a lost connection. */
export class Interrupted extends Error {}

/** Ends a body that is not read to its end, so that its connection is free, or closed. */
export async function discard(body: Body): Promise<void> {
  await body.chunks[Symbol.asyncIterator]().return?.();
}

/** Why a sync failed, and at which file. `stale`: a repository that changed meanwhile would explain it. */
export class SyncFault extends Error {
  readonly file: string;
  readonly stale: boolean;
  /** What an operator can do about it, where anything can be said. */
  readonly remedy: string | undefined;

  constructor(
    file: string,
    reason: string,
    options: { readonly stale?: boolean; readonly remedy?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(`${file}: ${reason}`, options.cause === undefined ? {} : { cause: options.cause });
    this.file = file;
    this.stale = options.stale ?? false;
    this.remedy = options.remedy;
  }
}
