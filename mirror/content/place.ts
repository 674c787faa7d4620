// Where a piece of content lies: byte ranges of a file on disk. A file inside an ISO is ranges of the ISO. Types only.

import type { No } from '../../server/malformed.ts';

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
};

export type DirectoryPlace = { readonly kind: 'directory'; readonly names: readonly DirectoryName[] };
export type DirectoryName = { readonly name: string; readonly kind: 'file' | 'directory'; readonly sizeBytes: number };

export type Place = FilePlace | DirectoryPlace | No;

/**
 * The files of one tree, wherever they lie (an ISO, a directory). `find` takes a path relative to the root with forward
 * slashes and without empty, `.` or `..` segments (`''` is the root); anything that is not there, or leads out of the tree, is a `No`.
 */
export type TreeFiles = {
  find(path: string): Promise<Place>;
  /** The bytes of a place this tree found, at most `limitBytes`; a longer file throws `Malformed`. */
  read(place: FilePlace, limitBytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
};
