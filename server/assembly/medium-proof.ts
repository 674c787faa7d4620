// Is this an install medium? Looked at as a whole before anything is made of it.

import { realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { detectTree } from '../../mirror/tree/detect.ts';
import { openTree } from '../../mirror/tree/store.ts';
import type { Os } from '../domain.ts';
import type { No } from '../malformed.ts';
import { codeOf, isNo, Malformed, messageOf, no } from '../malformed.ts';
import type { Settings } from '../settings.ts';
import { dataPaths } from './house.ts';
import { keptUploads } from './media.ts';

/** An install medium on this machine's disk, and what it installs. */
export type Medium = { readonly kind: 'iso' | 'directory'; readonly path: string; readonly os: Os };

/** The medium at the complete `path`, or what is wrong with it, for whoever may read the disk anyway. */
export async function proveMedium(path: string): Promise<Medium | No> {
  try {
    const about = await stat(path);
    // A pipe would never answer.
    if (!about.isDirectory() && !about.isFile()) return no('it is neither a file nor a directory');
    const kind = about.isDirectory() ? 'directory' : 'iso';
    const files = await openTree({ kind, path });
    try {
      const facts = await detectTree(files);
      return isNo(facts) ? facts : { kind, path, os: facts.os };
    } finally {
      await files.close();
    }
  } catch (error) {
    if (error instanceof Malformed) return no(error.message, 'fetch the whole image again and compare its checksum');
    if (codeOf(error) !== undefined) return no(messageOf(error));
    throw error;
  }
}

/**
 * The same for whoever asks over the network, who is told no more than that it is none: what lies at a path, and whether anything
 * does, is nobody's business there. The appliance's own data are none either, nor is what holds them: a tree is served to everyone.
 */
export async function proveForeign(settings: Settings, given: string): Promise<Medium | No> {
  const path = resolve(given);
  const none = no(
    `${path} is no install medium that the appliance can read`,
    'give the image, or a directory with all files, of a whole medium, outside of the appliance’s own data; kickstand tree add, on the appliance, tells more',
  );
  if (await isOwn(settings, path)) return none;
  const medium = await proveMedium(path);
  return isNo(medium) ? none : medium;
}

async function isOwn(settings: Settings, path: string): Promise<boolean> {
  const { dataDirectory, siteFile } = settings;
  const [real, data, media, site] = await Promise.all(
    [path, dataDirectory, dataPaths(dataDirectory).media, siteFile].map(realPathOf),
  );
  if (real === undefined || data === undefined || media === undefined || site === undefined) return true;
  // An upload that is kept for a tree goes with that tree: another one must not come to rest on it.
  const kept = join(media, basename(keptUploads(settings)));
  if (isWithin(real, media) && real !== media && !isWithin(real, kept)) return false;
  return isWithin(real, data) || isWithin(data, real) || isWithin(site, real);
}

async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === sep ? sep : join(directory, sep));
}
