// What a repo's own name answers: the published snapshot, and, for who still reads by the metadata before, what that named. Running.

import { isNo, no, type No } from '../../server/malformed.ts';
import type { Place, TreeFiles } from './place.ts';

/** A repo's snapshots, as they are at each question: any process may publish and prune. */
export type PublishedEdges = {
  /** The id of the published snapshot. */
  current(): Promise<string | undefined>;
  /** The ids of all that are kept, oldest first. */
  kept(): Promise<readonly string[]>;
  files(id: string): Promise<Pick<TreeFiles, 'find'> | No>;
};

/** So often may another snapshot be published during one question before it is given up. */
const LIMIT_LOOKS = 4;

/**
 * Metadata named by its checksum, packages and deltas: a client knows from the repomd.xml it read which bytes are meant, and proves them.
 * Any other name means what is published now.
 */
const SELF_NAMED = /^(?:.+\/)?(?:repodata\/[0-9a-f]{32,128}-[^/]+|[^/]+\.d?rpm)$/;

/**
 * The files of whatever snapshot is published. A client keeps what it read of repomd.xml for hours (yum 6, dnf 48) and asks by it: what
 * the published snapshot has not, but names itself, is answered from the newest kept snapshot that has it, so that publishing breaks off
 * nobody's install.
 */
export function publishedFiles(edges: PublishedEdges): Pick<TreeFiles, 'find'> {
  return {
    find: async (path) => {
      for (let looks = 1; ; looks += 1) {
        const id = await edges.current();
        const place = id === undefined ? no('nothing is published yet') : await findIn(edges, id, path);
        if (!isNo(place)) return place;
        // Published anew and pruned in between: it was looked for where nothing is any more.
        if (looks < LIMIT_LOOKS && (await edges.current()) !== id) continue;
        return SELF_NAMED.test(path) ? ((await findKept(edges, path)) ?? place) : place;
      }
    },
  };
}

async function findKept(edges: PublishedEdges, path: string): Promise<Place | undefined> {
  for (const id of (await edges.kept()).toReversed()) {
    const place = await findIn(edges, id, path);
    if (place.kind === 'file') return place;
  }
  return undefined;
}

async function findIn(edges: PublishedEdges, id: string, path: string): Promise<Place> {
  const files = await edges.files(id);
  return isNo(files) ? files : files.find(path);
}
