// A medium that was proved becomes a tree of the site, by the least change that does it.

import { dirname, isAbsolute, join } from 'node:path';
import type { Tree } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { formatOs, sameOs } from '../os.ts';
import type { Refusal } from '../problem.ts';
import type { Settings } from '../settings.ts';
import type { TreeEntry } from '../site/edit.ts';
import { addTree } from '../site/edit.ts';
import type { SiteEdit } from '../site/rewrite/store.ts';
import type { Who } from './enrolment.ts';
import { siteEdit } from './enrolment.ts';
import { dataPaths } from './house.ts';
import type { Lying, UploadedImage } from './media.ts';
import { dropKept, keepUpload, keptAt, linkMedium, lyingAt, whileMediaAreHeld } from './media.ts';
import type { Medium } from './medium-proof.ts';
import type { MediumHouse } from './medium-site.ts';
import { editTrees, refuseInUse, siteOnDisk } from './medium-site.ts';

/** What a tree is to be made of; `upload` is kept for the tree, so that its medium stays when the upload is removed. */
export type Offer = { readonly kind: 'upstream'; readonly url: string } | MediumOffer;
type MediumOffer = Medium & { readonly upload?: UploadedImage | undefined };

export type Wanted = { readonly name: string; readonly offer: Offer; readonly who: Who };

/**
 * `named`: the site file names it now. `linked`: the site names it by a relative path, where a link leads to the medium now, `link`.
 * `there`: it was there already.
 */
export type Added =
  | { readonly kind: 'added'; readonly done: 'named' | 'there' }
  | { readonly kind: 'added'; readonly done: 'linked'; readonly link: string };

/**
 * Makes what is offered the tree `name`. A tree that the site names by a relative path gets a link in DATA/media; a name that the site
 * does not have is added to the site file.
 */
export async function addMedium(house: MediumHouse, { name, offer, who }: Wanted): Promise<Added | Refusal> {
  const { settings } = house;
  const edit = siteEdit(settings, { ...who, operation: 'addTree' });
  return whileMediaAreHeld(settings, async () => {
    const site = await siteOnDisk(settings);
    if (isNo(site)) return site;
    const tree = site.trees.find((known) => known.name === name);
    if (offer.kind === 'upstream') return addUpstream(edit, { name, url: offer.url, tree });
    if (tree !== undefined) return fill(house, tree, offer);
    return offer.upload === undefined
      ? nameInSite(edit, { name, kind: offer.kind, path: offer.path })
      : nameUpload(settings, edit, { name, upload: offer.upload });
  });
}

type Upstream = { readonly name: string; readonly url: string; readonly tree: Tree | undefined };

/** A tree from a URL comes into the site file; its sync proves it. */
function addUpstream(edit: SiteEdit, { name, url, tree }: Upstream): Promise<Added | Refusal> | Added | No {
  if (tree === undefined) return nameInSite(edit, { name, kind: 'upstream', path: url });
  if (tree.source.kind === 'upstream' && tree.source.url === url) return { kind: 'added', done: 'there' };
  return no(`the site has a tree ${name} that comes from elsewhere`, 'choose another name, or correct the site file');
}

async function nameInSite(edit: SiteEdit, entry: TreeEntry): Promise<Added | Refusal> {
  return (await editTrees(edit, (text) => addTree(text, entry))) ?? { kind: 'added', done: 'named' };
}

type NamedUpload = { readonly name: string; readonly upload: UploadedImage };

async function nameUpload(settings: Settings, edit: SiteEdit, { name, upload }: NamedUpload): Promise<Added | Refusal> {
  const kept = await keepUpload(settings, name, upload);
  if (isNo(kept)) return kept;
  const added = await nameInSite(edit, { name, kind: 'iso', path: kept.inMedia });
  if (isNo(added) && kept.made === 'now') await dropKept(kept.path);
  return added;
}

async function fill(house: MediumHouse, tree: Tree, medium: MediumOffer): Promise<Added | No> {
  const link = linkFor(house.settings, tree, medium);
  if (isNo(link)) return link;
  if (link === 'there') return { kind: 'added', done: 'there' };
  if (medium.upload === undefined) return bring(house, tree, { link, target: medium.path });
  const kept = await keepUpload(house.settings, tree.name, medium.upload);
  if (isNo(kept)) return kept;
  const brought = await bring(house, tree, { link, target: kept.path });
  if (isNo(brought) && kept.made === 'now') await dropKept(kept.path);
  return brought;
}

type Way = { readonly link: string; readonly target: string };

/** Points `link`, where the site looks for the tree, at `target`. */
async function bring(house: MediumHouse, tree: Tree, { link, target }: Way): Promise<Added | No> {
  const { settings } = house;
  const before = await lyingAt(link);
  if (link === target || (before.kind === 'link' && before.target === target)) return { kind: 'added', done: 'there' };
  if (before.kind === 'ordinary') return no(`${link} is there already`, 'remove it first; only links are replaced');
  const inUse = (await isRead(settings, tree, before)) ? await refuseInUse(house, tree.name) : undefined;
  if (inUse !== undefined) return inUse;
  await linkMedium(settings, link, target);
  const old = before.kind === 'link' ? keptAt(settings, before.target) : undefined;
  if (old !== undefined) await dropKept(old);
  return { kind: 'added', done: 'linked', link };
}

/** Has the tree a medium that another one would take the place of: by its link, or beside the site file? */
async function isRead({ siteFile }: Settings, { source }: Tree, lying: Lying): Promise<boolean> {
  if (lying.kind === 'link' || source.kind === 'upstream') return true;
  return (await lyingAt(join(dirname(siteFile), source.path))).kind !== 'nothing';
}

/** Where the site looks for the medium of `tree`; `there`: right where it lies. */
function linkFor({ dataDirectory, siteFile }: Settings, tree: Tree, { kind, path, os }: Medium): string | No {
  const correct = 'correct the site file';
  if (tree.os !== undefined && !sameOs(tree.os, os))
    return no(
      `the medium holds ${formatOs(os)}, the site says that ${tree.name} is ${formatOs(tree.os)}`,
      `give the right medium, or ${correct}`,
    );
  if (tree.source.kind !== kind)
    return no(`the site gives ${tree.name} by ${tree.source.kind}, this is one by ${kind}`, correct);
  const wanted = tree.source.path;
  if (isAbsolute(wanted))
    return wanted === path
      ? 'there'
      : no(`the site says that ${tree.name} lies at ${wanted}`, `put it there, or ${correct}`);
  const link = join(dataPaths(dataDirectory).media, wanted);
  if (link === path || join(dirname(siteFile), wanted) === path) return 'there';
  return wanted.split('/').includes('..') ? no(`the path ${wanted} leads out of the media directory`, correct) : link;
}
