// Repos added to the site file and taken off it, with all that was mirrored of them. It works beside a running appliance and without one.

import { isUnspent } from '../arming.ts';
import type { Site } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import type { RepoEntry } from '../site/edit.ts';
import { addRepo, removeRepo, repoLine } from '../site/edit.ts';
import type { SiteChange } from '../site/rewrite/store.ts';
import { rewriteSite } from '../site/rewrite/store.ts';
import { isSameSite } from '../site/same.ts';
import type { Who } from './enrolment.ts';
import { siteEdit } from './enrolment.ts';
import type { House } from './house.ts';
import { siteOnDisk, someHosts } from './medium-site.ts';
import { untilKnown } from './site-known.ts';
import { lockJob } from './sync-jobs.ts';
import { withoutCredentials } from './views.ts';

/** A repo of the site file; nothing of it is there before a sync. */
export type AddedRepo = { readonly kind: 'added'; readonly repo: string; readonly upstream: string };

/** Why not; `unknown`: there is no such repo. */
export type RepoRefusal = Refusal & { readonly about?: 'unknown' };

export type WantedRepo = { readonly entry: RepoEntry; readonly who: Who };

/** Adds the repo to the site file, where that is right with it. The house knows it when this is answered. */
export async function addRepoNamed(house: House, { entry, who }: WantedRepo): Promise<AddedRepo | RepoRefusal> {
  const { name } = entry;
  const refused = await changeSite(
    house,
    { ...who, operation: 'addRepo' },
    {
      change: (text, { repos }) =>
        repos.some((known) => known.name === name)
          ? no(`the site has a repo ${name} already`, 'choose another name, or change that one in the site file')
          : (addRepo(text, entry) ?? byHand(entry)),
      accepts: (before, after) => (isWithOneMore(before, after, entry) ? undefined : byHand(entry)),
    },
  );
  if (refused !== undefined) return refused;
  const upstream = withoutCredentials(entry.upstream);
  house.log.info('repo added', { repo: name, upstream });
  await untilKnown(house, (site) => site.repos.some((repo) => repo.name === name));
  return { kind: 'added', repo: name, upstream };
}

/** Is `after` the site before and this repo, in every other word the same? */
function isWithOneMore(before: Site, after: Site, { name, upstream }: RepoEntry): boolean {
  const last = after.repos.at(-1);
  if (last?.name !== name || last.upstream !== upstream) return false;
  return isSameSite({ ...after, repos: after.repos.slice(0, -1) }, before);
}

function byHand(entry: RepoEntry): No {
  const line = repoLine({ ...entry, upstream: withoutCredentials(entry.upstream) });
  return no(
    'this site file is put together in a way that a program cannot add to',
    `add this by hand to the list repos: ${line}`,
  );
}

/** `snapshots` are gone. `left`: why they are not, although the site does not name the repo any more. */
export type RemovedRepo = {
  readonly kind: 'removed';
  readonly repo: string;
  readonly upstream: string;
  readonly snapshots: readonly string[];
  /** Undefined where that cannot be told: the pool is swept while nothing is synced. */
  readonly freedBytes: number | undefined;
  readonly left: string | undefined;
};

export type UnwantedRepo = { readonly name: string; readonly who: Who };

/** Takes the repo off the site file, and removes what was mirrored of it. Nobody may need it, or sync it. */
export async function removeRepoNamed(house: House, { name, who }: UnwantedRepo): Promise<RemovedRepo | RepoRefusal> {
  const site = await siteOnDisk(house.settings);
  if (isNo(site)) return site;
  const repo = site.repos.find((known) => known.name === name);
  if (repo === undefined) return { ...no(`the site has no repo ${name}`), about: 'unknown' };
  const job = await lockJob(house, name);
  if (job === undefined)
    return no(`the repo ${name} is being synced`, `wait until it has ended, or end it: kickstand repo cancel ${name}`);
  try {
    const dropped = await forgetAndDrop(house, { name, who });
    if (isNo(dropped)) return dropped;
    const freed = await house.content.sweepPool();
    const upstream = withoutCredentials(repo.upstream);
    house.log.info('repo removed', { repo: name, upstream, snapshots: dropped.snapshots.length });
    return { kind: 'removed', repo: name, upstream, ...dropped, freedBytes: isNo(freed) ? undefined : freed };
  } finally {
    job.release();
  }
}

type Dropped = Pick<RemovedRepo, 'snapshots' | 'left'>;

/** First the site lets go of it, then what it named is removed: the other way round it would name what is gone. */
async function forgetAndDrop(house: House, unwanted: UnwantedRepo): Promise<Dropped | Refusal> {
  const { content } = house;
  const lock = await content.lockRepo(unwanted.name);
  if (isNo(lock)) return lock;
  try {
    const refused = await forget(house, unwanted);
    if (refused !== undefined) return refused;
    await untilKnown(house, (site) => site.repos.every((repo) => repo.name !== unwanted.name));
    const dropped = await content.drop(unwanted.name);
    return isNo(dropped) ? { snapshots: [], left: dropped.reason } : { snapshots: dropped, left: undefined };
  } finally {
    lock.release();
  }
}

function forget(house: House, { name, who }: UnwantedRepo): Promise<Refusal | undefined> {
  const without = (site: Site): Site => ({ ...site, repos: site.repos.filter((repo) => repo.name !== name) });
  return changeSite(
    house,
    { ...who, operation: 'removeRepo' },
    {
      change: (text, site) => refuseNeeded(house, site, name) ?? removeRepo(text, name) ?? outByHand(name),
      accepts: (before, after) => (isSameSite(without(before), after) ? undefined : outByHand(name)),
    },
  );
}

function outByHand(name: string): No {
  return no(
    'this site file is put together in a way that a program cannot take it out of',
    `take the repo ${name} out of the list repos by hand; kickstand repo add and remove of the same name then drop what was mirrored`,
  );
}

function refuseNeeded({ hosts, now }: House, site: Site, name: string): No | undefined {
  const user = site.profiles.find(({ repos }) => repos.includes(name));
  if (user !== undefined) return no(`the profile ${user.name} uses the repo ${name}`, 'change the profile first');
  const armed = [...hosts.states(now())].flatMap(([host, { phase, arming }]) =>
    isUnspent(phase) && arming?.pins[name] !== undefined ? [host] : [],
  );
  if (armed.length === 0) return undefined;
  return no(
    `hosts are armed with a snapshot of ${name}, or install from it: ${someHosts(armed)}`,
    'let them finish, or disarm them',
  );
}

/** Undefined where that went well. */
async function changeSite(
  { settings }: House,
  author: Parameters<typeof siteEdit>[1],
  change: SiteChange,
): Promise<Refusal | undefined> {
  const done = await rewriteSite(siteEdit(settings, author), change);
  if (isNo(done)) return done;
  return done.kind === 'problems' ? { ...no('the site would have problems'), problems: done.problems } : undefined;
}
