// Directories of an image already read, as many as fit: the least recently used are forgotten. Pure but for its own state.

import type { IsoDirectory } from './resolve.ts';
import type { DirectoryAt } from './volume.ts';

const MAX_DIRECTORIES = 512;
const MAX_ENTRIES = 200_000;

export type DirectoryCache = { load(at: DirectoryAt): Promise<IsoDirectory> };

/** Two callers that want the same directory wait for one `read`; a failed one is tried again by the next caller. */
export function createDirectoryCache(read: (at: DirectoryAt) => Promise<IsoDirectory>): DirectoryCache {
  const kept = new Map<string, { directory: IsoDirectory; size: number }>();
  const reading = new Map<string, Promise<IsoDirectory>>();
  let entries = 0;

  const keep = (key: string, directory: IsoDirectory): void => {
    kept.set(key, { directory, size: directory.size });
    entries += directory.size;
    for (const [oldest, { size }] of kept) {
      if (oldest === key || (kept.size <= MAX_DIRECTORIES && entries <= MAX_ENTRIES)) break;
      kept.delete(oldest);
      entries -= size;
    }
  };
  const start = async (key: string, at: DirectoryAt): Promise<IsoDirectory> => {
    try {
      const directory = await read(at);
      keep(key, directory);
      return directory;
    } finally {
      reading.delete(key);
    }
  };
  return {
    load: async (at) => {
      const key = `${at.block}+${at.length}`;
      const known = kept.get(key);
      if (known !== undefined) {
        kept.delete(key); // to the end of the map: most recently used
        kept.set(key, known);
        return known.directory;
      }
      const running = reading.get(key) ?? start(key, at);
      reading.set(key, running);
      return running;
    },
  };
}
