// What adding a medium and taking one off share: the site as it is on disk, changed, and whether hosts are about to read from a tree.

import type { Site } from '../domain.ts';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import type { Settings } from '../settings.ts';
import type { SiteEdit } from '../site/rewrite/store.ts';
import { rewriteSite } from '../site/rewrite/store.ts';
import { isSameSite } from '../site/same.ts';
import { loadSite } from '../site/store.ts';
import type { House } from './house.ts';
import { hostsInstalling } from './trees.ts';

/** What changing a tree's medium takes of the house: it works beside a running appliance and without one. */
export type MediumHouse = Pick<House, 'settings' | 'site' | 'hosts' | 'now' | 'content'>;

/** The site as its file says now: the one that an appliance goes by may be a moment behind. */
export async function siteOnDisk({ siteFile }: Settings): Promise<Site | No> {
  const read = await loadSite(siteFile);
  return read.kind === 'site'
    ? read.site
    : no('the site file has problems already', 'kickstand site check tells which');
}

/** As many hosts as are named in a refusal. */
const NAMED = 5;

/** Hosts in a refusal: their names, or the first of them and how many there are. */
export function someHosts(hosts: readonly string[]): string {
  const more = hosts.length - NAMED;
  return `${hosts.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Why the medium of the tree called `name` is left alone now: a host that reads it would end up with half of two. */
export async function refuseInUse(house: MediumHouse, name: string): Promise<No | undefined> {
  const hosts = await hostsInstalling(house, name);
  if (hosts.length === 0) return undefined;
  return no(
    `hosts are armed for the tree ${name}, or install from it: ${someHosts(hosts)}`,
    'let them finish, or disarm them',
  );
}

/** Changes the trees in the site file, and nothing else that it means; undefined where that went well. */
export async function editTrees(edit: SiteEdit, change: (text: string) => string): Promise<Refusal | undefined> {
  const done = await rewriteSite(edit, {
    change,
    accepts: (before, after) => (isSameSite({ ...before, trees: [] }, { ...after, trees: [] }) ? undefined : BY_HAND),
  });
  if (done.kind === 'no') return done;
  if (done.kind === 'problems') return { ...no('the site would have problems'), problems: done.problems };
  return undefined;
}

const BY_HAND = no(
  'this site file is put together in a way that a program cannot change its trees without changing more',
  'change the list trees by hand',
);
