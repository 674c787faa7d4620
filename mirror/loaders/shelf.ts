// The catalog of loaders: what lies in trees and on the host, and what was unpacked from trees' packages; read anew only when due. Running.

import type {
  LoaderArch,
  LoaderCatalog,
  LoaderFile,
  LoaderLack,
  LoaderOrigin,
  LoaderSet,
} from '../../server/loaders.ts';
import { originText } from '../../server/loaders.ts';
import type { No } from '../../server/malformed.ts';
import { messageOf } from '../../server/malformed.ts';
import type { FilePlace, TreeFiles } from '../content/place.ts';
import { nevraOf } from '../rpm/package.ts';
import type { OwnSet } from './lying.ts';
import { pxelinuxObstacle, readLayout, readModules, readTreeChain } from './lying.ts';
import type { PackedSet } from './names.ts';
import { hostLayouts, moduleDirectories, packedSets, treeLayouts } from './names.ts';
import type { PackageFiles, PackageTree } from './packages.ts';
import { findPackage, listPackages } from './packages.ts';
import type { LoaderStore } from './store.ts';
import type { Unpacker } from './unpack.ts';
import { createUnpacker } from './unpack.ts';

/** A tree of the site that is ready. Another `files` is another tree. */
export type LoaderTree = PackageTree & { readonly name: string };

export type LoaderShelf = {
  /** What there is now. The first call unpacks what trees carry packed, and may take seconds; later ones look only when it is time. */
  catalog(trees: readonly LoaderTree[]): Promise<LoaderCatalog<FilePlace>>;
  /** A gzip file of a tree as a file that is not packed. */
  gunzipped(files: TreeFiles, place: FilePlace): Promise<FilePlace | No>;
};

/** How long what was seen of loose files holds: an operator who installs a package is not made to wait. */
const LOOSE_MS = 5000;
/** Packages of a directory are thousands, and a look at each costs; an image's cannot change. */
const PACKED_MS = 120_000;

type Part = { readonly set: OwnSet; readonly packages: readonly string[] };
type Seen = { readonly parts: readonly Part[]; readonly lacks: readonly string[] };
type Sight = { readonly at: number; readonly seen: Promise<Seen> };

/** A shelf over the host's root directory. `now` is ms since 1970. */
export function openLoaderShelf(given: {
  readonly host: TreeFiles;
  readonly store: LoaderStore;
  readonly now: () => number;
}): LoaderShelf {
  const { host, store, now } = given;
  const unpacker = createUnpacker(store);
  const loose = keeper(now, { forMs: LOOSE_MS, meanwhile: 'wait' });
  const packed = keeper(now, { forMs: PACKED_MS, meanwhile: 'last' });
  const readTree = async (tree: LoaderTree) => {
    const lying = await loose(tree.files, () => tolerant(() => readLooseTree(tree)));
    const has = (family: string, arch: string): boolean =>
      lying.parts.some(({ set }) => set.family === family && set.arch === arch);
    const unpacked = await packed(tree.files, () =>
      tolerant(() => readPackedTree({ tree, unpacker, kept: host, has })),
    );
    return named(tree.name, [lying, unpacked]);
  };
  return {
    catalog: async (trees) => {
      const ofTrees = [];
      for (const tree of trees) ofTrees.push(await readTree(tree));
      const all = [...ofTrees, ofHost(await loose(host, () => tolerant(() => readHost(host))))];
      return { sets: all.flatMap(({ sets }) => sets), lacks: all.flatMap(({ lacks }) => lacks) };
    },
    gunzipped: (files, place) => unpacker.gunzipped(files, place),
  };
}

/**
 * Looks at what `files` is once in `forMs`; who asks meanwhile gets, or waits for, the same. With `meanwhile: 'last'` nobody
 * waits for a later look: a package that cannot be unpacked must not hold up every boot each time it is tried again.
 */
function keeper(
  now: () => number,
  { forMs, meanwhile }: { readonly forMs: number; readonly meanwhile: 'wait' | 'last' },
) {
  const sights = new WeakMap<TreeFiles, Sight>();
  return (files: TreeFiles, look: () => Promise<Seen>): Promise<Seen> => {
    const at = now();
    const last = sights.get(files);
    if (last !== undefined && at >= last.at && at - last.at < forMs) return last.seen;
    const seen = look();
    if (last === undefined || meanwhile === 'wait') {
      sights.set(files, { at, seen });
      return seen;
    }
    sights.set(files, { at, seen: last.seen });
    void seen.then(() => sights.set(files, { at, seen }));
    return last.seen;
  };
}

/** A tree that cannot be read, or a disk that is full, must not keep other machines from booting: it is told, and tried again. */
async function tolerant(look: () => Promise<Seen>): Promise<Seen> {
  try {
    return await look();
  } catch (error) {
    return { parts: [], lacks: [messageOf(error)] };
  }
}

/** Programs that trees of an architecture may carry; a 64-bit PC may have 32-bit firmware. */
function archsOf(arch: string): readonly LoaderArch[] {
  if (arch === 'aarch64') return ['aarch64'];
  return arch === 'x86_64' ? ['x86_64', 'i386'] : /^i[3-6]86$/.test(arch) ? ['i386'] : [];
}

