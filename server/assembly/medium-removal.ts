// A tree taken off the site: its link in DATA/media where that is what brought it, else its entry in the site file, and what was kept of it.

import { isAbsolute, join } from 'node:path';
import type { Site, Tree } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import type { Settings } from '../settings.ts';
import { removeTree } from '../site/edit.ts';
import type { Who } from './enrolment.ts';
import { siteEdit } from './enrolment.ts';
import { dataPaths } from './house.ts';
import { dropKept, keptAt, lyingAt, unlinkMedium, whileMediaAreHeld } from './media.ts';
import type { MediumHouse } from './medium-site.ts';
import { editTrees, refuseInUse, siteOnDisk } from './medium-site.ts';
import { dropTree } from './trees.ts';

/**
 * `unlinked`: the link to `target` is gone, and the site names a tree whose medium is missing. `removed`: the site does not name it.
 * `freedBytes`: what that set free, where anything was kept of it.
 */
export type Removed = {
  readonly kind: 'removed';
  readonly tree: Tree;
  readonly freedBytes: number | undefined;
} & ({ readonly done: 'removed' } | { readonly done: 'unlinked'; readonly target: string });

/** Why not; `unknown`: there is no such tree. */
export type NotRemoved = Refusal & { readonly about?: 'unknown' };

export type Unwanted = { readonly name: string; readonly who: Who };

/** Takes the tree called `name` off. Nobody may be about to install from it, or sync it. */
export async function removeMedium(house: MediumHouse, { name, who }: Unwanted): Promise<Removed | NotRemoved> {
  const edit = siteEdit(house.settings, { ...who, operation: 'removeTree' });
  const forget = (): Promise<Refusal | undefined> => editTrees(edit, (text) => removeTree(text, name));
  const standing = await standingOf(house, name);
  if (isNo(standing)) return standing;
  // What was fetched takes long to remove, and is none of DATA/media.
  if (standing.tree.source.kind === 'upstream') return removeUpstream(house, standing, forget);
  return whileMediaAreHeld(house.settings, async () => {
    const now = await standingOf(house, name);
    if (isNo(now)) return now;
    return (await unlink(house, now.tree)) ?? removeNamed(house, now, forget);
  });
}

type Standing = { readonly site: Site; readonly tree: Tree };

/** The tree as the site file has it, where no host is about to install from it. */
async function standingOf(house: MediumHouse, name: string): Promise<Standing | NotRemoved> {
  const site = await siteOnDisk(house.settings);
  if (isNo(site)) return site;
  const tree = site.trees.find((known) => known.name === name);
  if (tree === undefined) return { ...no(`the site has no tree ${name}`), about: 'unknown' };
  return (await refuseInUse(house, name)) ?? { site, tree };
}

function refuseNeeded({ site, tree: { name } }: Standing): No | undefined {
  const user = site.profiles.find((profile) => profile.tree === name);
  if (user === undefined) return undefined;
  return no(`the profile ${user.name} installs from ${name}`, 'change the profile first');
}

/** Undefined where no link in DATA/media is what brought it. */
async function unlink({ settings }: MediumHouse, tree: Tree): Promise<Removed | undefined> {
  if (tree.source.kind === 'upstream' || isAbsolute(tree.source.path)) return undefined;
  const path = join(dataPaths(settings.dataDirectory).media, tree.source.path);
  const lying = await lyingAt(path);
  if (lying.kind !== 'link') return undefined;
  const freedBytes = await unlinkMedium(settings, path, lying.target);
  const wasKept = keptAt(settings, lying.target) !== undefined;
  return {
    kind: 'removed',
    done: 'unlinked',
    tree,
    target: lying.target,
    freedBytes: wasKept ? freedBytes : undefined,
  };
}

type Forget = () => Promise<Refusal | undefined>;

async function removeNamed({ settings }: MediumHouse, standing: Standing, forget: Forget): Promise<Removed | Refusal> {
  const refused = refuseNeeded(standing) ?? (await forget());
  if (refused !== undefined) return refused;
  const freedBytes = await dropUnshared(settings, standing);
  return { kind: 'removed', done: 'removed', tree: standing.tree, freedBytes };
}

/** Removes the upload that was kept for `tree`; undefined where there is none, or another tree is named by it too. */
async function dropUnshared(settings: Settings, { site: { trees }, tree }: Standing): Promise<number | undefined> {
  const kept = keptFor(settings, tree);
  const isShared = trees.some((other) => other.name !== tree.name && keptFor(settings, other) === kept);
  return kept === undefined || isShared ? undefined : dropKept(kept);
}

/** The upload that is kept for `tree`, where the site file names it so. */
function keptFor(settings: Settings, { source }: Tree): string | undefined {
  if (source.kind !== 'iso' || isAbsolute(source.path)) return undefined;
  return keptAt(settings, join(dataPaths(settings.dataDirectory).media, source.path));
}

async function removeUpstream(
  { content }: MediumHouse,
  standing: Standing,
  forget: Forget,
): Promise<Removed | Refusal> {
  const needed = refuseNeeded(standing);
  if (needed !== undefined) return needed;
  const { tree } = standing;
  const dropped = await dropTree(content, tree.name, async () => (await forget()) ?? ('forgotten' as const));
  if (isNo(dropped)) return dropped;
  const swept = await content.sweepPool();
  return { kind: 'removed', done: 'removed', tree, freedBytes: isNo(swept) ? undefined : swept };
}
