// A tree that is in the pool and not published yet, as files to look at: what would be published is recognised first. Reads only the pool.

import { Malformed, no } from '../../../server/malformed.ts';
import type { SnapshotFile } from '../../content/layout.ts';
import type { DirectoryName, Place, TreeFiles } from '../../content/place.ts';
import type { Pool } from '../../content/pool/store.ts';
import { asSha256 } from '../../rpm/checksum.ts';
import { inSlices, type Breathe } from '../../sync/parallel.ts';

/** The files of `content` as a tree. */
export async function openContent(
  content: readonly SnapshotFile[],
  pool: Pick<Pool, 'read'>,
  breathe: Breathe,
): Promise<TreeFiles> {
  const files = new Map<string, SnapshotFile>();
  const directories = new Map<string, Map<string, DirectoryName>>([['', new Map()]]);
  await inSlices(content, breathe, (file) => {
    files.set(file.path, file);
    listFile(directories, file);
  });
  return {
    find: async (path) => {
      const file = files.get(path);
      if (file !== undefined) return placeOf(file);
      const names = directories.get(path);
      return names === undefined ? no('not in the tree') : { kind: 'directory', names: [...names.values()] };
    },
    read: async (place, limitBytes) => {
      const sha256 = asSha256(place.file);
      if (sha256 === undefined || place.sizeBytes > limitBytes) throw new Malformed('too large to be read', place.file);
      const chunks: Uint8Array[] = [];
      for await (const chunk of pool.read(sha256)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    close: async () => {},
  };
}

function placeOf({ sha256, sizeBytes }: SnapshotFile): Place {
  return { kind: 'file', file: sha256, extents: [{ offset: 0, length: sizeBytes }], sizeBytes, modifiedMs: 0 };
}

function listFile(directories: Map<string, Map<string, DirectoryName>>, { path, sizeBytes }: SnapshotFile): void {
  let entry: DirectoryName = { name: path.slice(path.lastIndexOf('/') + 1), kind: 'file', sizeBytes };
  for (let at = path.lastIndexOf('/'); ; at = path.lastIndexOf('/', at - 1)) {
    const directory = at === -1 ? '' : path.slice(0, at);
    const names = directories.get(directory) ?? new Map<string, DirectoryName>();
    const isKnown = directories.has(directory);
    names.set(entry.name, entry);
    directories.set(directory, names);
    if (isKnown || at === -1) return;
    entry = { name: directory.slice(directory.lastIndexOf('/') + 1), kind: 'directory', sizeBytes: 0 };
  }
}
