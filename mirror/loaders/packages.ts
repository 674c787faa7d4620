// Packages of a tree that may hold loaders: found by their file names, confirmed by their headers, the newest one chosen. Running.

import { Malformed, messageOf } from '../../server/malformed.ts';
import type { FilePlace, TreeFiles } from '../content/place.ts';
import type { Evr } from '../rpm/evr.ts';
import { compareEvr } from '../rpm/evr.ts';
import type { RpmPackage } from '../rpm/package.ts';
import { openRpm } from '../rpm/package.ts';
import type { ByteSource } from '../rpm/source.ts';
import { sourceOf } from '../rpm/source.ts';

/** A package whose header was read, and where it lies. */
export type FoundPackage = {
  readonly source: ByteSource;
  readonly place: FilePlace;
  readonly path: string;
  readonly rpm: RpmPackage;
};

/** The file names of a tree's packages: directory and name. */
export type PackageFiles = readonly { readonly directory: string; readonly name: string }[];

/** A tree as far as packages matter. Repositories are paths below its root. */
export type PackageTree = {
  readonly files: TreeFiles;
  readonly arch: string;
  readonly repositories: readonly string[];
};

/** Of so many versions of one package the headers are read; a tree has one or two. */
const LIMIT_VERSIONS = 8;

/**
 * The file names in each repository's `Packages`, and in its directories by first letter for the `names` wanted (network
 * mirrors split them so). A directory that is missing holds none.
 */
export async function listPackages(tree: PackageTree, names: readonly string[]): Promise<PackageFiles> {
  const letters = new Set(names.map((name) => name.slice(0, 1)));
  const roots = ['', ...tree.repositories.filter((path) => path !== '')];
  const directories = roots.flatMap((root) => {
    const packages = root === '' ? 'Packages' : `${root}/Packages`;
    return [...(root === '' ? [] : [root]), packages, ...[...letters].map((letter) => `${packages}/${letter}`)];
  });
  const found: { directory: string; name: string }[] = [];
  for (const directory of new Set(directories)) {
    const place = await tree.files.find(directory);
    if (place.kind !== 'directory') continue;
    for (const { name, kind } of place.names) {
      if (kind === 'file' && names.some((wanted) => name.startsWith(`${wanted}-`))) found.push({ directory, name });
    }
  }
  return found;
}

type Candidate = Evr & { readonly path: string; readonly arch: string };

/** `name-version-release.arch.rpm`: neither version nor release holds a dash (rpm-version(7)). */
function candidatesOf(files: PackageFiles, name: string, arch: string): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const file of files) {
    if (!file.name.startsWith(`${name}-`)) continue;
    const match = /^([^-]+)-([^-]+)\.([a-z0-9_]+)\.rpm$/.exec(file.name.slice(name.length + 1));
    const [, version = '', release = '', own = ''] = match ?? [];
    if (match === null || !fits(own, arch)) continue;
    found.push({ epoch: 0, version, release, arch: own, path: `${file.directory}/${file.name}` });
  }
  return found.toSorted((a, b) => compareEvr(b, a));
}

function fits(own: string, tree: string): boolean {
  if (own === 'noarch' || own === tree) return true;
  return /^i[3-6]86$/.test(own) && /^(?:x86_64|i[3-6]86)$/.test(tree);
}

/**
 * The newest package `name` of the tree, by epoch, version and release of its header; undefined where there is none. One that is
 * damaged or is not what its file name says is passed over and told to `lack`.
 */
export async function findPackage(
  tree: PackageTree,
  { files, name }: { readonly files: PackageFiles; readonly name: string },
  lack: (reason: string) => void,
): Promise<FoundPackage | undefined> {
  const opened: FoundPackage[] = [];
  for (const candidate of candidatesOf(files, name, tree.arch).slice(0, LIMIT_VERSIONS)) {
    try {
      const found = await openPackage(tree.files, { name, candidate });
      if (found !== undefined) opened.push(found);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      lack(messageOf(error));
    }
  }
  return opened.toSorted((a, b) => compareEvr(b.rpm, a.rpm))[0];
}

async function openPackage(
  files: TreeFiles,
  { name, candidate }: { readonly name: string; readonly candidate: Candidate },
): Promise<FoundPackage | undefined> {
  const { path, version, release, arch } = candidate;
  const place = await files.find(path);
  if (place.kind !== 'file') return undefined;
  const source = sourceOf(files, place, path);
  const rpm = await openRpm(source);
  if (rpm.name !== name || rpm.version !== version || rpm.release !== release || rpm.arch !== arch) {
    throw new Malformed(`it is ${rpm.name}-${rpm.version}-${rpm.release}.${rpm.arch} by its header`, path);
  }
  return { source, place, path, rpm };
}
