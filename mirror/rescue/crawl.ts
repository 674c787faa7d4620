// All packages that an upstream's directories list, read breadth first and within bounds. Running: the upstream is handed in.

import { Malformed } from '../../server/malformed.ts';
import { ROOT_DIRECTORY, type DirectoryPath, type RelativePath } from '../rpm/href.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import { inParallel, inSlices } from '../sync/parallel.ts';
import { digestOfAll, type Flaws, type Looked } from './evidence.ts';
import { listDirectory, type Listing, type ListingEdges } from './listing.ts';

export type Crawled = {
  /** By path. */
  readonly packages: readonly RelativePath[];
  /** Files that may be comps, updateinfo or modules, by path. */
  readonly metadata: readonly RelativePath[];
  readonly looked: readonly Looked[];
};

export type CrawlLimits = { readonly directories: number; readonly files: number; readonly depth: number };
export const CRAWL_LIMITS: CrawlLimits = { directories: 1000, files: 200_000, depth: 8 };

type CrawlEdges = ListingEdges & { readonly flaws: Flaws; readonly limits?: CrawlLimits | undefined };
/** A directory, and what those above it hold: one that holds just the same is one of them again. */
type Node = { readonly directory: DirectoryPath; readonly above: readonly Sha256[] };

/** Walks what there is below the root. What is passed over is told to `flaws`. Throws `SyncFault` where upstream does not answer. */
export async function crawl(edges: CrawlEdges): Promise<Crawled> {
  const { flaws, limits = CRAWL_LIMITS } = edges;
  const packages = new Set<RelativePath>();
  const metadata = new Set<RelativePath>();
  const looked: Looked[] = [];
  const known = new Set<DirectoryPath>([ROOT_DIRECTORY]);
  let level: readonly Node[] = [{ directory: ROOT_DIRECTORY, above: [] }];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: Node[] = [];
    for (const { node, listing } of await listLevel(level, edges)) {
      looked.push(listing.looked);
      const held = await digestOf(node, listing, edges);
      if (held !== undefined && node.above.includes(held)) {
        flaws.add('refused', node.directory, 'it holds just what a directory above it holds: a loop');
        continue;
      }
      const above = held === undefined ? node.above : [...node.above, held];
      await inSlices(listing.found, edges.breathe, (found) => {
        if (found.kind === 'package') packages.add(found.path);
        if (found.kind === 'metadata') metadata.add(found.path);
        if (found.kind === 'refused') flaws.add('refused', found.href, found.reason);
        if (found.kind !== 'directory' || known.has(found.path) || !isWorthALook(found.path)) return;
        known.add(found.path);
        next.push({ directory: found.path, above });
      });
    }
    level = bounded(next, { depth, looked: looked.length, packages: packages.size }, { flaws, limits });
  }
  return { packages: chosenOf(packages, { flaws, limits }), metadata: [...metadata].toSorted(), looked };
}

async function listLevel(
  level: readonly Node[],
  edges: CrawlEdges,
): Promise<readonly { readonly node: Node; readonly listing: Listing }[]> {
  const { upstream, flaws } = edges;
  const atOnce = { atOnce: upstream.connections, signal: edges.signal };
  const answers = await inParallel(level, atOnce, async (node, signal) => {
    try {
      const listing = await listDirectory(node.directory, { ...edges, signal });
      if (listing.kind === 'listing') return [{ node, listing }];
      flaws.add('missing', `${node.directory} (index page)`, listing.reason);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      flaws.add('refused', `${node.directory} (index page)`, error.message);
    }
    return [];
  });
  return answers.flat();
}

/** A digest of the names below `node`; undefined where it has no directories, and so cannot be part of a loop. */
async function digestOf(node: Node, listing: Listing, { breathe }: CrawlEdges): Promise<Sha256 | undefined> {
  const names: string[] = [];
  let directories = 0;
  await inSlices(listing.found, breathe, (found) => {
    if (found.kind === 'directory') directories += 1;
    if ('path' in found) names.push(found.path.slice(node.directory.length));
  });
  return directories === 0 ? undefined : digestOfAll(names);
}

/** Documentation, deltas and metadata of parts hold no packages, and the root's own `repodata` may hold comps. */
function isWorthALook(directory: DirectoryPath): boolean {
  const name = directory.slice(0, -1).split('/').at(-1) ?? '';
  return directory === 'repodata/' || !['repodata', 'repoview', 'drpms', 'headers'].includes(name);
}

type Bounds = { readonly flaws: Flaws; readonly limits: CrawlLimits };
type Walked = { readonly depth: number; readonly looked: number; readonly packages: number };

function bounded(
  next: readonly Node[],
  { depth, looked, packages }: Walked,
  { flaws, limits }: Bounds,
): readonly Node[] {
  const [first] = next;
  if (first === undefined) return [];
  if (depth >= limits.depth) {
    flaws.add('refused', first.directory, `${next.length} directories lie deeper than ${limits.depth}`);
    return [];
  }
  if (packages > limits.files) return [];
  const room = Math.max(0, limits.directories - looked);
  if (next.length > room) {
    flaws.add('refused', next[room]?.directory ?? '', `${next.length - room} directories beyond ${limits.directories}`);
  }
  return next.slice(0, room);
}

function chosenOf(packages: ReadonlySet<RelativePath>, { flaws, limits }: Bounds): readonly RelativePath[] {
  const sorted = [...packages].toSorted();
  if (sorted.length <= limits.files) return sorted;
  const more = sorted.length - limits.files;
  flaws.add('refused', sorted[limits.files] ?? '', `${more} packages beyond ${limits.files}`);
  return sorted.slice(0, limits.files);
}
