// Where a piece of content lies: byte ranges of a file on disk. A file inside an ISO is ranges of the ISO. Types only.

import type { No } from '../../server/malformed.ts';
import type { Identity } from './cache/identity.ts';

/** Consecutive bytes of a file. */
export type Extent = { readonly offset: number; readonly length: number };

export type FilePlace = {
  readonly kind: 'file';
  /** The file on disk that holds the bytes. */
  readonly file: string;
  /** In order; their lengths sum to `sizeBytes`. Empty for an empty file. */
  readonly extents: readonly Extent[];
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** What the file on disk was when the place was found in it: in another image the extents mean nothing, another file is not this one. */
  readonly image?: Identity;
};

export type DirectoryPlace = { readonly kind: 'directory'; readonly names: readonly DirectoryName[] };
export type DirectoryName = { readonly name: string; readonly kind: 'file' | 'directory'; readonly sizeBytes: number };

export type Place = FilePlace | DirectoryPlace | No;

/**
 * Where a file must lie if it is still where it was: said at once, without a look at any disk. `file` is what stat is to be asked
 * of; `key` tells the files of one image apart. A spot proves nothing by itself.
 */
export type Spot = {
  readonly key: string;
  readonly file: string;
  /** Is all else as it was that the file belongs to? Looks at the disk at once, so it is only asked where the file's own disk is local. */
  readonly still?: (() => boolean) | undefined;
};

/**
 * The files of one tree, wherever they lie (an ISO, a directory). `find` takes a path relative to the root with forward
 * slashes and without empty, `.` or `..` segments (`''` is the root); anything that is not there, or leads out of the tree, is a `No`.
 */
export type TreeFiles = {
  find(path: string): Promise<Place>;
  /** The bytes of a place this tree found, at most `limitBytes`; a longer file throws `Malformed`. */
  read(place: FilePlace, limitBytes: number): Promise<Uint8Array>;
  /** The spot of a path (as `find` takes it), where its file's own stat is all there is to ask; undefined: `find` has to be asked. */
  spot?(path: string): Spot | undefined;
  close(): Promise<void>;
};
