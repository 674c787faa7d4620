// The content side over the open house: where repos and trees of the site lie, asked anew at each request.

import { createBounded, type Bounded } from '../../mirror/content/cache/bounded.ts';
import { locate } from '../../mirror/content/catalog.ts';
import type { ContentFiles } from '../../mirror/content/cache/store.ts';
import type { RepoPath, TreePath } from '../../mirror/content/path.ts';
import type { Spot, TreeFiles } from '../../mirror/content/place.ts';
import { publishedFiles } from '../../mirror/content/published.ts';
import type { ContentHandlerParts } from '../../mirror/content/routes.ts';
import { openDirectoryTree } from '../../mirror/tree/store.ts';
import type { Site, Tree } from '../domain.ts';
import type { No } from '../malformed.ts';
import { codeOf, isNo, no } from '../malformed.ts';
import type { House } from './house.ts';
import { snapshotDirectory } from './repos.ts';

/** What content requests ask of a site, by name. */
type SiteContent = {
  readonly repos: ReadonlySet<string>;
  readonly trees: ReadonlyMap<string, Tree>;
  readonly publishPaths: ReadonlyMap<string, string>;
};

/** Made once for each site that was loaded: thousands of requests a second ask for it. */
const contentOfSites = new WeakMap<Site, SiteContent>();

function contentOf(site: Site): SiteContent {
  const known = contentOfSites.get(site);
  if (known !== undefined) return known;
  const published = site.repos.flatMap(({ publish, name }): [string, string][] =>
    publish === undefined ? [] : [[publish, name]],
  );
  const made = {
    repos: new Set(site.repos.map(({ name }) => name)),
    trees: new Map(site.trees.map((tree) => [tree.name, tree])),
    publishPaths: new Map(published),
  };
  contentOfSites.set(site, made);
  return made;
}

/** The paths that repos are also served at: `/4.0/` → `cloudstack`. */
export function publishPaths(house: House): ReadonlyMap<string, string> {
  return contentOf(house.site()).publishPaths;
}

/** What the content handler is given; `files` are shared with whoever else sends files. */
export function contentParts(house: House, files: ContentFiles): ContentHandlerParts {
  const snapshots = createBounded<TreeFiles>({ entries: SNAPSHOTS, weight: SNAPSHOTS });
  return {
    publishPaths: () => publishPaths(house),
    locate: (path) =>
      locate(path, {
        repo: (name, snapshot) => repoFiles(house, snapshots, { name, snapshot }),
        tree: async (name) => {
          const tree = contentOf(house.site()).trees.get(name);
          return tree === undefined ? no(`the site has no tree ${name}`) : house.shelf.files(tree);
        },
      }),
    spot: (path) => spotOf(house, path),
    files,
    log: house.log,
  };
}

/** Snapshots whose directories are known; more than are current at most sites. */
const SNAPSHOTS = 64;

async function repoFiles(
  house: House,
  known: Bounded<TreeFiles>,
  { name, snapshot }: { readonly name: string; readonly snapshot: string | undefined },
): Promise<Pick<TreeFiles, 'find'> | No> {
  if (!contentOf(house.site()).repos.has(name)) return no(`the site has no repo ${name}`);
  const files = (id: string | undefined): Promise<TreeFiles | No> => snapshotFiles(house, known, { name, id });
  if (snapshot !== undefined) return files(snapshot);
  const current = await house.content.currentId(name);
  if (current === undefined) return files(undefined);
  return publishedFiles({
    current: () => house.content.currentId(name),
    kept: async () => (await house.content.repoStatus(name)).snapshots,
    files,
  });
}

async function snapshotFiles(
  house: House,
  known: Bounded<TreeFiles>,
  { name, id }: { readonly name: string; readonly id: string | undefined },
): Promise<TreeFiles | No> {
  const directory = await snapshotDirectory(house, name, id);
  if (isNo(directory)) return directory;
  const seen = known.get(directory);
  if (seen !== undefined) return seen;
  try {
    const files = await openDirectoryTree(directory);
    known.put(directory, files, 1);
    return files;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return no(`the snapshot ${id ?? ''} of the repo ${name} has just gone`);
  }
}

/**
 * Snapshots never change, and the link that makes one current is followed by stat itself, as any process may have published: so the
 * path through the link tells in one look whether the file is still the same.
 */
function spotOf(house: House, path: RepoPath | TreePath): Spot | undefined {
  const site = contentOf(house.site());
  if (path.kind === 'tree') {
    const tree = site.trees.get(path.name);
    return tree === undefined ? undefined : house.shelf.spot(tree, path.path);
  }
  if (!site.repos.has(path.name)) return undefined;
  const root = house.content.pathOf(path.name, path.snapshot);
  if (root === undefined) return undefined;
  // The path is clean already: no segment of it is empty or of dots.
  const file = `${root}/${path.path}`;
  return { key: file, file };
}
