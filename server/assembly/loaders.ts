// The loaders of the open house: the catalog over its trees and this system, as the boot side asks it and as the doctor tells it.

import { createHash } from 'node:crypto';
import type { FilePlace, TreeFiles } from '../../mirror/content/place.ts';
import { readEfi, sbatSummary } from '../../mirror/loaders/pe.ts';
import type { LoaderShelf, LoaderTree } from '../../mirror/loaders/shelf.ts';
import { openLoaderShelf } from '../../mirror/loaders/shelf.ts';
import { openLoaderStore } from '../../mirror/loaders/store.ts';
import { openDirectoryTree } from '../../mirror/tree/store.ts';
import type { LoaderStock } from '../boot/choose.ts';
import { loadersOf, stockOf } from '../boot/loaders.ts';
import type { Loaders } from '../boot/namespace.ts';
import type { LoaderArch, LoaderCatalog, LoaderFamily, LoaderLack, LoaderSet } from '../loaders.ts';
import { originText } from '../loaders.ts';
import type { No } from '../malformed.ts';
import { isNo, Malformed, messageOf } from '../malformed.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';

/** One shelf for each house: it remembers what it saw and unpacked. */
const shelves = new WeakMap<House, Promise<LoaderShelf>>();

function shelfOf(house: House): Promise<LoaderShelf> {
  const known = shelves.get(house);
  if (known !== undefined) return known;
  const opened = openShelfFor(house);
  shelves.set(house, opened);
  return opened;
}

async function openShelfFor(house: House): Promise<LoaderShelf> {
  const { loaders } = dataPaths(house.settings.dataDirectory);
  return openLoaderShelf({ host: await openDirectoryTree('/'), store: openLoaderStore(loaders), now: house.now });
}

/** Every loader there is now. The first call of a process may take seconds: call it once at the start. */
export async function loaderCatalog(house: House): Promise<LoaderCatalog<FilePlace>> {
  const trees: LoaderTree[] = [];
  for (const tree of house.site().trees) {
    const status = await house.shelf.status(tree);
    const files = await house.shelf.files(tree);
    if (status.kind === 'absent' || isNo(files)) continue;
    const { os, repositories } = status.facts;
    trees.push({ name: tree.name, files, arch: os.arch, repositories: repositories.map(({ path }) => path) });
  }
  return (await shelfOf(house)).catalog(trees);
}

/** The catalog as the boot namespace asks it. */
export async function bootLoaders(house: House): Promise<Loaders<FilePlace>> {
  return loadersOf(await loaderCatalog(house));
}

/** The catalog as the choice of a first program asks it. */
export async function loaderStock(house: House): Promise<LoaderStock> {
  return stockOf(await loaderCatalog(house));
}

/** A gzip file of a tree as a file that is not packed; a file that is none, as it is. */
export async function gunzippedFile(house: House, files: TreeFiles, place: FilePlace): Promise<FilePlace | No> {
  return (await shelfOf(house)).gunzipped(files, place);
}

/** One loader as the doctor prints it. */
export type LoaderRow = {
  readonly name: string;
  readonly family: LoaderFamily;
  readonly arch: LoaderArch;
  readonly origin: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Of UEFI programs: do they carry a signature, and the generations that revocations go by. */
  readonly efi: { readonly signed: boolean; readonly sbat: string | undefined } | undefined;
};

export type LoaderReport = { readonly loaders: readonly LoaderRow[]; readonly lacks: readonly LoaderLack[] };

/** No loader is larger; `ipxe.lkrn` and GRUB have a few MB. */
const LIMIT_BYTES = 16 * 1024 * 1024;

/** Every loader of `catalog` with its digest, read now. One that cannot be read is a lack. */
export async function loaderReport(catalog: LoaderCatalog<FilePlace>): Promise<LoaderReport> {
  const system = await openDirectoryTree('/');
  const loaders: LoaderRow[] = [];
  const lacks = [...catalog.lacks];
  for (const set of catalog.sets) {
    for (const [name, { file, path }] of set.files) {
      try {
        loaders.push(rowOf(set, { name, path }, await system.read(file, LIMIT_BYTES)));
      } catch (error) {
        lacks.push({ where: originText(set.origin), reason: `${path} cannot be read: ${messageOf(error)}` });
      }
    }
  }
  return { loaders, lacks };
}

type Named = { readonly name: string; readonly path: string };

function rowOf(set: LoaderSet<FilePlace>, { name, path }: Named, bytes: Uint8Array): LoaderRow {
  const { family, arch, origin } = set;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const efi = name.endsWith('.efi') ? efiOf(bytes, path) : undefined;
  return { name, family, arch, origin: originText(origin), path, sizeBytes: bytes.byteLength, sha256, efi };
}

function efiOf(bytes: Uint8Array, path: string): LoaderRow['efi'] {
  try {
    const { isSigned, sbat } = readEfi(bytes, path);
    return { signed: isSigned, sbat: sbat === undefined ? undefined : sbatSummary(sbat) };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
