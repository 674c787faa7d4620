// Packages that lie on the site's trees already: a sync copies them instead of fetching them.

import { createReadStream } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { FilePlace } from '../../mirror/content/place.ts';
import type { LocalFiles } from '../../mirror/sync/edges.ts';
import { emptyIndex, type LocalIndex } from '../../mirror/sync/local-index.ts';
import type { Tree } from '../domain.ts';
import { isNo, messageOf } from '../malformed.ts';
import type { House } from './house.ts';

/** Finds what a sync wants on the site's trees, which are looked through at the first question: most syncs ask none. */
export function findLocalFiles(house: House, signal: AbortSignal): LocalFiles {
  let index: Promise<LocalIndex> | undefined;
  return async (wanted) => {
    index ??= indexTrees(house, signal);
    for (const { files, path } of (await index).find(wanted)) {
      const place = await files.find(path);
      const isLike = place.kind === 'file' && place.sizeBytes === (wanted.sizeBytes ?? place.sizeBytes);
      if (isLike) return { chunks: () => readPlace(place) };
    }
    return undefined;
  };
}

async function indexTrees(house: House, signal: AbortSignal): Promise<LocalIndex> {
  const index = emptyIndex();
  for (const tree of house.site().trees) {
    try {
      await indexTree(house, tree, { index, signal });
    } catch (error) {
      signal.throwIfAborted();
      house.log.info('a tree is not looked through for packages', { tree: tree.name, reason: messageOf(error) });
    }
  }
  return index;
}

type Indexing = { readonly index: LocalIndex; readonly signal: AbortSignal };

async function indexTree({ shelf }: House, tree: Tree, { index, signal }: Indexing): Promise<void> {
  const status = await shelf.status(tree);
  const files = await shelf.files(tree);
  if (status.kind !== 'ready' || isNo(files)) return;
  const breathe = (): Promise<void> => turn(undefined, { signal });
  for (const { path } of status.facts.repositories) await index.add(files, path, { read: readPlace, breathe, signal });
}

/** Only the bytes of the place: of an image, a part. */
async function* readPlace({ file, extents }: FilePlace): AsyncGenerator<Uint8Array> {
  for (const { offset, length } of extents) {
    const stream = createReadStream(file, { start: offset, end: offset + length - 1, highWaterMark: 1024 * 1024 });
    for await (const chunk of stream) yield chunk as Uint8Array;
  }
}
