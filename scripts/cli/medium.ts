// A medium becomes a tree of the appliance, or stops being one: proved first, then the least change that does it.

import { lstat, readlink, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { openContentStore } from '../../mirror/content/store.ts';
import { withoutLogin } from '../../mirror/sync/settings.ts';
import { detectTree } from '../../mirror/tree/detect.ts';
import { openTree } from '../../mirror/tree/store.ts';
import { siteEdit } from '../../server/assembly/enrolment.ts';
import { dataPaths } from '../../server/assembly/house.ts';
import { dropTree } from '../../server/assembly/trees.ts';
import type { Os, Site, Tree } from '../../server/domain.ts';
import type { No } from '../../server/malformed.ts';
import { codeOf, isNo, Malformed, messageOf, no } from '../../server/malformed.ts';
import { formatOs, sameOs } from '../../server/os.ts';
import { addTree, removeTree, type TreeEntry } from '../../server/site/edit.ts';
import { renderProblems } from '../../server/site/problems.ts';
import { rewriteSite } from '../../server/site/rewrite/store.ts';
import { ensureDirectory, saveSymlink } from '../../server/store.ts';
import type { Context } from './context.ts';
import { readSite } from './context.ts';
import { formatBytes } from './output.ts';

/** What was done, for the operator. */
export type Changed = {
  readonly kind: 'changed';
  readonly tree: string;
  readonly os: string;
  readonly source: string;
  readonly done: string;
};

type Medium = { readonly kind: 'iso' | 'directory'; readonly path: string; readonly os: Os };

/**
 * Proves `source` and makes it the tree `name`. A tree that the site names by a relative path gets a link in DATA/media;
 * a name that the site does not have is added to the site file.
 */
export async function addMedium(context: Context, name: string, source: string): Promise<Changed | No> {
  const site = await readSite(context);
  if (/^https?:\/\//i.test(source)) return addUpstream(context, { site, name, url: source });
  const medium = await proveMedium(resolve(source));
  if (isNo(medium)) return medium;
  const tree = site.trees.find((known) => known.name === name);
  const done =
    tree === undefined ? await addToSite(context, { ...medium, name }) : await linkMedium(context, tree, medium);
  return isNo(done)
    ? done
    : { kind: 'changed', tree: name, os: formatOs(medium.os), source: medium.path, done: done.text };
}

type Upstream = { readonly site: Site; readonly name: string; readonly url: string };

/** A tree from a URL comes into the site file; its sync proves it. */
async function addUpstream(context: Context, { site, name, url }: Upstream): Promise<Changed | No> {
  const tree = site.trees.find((known) => known.name === name);
  const fetches = `kickstand tree sync ${name} fetches it`;
  if (tree !== undefined && (tree.source.kind !== 'upstream' || tree.source.url !== url))
    return no(`the site has a tree ${name} that comes from elsewhere`, 'choose another name, or correct the site file');
  const done = tree === undefined ? await addToSite(context, { name, kind: 'upstream', path: url }) : already();
  if (isNo(done)) return done;
  return { kind: 'changed', tree: name, os: 'from a URL', source: withoutLogin(url), done: `${done.text}; ${fetches}` };
}

type Done = { readonly kind: 'done'; readonly text: string };

async function proveMedium(path: string): Promise<Medium | No> {
  try {
    const kind = (await stat(path)).isDirectory() ? 'directory' : 'iso';
    const files = await openTree({ kind, path });
    try {
      const facts = await detectTree(files);
      return isNo(facts) ? no(`${path}: ${facts.reason}`, facts.remedy) : { kind, path, os: facts.os };
    } finally {
      await files.close();
    }
  } catch (error) {
    if (error instanceof Malformed)
      return no(`${path}: ${error.message}`, 'fetch the whole image again and compare its checksum');
    if (codeOf(error) !== undefined) return no(`${path}: ${messageOf(error)}`);
    throw error;
  }
}

async function linkMedium({ settings }: Context, tree: Tree, medium: Medium): Promise<Done | No> {
  if (tree.os !== undefined && !sameOs(tree.os, medium.os)) {
    return no(
      `the medium holds ${formatOs(medium.os)}, the site says that ${tree.name} is ${formatOs(tree.os)}`,
      'give the right medium, or correct the site file',
    );
  }
  if (tree.source.kind !== medium.kind)
    return no(
      `the site gives ${tree.name} by ${tree.source.kind}, this is one by ${medium.kind}`,
      'correct the site file',
    );
  const wanted = tree.source.path;
  if (isAbsolute(wanted))
    return wanted === medium.path
      ? already()
      : no(`the site says that ${tree.name} lies at ${wanted}`, 'put it there, or correct the site file');
  const link = join(dataPaths(settings.dataDirectory).media, wanted);
  if (link === medium.path || join(dirname(settings.siteFile), wanted) === medium.path) return already();
  if (wanted.split('/').includes('..'))
    return no(`the path ${wanted} leads out of the media directory`, 'correct the site file');
  if (await isOrdinary(link)) return no(`${link} is there already`, 'remove it first; the command only replaces links');
  await ensureDirectory(dirname(link));
  await saveSymlink(link, medium.path);
  return { kind: 'done', text: `linked as ${link}` };
}

function already(): Done {
  return { kind: 'done', text: 'it is where the site looks for it' };
}

async function isOrdinary(path: string): Promise<boolean> {
  try {
    return !(await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function addToSite(context: Context, { name, kind, path }: TreeEntry): Promise<Done | No> {
  return editSite(context, (text) => addTree(text, { name, kind, path }));
}

/**
 * Takes a tree off: its link in DATA/media where that is what brought it, else its entry in the site file, and with that
 * everything that was fetched of it.
 */
export async function removeMedium(context: Context, name: string): Promise<Changed | No> {
  const site = await readSite(context);
  const tree = site.trees.find((known) => known.name === name);
  if (tree === undefined) return no(`the site has no tree ${name}`);
  const result = {
    kind: 'changed',
    tree: name,
    os: tree.os === undefined ? '' : formatOs(tree.os),
    source: '',
  } as const;
  const link =
    tree.source.kind === 'upstream'
      ? undefined
      : join(dataPaths(context.settings.dataDirectory).media, tree.source.path);
  const target = link === undefined ? undefined : await linkTarget(link);
  if (link !== undefined && target !== undefined) {
    await rm(link);
    return { ...result, source: target, done: `the link to ${target} is gone; the medium is left` };
  }
  const user = site.profiles.find((profile) => profile.tree === name);
  if (user !== undefined) return no(`the profile ${user.name} installs from ${name}`, 'change the profile first');
  const remove = (): Promise<Done | No> => editSite(context, (text) => removeTree(text, name));
  const done = tree.source.kind === 'upstream' ? await removeUpstream(context, name, remove) : await remove();
  return isNo(done) ? done : { ...result, done: done.text };
}

async function removeUpstream(
  { settings }: Context,
  name: string,
  remove: () => Promise<Done | No>,
): Promise<Done | No> {
  const content = openContentStore(settings.dataDirectory);
  const done = await dropTree(content, name, remove);
  if (isNo(done)) return done;
  const swept = await content.sweepPool();
  const freed = isNo(swept) ? '' : ` (${formatBytes(swept)} set free)`;
  return { ...done, text: `${done.text}; what was fetched of it is removed${freed}` };
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

async function editSite({ settings }: Context, change: (text: string) => string): Promise<Done | No> {
  const file = settings.siteFile;
  const done = await rewriteSite(siteEdit(settings), { change });
  if (done.kind === 'no') return done;
  if (done.kind === 'problems')
    return no(`the site would have problems:\n${renderProblems(done.problems, file).trimEnd()}`);
  return { kind: 'done', text: `${file} is changed` };
}
