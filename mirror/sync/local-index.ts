// Which packages a local tree has, by its own repodata: checksum → place, or name and size where checksums are of other types. Running.

import type { FilePlace, TreeFiles } from '../content/place.ts';
import { checksumKey } from '../rpm/checksum.ts';
import { decompress } from '../rpm/decompress.ts';
import { parsePrimary } from '../rpm/primary.ts';
import { parseRepomd, REPOMD_LIMIT_BYTES } from '../rpm/repomd.ts';
import type { Breathe } from './parallel.ts';
import type { WantedFile } from './plan.ts';

export type LocalIndex = {
  /** Adds the packages of the repository at `path` of a tree (`''` is the root). Throws `Malformed`, and what `edges` throw. */
  add(files: TreeFiles, path: string, edges: IndexEdges): Promise<void>;
  /** Where the very file may lie, best first. */
  find(wanted: WantedFile): readonly LocalFile[];
};
export type LocalFile = { readonly files: TreeFiles; readonly path: string };
export type IndexEdges = {
  readonly read: (place: FilePlace) => AsyncIterable<Uint8Array>;
  readonly breathe: Breathe;
  readonly signal: AbortSignal;
};

const LIMIT_PRIMARY_BYTES = 2 * 1024 * 1024 * 1024;
/** Of all trees together: a DVD has some thousands. */
const LIMIT_PACKAGES = 200_000;

/** An index of nothing yet. */
export function emptyIndex(): LocalIndex {
  const byChecksum = new Map<string, LocalFile>();
  const byName = new Map<string, LocalFile>();
  return {
    add: async (files, path, edges) => {
      const at = (name: string): string => (path === '' ? name : `${path}/${name}`);
      const primary = await findPrimary(files, at);
      if (primary === undefined) return;
      const { breathe, signal } = edges;
      const open = decompress(edges.read(primary), { limitBytes: LIMIT_PRIMARY_BYTES, breathe }, at('primary'));
      for await (const found of parsePrimary(open, breathe)) {
        signal.throwIfAborted();
        if (byName.size >= LIMIT_PACKAGES) return;
        const file = { files, path: at(found.path) };
        byChecksum.set(checksumKey(found.checksum), file);
        byName.set(nameKey(found.path, found.sizeBytes), file);
      }
    },
    find: ({ path, checksum, sizeBytes }) => {
      const same = byChecksum.get(checksumKey(checksum));
      const alike = sizeBytes === undefined ? undefined : byName.get(nameKey(path, sizeBytes));
      return [same, alike === same ? undefined : alike].filter((found) => found !== undefined);
    },
  };
}

/** Undefined where there is no repository, as in a tree whose facts name one that the medium lacks. */
async function findPrimary(files: TreeFiles, at: (name: string) => string): Promise<FilePlace | undefined> {
  const repomd = await files.find(at('repodata/repomd.xml'));
  if (repomd.kind !== 'file') return undefined;
  const { data } = parseRepomd(await files.read(repomd, REPOMD_LIMIT_BYTES));
  const entry = data.find(({ type }) => type === 'primary');
  const primary = entry === undefined ? undefined : await files.find(at(entry.path));
  return primary?.kind === 'file' ? primary : undefined;
}

function nameKey(path: string, sizeBytes: number): string {
  return `${sizeBytes} ${path.slice(path.lastIndexOf('/') + 1)}`;
}
