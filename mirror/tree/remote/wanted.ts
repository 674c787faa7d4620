// What a tree at a URL is to be mirrored with: its files and its repositories, each with why it is wanted. Types, and paths made safe. Pure.

import { printable } from '../../../server/printable.ts';
import type { Checksum } from '../../rpm/checksum.ts';
import { encodePath, parseHref, type RelativePath } from '../../rpm/href.ts';
import { cleanPath } from '../path.ts';

/**
 * `required`: without it nothing is published. `named`: the tree says it has it; its lack is told. `usual`: such trees often
 * have it, and nobody misses it.
 */
export type Need = 'required' | 'named' | 'usual';

export type TreeFile = {
  readonly path: RelativePath;
  readonly need: Need;
  /** As the tree declares it; undefined where it declares none that can be computed. */
  readonly checksum: Checksum | undefined;
  readonly sizeBytes: number | undefined;
};

export type TreeRepository = {
  /** `''` is the root of the tree. */
  readonly path: RelativePath | '';
  readonly need: Need;
  /** Of its repomd.xml. */
  readonly checksum: Checksum | undefined;
};

export type TreePlan = {
  /** By path, each once. */
  readonly files: readonly TreeFile[];
  /** In the order to bring them. */
  readonly repositories: readonly TreeRepository[];
  /** What is left out, and why. */
  readonly notes: readonly string[];
};

/** A path as a tree's own files write it, relative to the root; undefined where it is empty or leads out of the tree. Throws `Malformed` for one that no file can have. */
export function pathInTree(text: string, where: string): RelativePath | undefined {
  const clean = cleanPath(text);
  if (clean === undefined || clean === '') return undefined;
  return parseHref(clean.split('/').map(encodeURIComponent).join('/'), where);
}

/** `path` below `directory`, which may be `''`. */
export function joinPath(directory: RelativePath | '', path: RelativePath): RelativePath {
  if (directory === '') return path;
  return parseHref(`${encodePath(directory)}/${encodePath(path)}`, directory);
}

/** A path of a tree's own words, fit to be told. */
export function told(text: string): string {
  return printable(text, 200);
}

const ORDER: Readonly<Record<Need, number>> = { required: 0, named: 1, usual: 2 };

/** Each path once: with the strongest need, and the first checksum and size that any row knows. */
export function mergeFiles(files: readonly TreeFile[]): readonly TreeFile[] {
  const byPath = new Map<string, TreeFile>();
  for (const file of files) {
    const other = byPath.get(file.path) ?? file;
    byPath.set(file.path, {
      path: file.path,
      need: ORDER[file.need] < ORDER[other.need] ? file.need : other.need,
      checksum: other.checksum ?? file.checksum,
      sizeBytes: other.sizeBytes ?? file.sizeBytes,
    });
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
