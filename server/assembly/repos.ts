// Repo files and repo syncs over the open house.

import { treeRepoFile } from '../../kickstart/bundle/files/repos.ts';
import { renderRepoFile } from '../../kickstart/repo-file.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { House } from './house.ts';

/** The .repo file of the repo or tree called `name`; a repo's is pinned to `snapshot` where one is named. */
export async function repoFileFor(house: House, name: string, snapshot: string | undefined): Promise<string | No> {
  const repo = house.site().repos.find((known) => known.name === name);
  if (repo !== undefined) return ofRepo(house, name, snapshot);
  const tree = house.site().trees.find((known) => known.name === name);
  if (tree === undefined || snapshot !== undefined) return no(`the site has no repo ${name}`);
  const status = await house.shelf.status(tree);
  if (status.kind === 'absent') return no(status.reason, status.remedy);
  if (status.facts.repositories.length === 0) return no(`the tree ${name} holds no RPM repository`);
  return treeRepoFile(name, { url: `${house.origin()}/trees/${name}/`, facts: status.facts });
}

async function ofRepo(house: House, name: string, snapshot: string | undefined): Promise<string | No> {
  const { snapshots } = await house.content.repoStatus(name);
  if (snapshot !== undefined && !snapshots.includes(snapshot))
    return no(`the repo ${name} has no snapshot ${snapshot}`);
  const at = snapshot === undefined ? name : `${name}@${snapshot}`;
  return renderRepoFile({ name, title: name, baseUrl: `${house.origin()}/repos/${at}/` });
}

/** The snapshots of `repo` that armed or installed hosts rest on: pruning leaves them. */
export function pinnedSnapshots(house: House, repo: string): readonly string[] {
  const now = house.now();
  const pins = house.site().hosts.map((host) => house.hosts.state(host.name, now).arming?.pins[repo]);
  return [...new Set(pins.filter((pin) => pin !== undefined))];
}

/** The directory tree of a published snapshot, found anew at each request: commands publish too. */
export async function snapshotDirectory(
  house: House,
  name: string,
  snapshot: string | undefined,
): Promise<string | No> {
  const id = snapshot ?? (await house.content.currentId(name));
  if (id === undefined) return no(`the repo ${name} was never synced`, `kickstand repo sync ${name}`);
  const directory = await house.content.snapshotDirectory(name, id);
  return isNo(directory) ? no(`the repo ${name} has no snapshot ${id}`) : directory;
}
