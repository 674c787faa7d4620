// What machines may fetch of a tree through the boot namespace: the few files it boots from, and nothing else of it.

import type { FilePlace } from '../../mirror/content/place.ts';
import type { BootFiles, Tree } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { FileRole } from '../stages.ts';
import type { House } from './house.ts';
import { gunzippedFile } from './loaders.ts';

/** A file that a tree boots from, and what it is. */
export type TreeBootFile = { readonly file: FilePlace; readonly role: FileRole };

/** Only what a tree boots from is in the namespace: a look-up in that short list, whatever path was asked. */
export async function treeFileOf(house: House, name: string, path: string): Promise<TreeBootFile | No> {
  const tree = house.site().trees.find((known) => known.name === name);
  if (tree === undefined) return no('no such tree');
  const status = await house.shelf.status(tree);
  if (status.kind === 'absent') return no(`the tree ${name} is not there`);
  const row = bootPaths(status.facts.boot).find((one) => one.path === path);
  if (row === undefined) return no('not a file that this tree boots from');
  const file = await fileIn(house, tree, row);
  return isNo(file) ? file : { file, role: row.role };
}

type BootPath = {
  readonly path: string;
  readonly role: FileRole;
  readonly stored: string;
  readonly packed: 'gzip' | 'no';
};

function bootPaths(boot: BootFiles): readonly BootPath[] {
  const as = (path: string, role: FileRole): BootPath => ({ path, role, stored: path, packed: 'no' });
  const both = [as(boot.kernel, 'kernel'), as(boot.initrd, 'initrd')];
  return boot.kind === 'xen' ? [as(boot.xen, 'xen'), ...unpacked(boot.xen), ...both] : both;
}

/** iPXE before 2021 starts no hypervisor that is compressed: it asks for `xen.gz` by the name `xen`. */
function unpacked(xen: string): readonly BootPath[] {
  return xen.endsWith('.gz') ? [{ path: xen.slice(0, -3), role: 'xen', stored: xen, packed: 'gzip' }] : [];
}

async function fileIn(house: House, tree: Tree, { stored, packed }: BootPath): Promise<FilePlace | No> {
  const files = await house.shelf.files(tree);
  if (isNo(files)) return files;
  const place = await files.find(stored);
  if (place.kind === 'directory') return no('a directory');
  if (place.kind === 'no' || packed === 'no') return place;
  return gunzippedFile(house, files, place);
}
