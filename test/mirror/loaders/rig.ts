// What the tests of loaders share: a shelf over a made host with a clock that stands, trees, and sets in words.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FilePlace, TreeFiles } from '../../../mirror/content/place.ts';
import type { LoaderTree } from '../../../mirror/loaders/shelf.ts';
import { openLoaderShelf } from '../../../mirror/loaders/shelf.ts';
import { openLoaderStore } from '../../../mirror/loaders/store.ts';
import { openDirectoryTree } from '../../../mirror/tree/store.ts';
import type { LoaderCatalog } from '../../../server/loaders.ts';
import { originText } from '../../../server/loaders.ts';
import { madeEfi } from '../../support/efi.ts';
import { makeRoom, writeFiles } from '../../support/iso.ts';

export const shim = madeEfi({ machine: 0x8664, signed: true, text: Buffer.from('\\mmx64.efi', 'utf16le') });
export const grub = madeEfi({ machine: 0x8664, text: Buffer.from('grub_mod_init') });
export const oldGrub = madeEfi({ machine: 0x8664, text: Buffer.from('GNU GRUB  version 0.97') });

/** A room of its own for each test file; remove it at the end. */
export function openRig() {
  const room = makeRoom();
  let count = 0;
  const at = async (...parts: string[]): Promise<string> => join((await room).path, ...parts);
  return {
    at,
    remove: async () => (await room).remove(),
    /** A path that nothing lies at yet. */
    fresh: async () => {
      count += 1;
      return at(`room${count}`);
    },
    /** A shelf over a host with `files`. */
    shelfOver: async (files: Readonly<Record<string, string | Uint8Array>> = {}) => {
      count += 1;
      const [host, data] = [await at(`host${count}`), await at(`data${count}`)];
      await mkdir(host, { recursive: true });
      await writeFiles(host, files);
      const clock = { now: 1000 };
      // What was unpacked is read where it lies on disk, whatever the host of the test is.
      const real = await openDirectoryTree('/');
      const root: TreeFiles = { ...(await openDirectoryTree(host)), read: (place, limit) => real.read(place, limit) };
      const shelf = openLoaderShelf({ host: root, store: openLoaderStore(data), now: () => clock.now });
      return { shelf, clock, data, host };
    },
  };
}

/** The directory as a ready tree of x86_64 with its packages at the root. */
export async function asTree(directory: string, given: Partial<LoaderTree> = {}): Promise<LoaderTree> {
  await mkdir(directory, { recursive: true });
  return { name: 'rhel', arch: 'x86_64', repositories: [''], files: await openDirectoryTree(directory), ...given };
}

/** Each set in one line, its files in the order of their names. */
export function told({ sets }: LoaderCatalog<FilePlace>): readonly string[] {
  return sets.map(({ family, origin, files }) => {
    const names = [...files.keys()].toSorted();
    return `${family} of ${originText(origin)}: ${names.join(' ')}`;
  });
}

/** What a place holds, as text. */
export async function contentOf(place: FilePlace | undefined): Promise<string> {
  if (place === undefined) return 'absent';
  const [extent = { offset: 0, length: 0 }] = place.extents;
  return (await readFile(place.file)).subarray(extent.offset, extent.offset + extent.length).toString();
}
