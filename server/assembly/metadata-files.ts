// The metadata of a repository over the open house, wherever its files lie: in a snapshot, or in a tree.

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { FilePlace } from '../../mirror/content/place.ts';
import type { RelativePath } from '../../mirror/rpm/href.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { filesOfTree, type House } from './house.ts';

/** Opens a file anew each time it is called; undefined where there is none. */
export type FindFile = (path: RelativePath) => Promise<(() => AsyncIterable<Uint8Array>) | undefined>;

/** Of the published snapshot of `repo`, or of `snapshot`. */
export async function publishedFiles({ content }: House, repo: string, snapshot?: string): Promise<FindFile | No> {
  const id = snapshot ?? (await content.currentId(repo));
  if (id === undefined) return no(`the repo ${repo} was never synced`, `kickstand repo sync ${repo}`);
  const files = await content.snapshotFiles(repo, id);
  const directory = await content.snapshotDirectory(repo, id);
  if (isNo(files) || isNo(directory)) return no(`the snapshot ${id} of ${repo} cannot be read`);
  const paths = new Set(files.map(({ path }) => path));
  return async (path) => (paths.has(path) ? () => createReadStream(join(directory, path)) : undefined);
}

/** Of the repository at `root` in the tree called `name`; the root itself is `''`. */
export async function treeFiles(house: House, name: string, root: string): Promise<FindFile | No> {
  const files = await filesOfTree(house, name);
  if (isNo(files)) return files;
  return async (path) => {
    const place = await files.find(root === '' ? path : `${root}/${path}`);
    return place.kind === 'file' ? () => readPlace(place) : undefined;
  };
}

/** Only the bytes of the place: of an image, a part. */
async function* readPlace({ file, extents }: FilePlace): AsyncGenerator<Uint8Array> {
  for (const { offset, length } of extents) {
    const stream = createReadStream(file, { start: offset, end: offset + length - 1 });
    for await (const chunk of stream) yield chunk as Uint8Array;
  }
}