async function readLooseTree({ files, arch }: LoaderTree): Promise<Seen> {
  const archs = archsOf(arch);
  const layouts = archs.includes('aarch64') ? [] : treeLayouts;
  const sets = [
    ...(await Promise.all(layouts.map((layout) => readLayout(files, layout)))),
    ...(await Promise.all(archs.map((one) => readTreeChain(files, one)))),
  ];
  return runnable(files, sets);
}

async function readHost(host: TreeFiles): Promise<Seen> {
  const sets = [
    ...(await Promise.all(hostLayouts.map((layout) => readLayout(host, layout)))),
    ...(await Promise.all(moduleDirectories.map((one) => readModules(host, one)))),
  ];
  return runnable(host, sets);
}

async function runnable(files: TreeFiles, sets: readonly (OwnSet | undefined)[]): Promise<Seen> {
  const parts: Part[] = [];
  const lacks: string[] = [];
  for (const set of sets.filter((one) => one !== undefined)) {
    const obstacle = set.family === 'pxelinux' ? await pxelinuxObstacle(files, set.files) : undefined;
    if (obstacle === undefined) parts.push({ set, packages: [] });
    else lacks.push(obstacle);
  }
  return { parts, lacks };
}

type Packed = {
  readonly tree: LoaderTree;
  readonly unpacker: Unpacker;
  /** Reads what was unpacked: it does not lie in the tree. */
  readonly kept: TreeFiles;
  readonly has: (family: string, arch: string) => boolean;
};

/** What the tree's packages give beyond what lies loose in it. */
async function readPackedTree({ tree, unpacker, kept, has }: Packed): Promise<Seen> {
  const wanted = archsOf(tree.arch)
    .slice(0, 1)
    .flatMap(packedSets)
    .filter(({ family, arch }) => !has(family, arch));
  const names = wanted.flatMap(({ packages }) => packages.flatMap((one) => one.names));
  const files = await listPackages(tree, names);
  const parts: Part[] = [];
  const lacks: string[] = [];
  for (const packedSet of wanted) {
    const part = await readPacked({ tree, unpacker, kept, files, lack: (reason) => lacks.push(reason) }, packedSet);
    if (part !== undefined) parts.push(part);
  }
  return { parts, lacks };
}

type Reading = Pick<Packed, 'tree' | 'unpacker' | 'kept'> & {
  readonly files: PackageFiles;
  readonly lack: (reason: string) => void;
};

async function readPacked(reading: Reading, packedSet: PackedSet): Promise<Part | undefined> {
  const { family, arch, needs } = packedSet;
  const files = new Map<string, LoaderFile<FilePlace>>();
  const packages: string[] = [];
  for (const one of packedSet.packages) {
    const found = await firstPackage(reading, one);
    if (found === undefined) continue;
    for (const [name, loader] of found.files) if (!files.has(name)) files.set(name, loader);
    packages.push(found.nevra);
  }
  if (files.size === 0 || needs.some((name) => !files.has(name))) return undefined;
  const obstacle = family === 'pxelinux' ? await pxelinuxObstacle(reading.kept, files) : undefined;
  if (obstacle === undefined) return { set: { family, arch, files }, packages };
  reading.lack(`${packages.join(' and ')}: ${obstacle}`);
  return undefined;
}

type PackedFiles = { readonly nevra: string; readonly files: ReadonlyMap<string, LoaderFile<FilePlace>> };

/** The first package by its names that is there and holds any of the files. */
async function firstPackage(
  reading: Reading,
  { names, nameOf }: PackedSet['packages'][number],
): Promise<PackedFiles | undefined> {
  const { tree, unpacker, files, lack } = reading;
  for (const name of names) {
    const found = await findPackage(tree, { files, name }, lack);
    if (found === undefined) continue;
    const unpacked = await unpackTold(() => unpacker.files(found, nameOf), lack);
    const loaders = new Map<string, LoaderFile<FilePlace>>();
    for (const [path, file] of unpacked) {
      const given = nameOf(path);
      if (given !== undefined && !loaders.has(given)) loaders.set(given, { file, path });
    }
    if (loaders.size > 0) return { nevra: nevraOf(found.rpm), files: loaders };
  }
  return undefined;
}

/** A package that cannot be unpacked gives nothing, and says why. */
async function unpackTold(
  unpack: () => Promise<ReadonlyMap<string, FilePlace>>,
  lack: (reason: string) => void,
): Promise<ReadonlyMap<string, FilePlace>> {
  try {
    return await unpack();
  } catch (error) {
    lack(messageOf(error));
    return new Map();
  }
}

type Told = { readonly sets: readonly LoaderSet<FilePlace>[]; readonly lacks: readonly LoaderLack[] };

function named(tree: string, seen: readonly Seen[]): Told {
  const origin = ({ packages }: Part): LoaderOrigin =>
    packages.length === 0 ? { kind: 'tree', tree } : { kind: 'rpm', tree, packages };
  return {
    sets: seen.flatMap(({ parts }) => parts.map((part) => ({ ...part.set, origin: origin(part) }))),
    // Both looks at a tree that cannot be read say so.
    lacks: [...new Set(seen.flatMap(({ lacks }) => lacks))].map((reason) => ({ where: `tree ${tree}`, reason })),
  };
}

function ofHost({ parts, lacks }: Seen): Told {
  const origin: LoaderOrigin = { kind: 'host' };
  return {
    sets: parts.map(({ set }) => ({ ...set, origin })),
    lacks: lacks.map((reason) => ({ where: originText(origin), reason })),
  };
}
