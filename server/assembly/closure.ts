// Which dependencies of a repo nothing provides on the machines it is for: with the trees and repos that its profiles join to it.

import { setImmediate as turn } from 'node:timers/promises';
import { machineOf } from '../../mirror/closure/arches.ts';
import { openMetadata } from '../../mirror/closure/metadata.ts';
import type { ClosureReport } from '../../mirror/closure/report.ts';
import type { ClosureRepo, ClosureView } from '../../mirror/closure/resolve.ts';
import { findHolesIn } from '../../mirror/closure/resolve.ts';
import type { SnapshotFile } from '../../mirror/content/layout.ts';
import type { Profile } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, Malformed, no } from '../malformed.ts';
import type { House } from './house.ts';
import { publishedFiles, treeFiles, type FindFile } from './metadata-files.ts';

/** What was found of `repo`. `unjudged` are the profiles that were left out, because what they join is not there. */
export type RepoClosure = ClosureReport & {
  readonly repo: string;
  readonly unjudged: readonly { readonly profile: string; readonly reason: string }[];
};

type Checking = { readonly house: House; readonly breathe: () => Promise<void> };

/**
 * The holes of a repo that is about to be published, its `files` being in the pool already: those of each profile that names it, with
 * the profile's tree and its other repos as they are published; by itself where none does. Throws `Malformed` where the repo's own
 * metadata cannot be read, and the signal's reason where it ends the check.
 */
export async function closureOf(
  house: House,
  draft: { readonly repo: string; readonly files: readonly SnapshotFile[] },
  signal?: AbortSignal,
): Promise<RepoClosure> {
  const byPath = new Map(draft.files.map((file) => [file.path, file.sha256]));
  return closureWith({ house, breathe: breatheUntil(signal) }, draft.repo, async (path) => {
    const sha256 = byPath.get(path);
    return sha256 === undefined ? undefined : () => house.pool.read(sha256);
  });
}

/** The holes of the snapshot of `repo` that is published; a `No` where none is. */
export async function closureOfPublished(house: House, repo: string, signal?: AbortSignal): Promise<RepoClosure | No> {
  const find = await publishedFiles(house, repo);
  return isNo(find) ? find : closureWith({ house, breathe: breatheUntil(signal) }, repo, find);
}

async function closureWith(checking: Checking, repo: string, find: FindFile): Promise<RepoClosure> {
  const own = await openMetadata(repo, { find, breathe: checking.breathe });
  const profiles = checking.house.site().profiles.filter(({ repos }) => repos.includes(repo));
  const shelf = joinableRepos(checking);
  const views: ClosureView[] = [];
  const unjudged: { profile: string; reason: string }[] = [];
  for (const profile of profiles) {
    const view = await viewOf(checking, { profile, repo, shelf });
    if (isNo(view)) unjudged.push({ profile: profile.name, reason: view.reason });
    else views.push(view);
  }
  if (profiles.length === 0) views.push({ check: [repo], join: [], machine: 'own' });
  try {
    const report = await findHolesIn([own, ...shelf.opened()], distinct(views), checking);
    return { ...report, repo, unjudged };
  } catch (error) {
    // What others' metadata is like is no fault of this repo.
    if (!(error instanceof Malformed) || error.where.startsWith(`${repo}, `)) throw error;
    const reason = error.message;
    const all = profiles.map(({ name }) => ({ profile: name, reason }));
    return { holes: [], unreadable: [], checkedPackages: 0, repo, unjudged: all };
  }
}

/** Profiles that join the same are one view. */
function distinct(views: readonly ClosureView[]): readonly ClosureView[] {
  return [...new Map(views.map((view) => [JSON.stringify(view), view])).values()];
}

type ViewRequest = { readonly profile: Profile; readonly repo: string; readonly shelf: Joinable };

async function viewOf({ house }: Checking, { profile, repo, shelf }: ViewRequest): Promise<ClosureView | No> {
  const tree = house.site().trees.find(({ name }) => name === profile.tree);
  const status = tree === undefined ? undefined : await house.shelf.status(tree);
  if (tree === undefined || status === undefined) return no(`the site has no tree ${profile.tree}`);
  if (status.kind === 'absent') return no(`the tree ${tree.name} is not there: ${status.reason}`);
  if (status.facts.repositories.length === 0) return no(`the tree ${tree.name} holds no RPM repository to look into`);
  const join: string[] = [];
  for (const { path } of status.facts.repositories) {
    const name = await shelf.open(`tree ${tree.name}/${path}`, () => treeFiles(house, profile.tree, path));
    if (isNo(name)) return name;
    join.push(name);
  }
  for (const other of profile.repos) {
    if (other === repo) continue;
    const name = await shelf.open(other, () => publishedFiles(house, other));
    if (isNo(name)) return name;
    join.push(name);
  }
  return { check: [repo], join: join.toSorted(), machine: machineOf(status.facts.os.arch) };
}

/** Repositories that views join, each opened once. */
type Joinable = {
  /** The name it has in views. */
  open(name: string, files: () => Promise<FindFile | No>): Promise<string | No>;
  opened(): readonly ClosureRepo[];
};

function joinableRepos({ breathe }: Checking): Joinable {
  const repos = new Map<string, ClosureRepo | No>();
  const look = async (name: string, files: () => Promise<FindFile | No>): Promise<ClosureRepo | No> => {
    const find = await files();
    if (isNo(find)) return find;
    try {
      return await openMetadata(name, { find, breathe });
    } catch (error) {
      if (error instanceof Malformed) return no(error.message);
      throw error;
    }
  };
  return {
    open: async (name, files) => {
      const repo = repos.get(name) ?? (await look(name, files));
      repos.set(name, repo);
      return isNo(repo) ? repo : name;
    },
    opened: () => [...repos.values()].flatMap((repo) => (isNo(repo) ? [] : [repo])),
  };
}

function breatheUntil(signal: AbortSignal | undefined): () => Promise<void> {
  return () => turn(undefined, signal === undefined ? {} : { signal });
}
