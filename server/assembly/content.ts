// The content side over the open house: where repos and trees of the site lie, asked anew at each request.

import { locate } from '../../mirror/content/catalog.ts';
import type { ContentHandlerParts } from '../../mirror/content/routes.ts';
import { openDirectoryTree } from '../../mirror/tree/store.ts';
import { isNo, no } from '../malformed.ts';
import type { House } from './house.ts';
import { snapshotDirectory } from './repos.ts';

/** The paths that repos are also served at: `/4.0/` → `cloudstack`. */
export function publishPaths(house: House): ReadonlyMap<string, string> {
  const pairs = house
    .site()
    .repos.flatMap((repo): [string, string][] => (repo.publish === undefined ? [] : [[repo.publish, repo.name]]));
  return new Map(pairs);
}

/** What the content handler is given. */
export function contentParts(house: House): ContentHandlerParts {
  return {
    publishPaths: () => publishPaths(house),
    locate: (path) =>
      locate(path, {
        repo: async (name, snapshot) => {
          if (!house.site().repos.some((repo) => repo.name === name)) return no(`the site has no repo ${name}`);
          const directory = await snapshotDirectory(house, name, snapshot);
          return isNo(directory) ? directory : openDirectoryTree(directory);
        },
        tree: async (name) => {
          const tree = house.site().trees.find((known) => known.name === name);
          return tree === undefined ? no(`the site has no tree ${name}`) : house.shelf.files(tree);
        },
      }),
    log: house.log,
  };
}
