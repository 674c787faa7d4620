// Trees added and removed over the API: what a request names looked up and proved, and told in the API's words.

import type { TreeOrigin, TreeRefusal } from '../api/resources/trees.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { formatOs } from '../os.ts';
import { imageOf } from '../uploads/name.ts';
import type { Who } from './enrolment.ts';
import type { House } from './house.ts';
import type { Offer } from './medium.ts';
import { addMedium } from './medium.ts';
import { proveForeign, proveMedium } from './medium-proof.ts';
import type { Removed, Unwanted } from './medium-removal.ts';
import { removeMedium } from './medium-removal.ts';
import { untilKnown } from './site-known.ts';
import { stagedFiles } from './staging.ts';
import { withoutCredentials } from './views.ts';

/** A tree as it was added. */
export type AddedTree = {
  readonly kind: 'added';
  readonly tree: string;
  readonly os: string | undefined;
  readonly source: string;
  readonly done: 'named' | 'linked' | 'there';
  readonly needsSync: boolean;
};

/** Proves what `from` names and makes it the tree `name`. The house knows it when this is answered. */
export async function addTreeFrom(
  house: House,
  { name, from, who }: { readonly name: string; readonly from: TreeOrigin; readonly who: Who },
): Promise<AddedTree | TreeRefusal> {
  const offer = await offerOf(house, from);
  if (isNo(offer)) return offer;
  const added = await addMedium(house, { name, offer, who });
  if (isNo(added)) return added;
  const source = sourceOf(from);
  house.log.info('tree added', { tree: name, source, done: added.done });
  await untilKnown(house, (site) => site.trees.some((tree) => tree.name === name));
  const os = offer.kind === 'upstream' ? undefined : formatOs(offer.os);
  return { kind: 'added', tree: name, os, source, done: added.done, needsSync: offer.kind === 'upstream' };
}

function sourceOf(from: TreeOrigin): string {
  switch (from.kind) {
    case 'path':
      return from.path;
    case 'upload':
      return from.file;
    case 'url':
      return withoutCredentials(from.url);
  }
}

async function offerOf(house: House, from: TreeOrigin): Promise<Offer | TreeRefusal> {
  switch (from.kind) {
    case 'url':
      return { kind: 'upstream', url: from.url };
    case 'path':
      return orUnusable(await proveForeign(house.settings, from.path));
    case 'upload':
      return proveUpload(house, from.file);
  }
}

function orUnusable<T>(proved: T | No): T | TreeRefusal {
  return isNo(proved) ? { ...proved, about: 'unusable' } : proved;
}

async function proveUpload(house: House, name: string): Promise<Offer | TreeRefusal> {
  const lying = await stagedFiles(house).find(name);
  if (isNo(lying)) return lying;
  const { format, packed } = imageOf(name);
  if (format !== 'ISO' || packed !== undefined)
    return orUnusable<Offer>(
      no(`${name} is no ISO image`, 'upload the image of an install medium, with a name in .iso'),
    );
  if (lying.state === 'altered')
    return no(`${name} was changed since it was uploaded`, `kickstand template verify ${name}`);
  const medium = await proveMedium(lying.path);
  if (isNo(medium)) return { ...no(`${name}: ${medium.reason}`, medium.remedy), about: 'unusable' };
  return { ...medium, upload: { path: lying.path, name, sha256: lying.file.sha256 } };
}

/** A tree as it was taken off. */
export type RemovedTree = {
  readonly kind: 'removed';
  readonly tree: string;
  readonly source: string;
  readonly done: 'removed' | 'unlinked';
  readonly freedBytes: number | undefined;
};

/** Takes the tree called `name` off. The house knows it when this is answered. */
export async function removeTreeNamed(house: House, { name, who }: Unwanted): Promise<RemovedTree | TreeRefusal> {
  const removed = await removeMedium(house, { name, who });
  if (isNo(removed)) return removed;
  const { done, freedBytes } = removed;
  house.log.info('tree removed', { tree: name, done });
  if (done === 'removed') await untilKnown(house, (site) => site.trees.every((tree) => tree.name !== name));
  return { kind: 'removed', tree: name, source: sourceBefore(removed), done, freedBytes };
}

function sourceBefore(removed: Removed): string {
  if (removed.done === 'unlinked') return removed.target;
  const { source } = removed.tree;
  return source.kind === 'upstream' ? withoutCredentials(source.url) : source.path;
}
