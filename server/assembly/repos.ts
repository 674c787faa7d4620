// Repo files and repo syncs over the open house.

import { setImmediate as turn } from 'node:timers/promises';
import { treeRepoFile } from '../../kickstart/bundle/files/repos.ts';
import { renderRepoFile } from '../../kickstart/repo-file.ts';
import { stillRead } from '../../mirror/content/layout.ts';
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

/** How many hosts' states are read before others have their turn. */
const HOSTS_A_TURN = 250;

/** Snapshot → the hosts of the site that are armed with it, or were installed from it: pruning leaves it. */
export async function snapshotPins(house: House, repo: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const pins = new Map<string, Set<string>>();
  const pin = (snapshot: string | undefined, host: string): void => {
    if (snapshot !== undefined) pins.set(snapshot, (pins.get(snapshot) ?? new Set()).add(host));
  };
  const installed = house.hosts.installPins(repo);
  for (const [index, { name }] of house.site().hosts.entries()) {
    if (index % HOSTS_A_TURN === HOSTS_A_TURN - 1) await turn();
    pin(house.hosts.state(name, house.now()).arming?.pins[repo], name);
    pin(installed.get(name), name);
  }
  return new Map([...pins].map(([snapshot, hosts]) => [snapshot, [...hosts]] as const));
}

/** The snapshots of `repo` that armed or installed hosts rest on. */
export async function pinnedSnapshots(house: House, repo: string): Promise<readonly string[]> {
  return [...(await snapshotPins(house, repo)).keys()];
}

/** Those, and the ones that a client may still install by. */
export async function heldSnapshots(house: House, repo: string): Promise<readonly string[]> {
  return [...(await pinnedSnapshots(house, repo)), ...(await readSnapshots(house, repo))];
}

/** The snapshots of `repo` whose metadata clients have read so lately that they still go by it. */
export async function readSnapshots(house: House, repo: string): Promise<readonly string[]> {
  return stillRead((await house.content.repoStatus(repo)).snapshots, house.now());
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
