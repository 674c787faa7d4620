// Which operating system a tree holds: weighs the evidence of its own files, and refuses where they contradict each other.
// Reads only through the tree it is given.

import type { Os } from '../../server/domain.ts';
import { no } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import { makeOs } from '../../server/os.ts';
import type { TreeFiles } from '../content/place.ts';
import {
  discinfoEvidence,
  mediaRepoEvidence,
  packagesEvidence,
  treeinfoEvidence,
  xsRepositoryEvidence,
} from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { below } from './path.ts';
import type { Treeinfo } from './treeinfo.ts';

const MAX_SMALL = 64 * 1024;
const REMEDY = 'use the whole install medium (the DVD image, or all of its files)';
/** Where release packages lie; some trees sort packages into directories by first letter. */
const PACKAGE_DIRECTORIES = ['Packages', 'BaseOS/Packages', 'Server', 'CentOS'].flatMap((directory) => [
  directory,
  ...['a', 'c', 'f', 'o', 'r', 's'].map((letter) => `${directory}/${letter}`),
]);

/** Sources in order of trust; asked only until family, full version and architecture are known. */
export async function identifyTree(files: TreeFiles, treeinfo: Treeinfo | undefined): Promise<Os | No> {
  const all: Evidence[] = [];
  if (treeinfo !== undefined) {
    const evidence = treeinfoEvidence(treeinfo);
    if (evidence.family === undefined) return no(`.treeinfo names an unknown product: ${quoted(treeinfo.family)}`);
    if (evidence.version === undefined) return no(`.treeinfo names an unknown version: ${quoted(treeinfo.version)}`);
    all.push(evidence);
  }
  for (const ask of [askXenServer, askDiscinfo, askPackages, askMediaRepo]) {
    if (isComplete(all)) break;
    const evidence = await ask(files);
    if (evidence !== undefined) all.push(evidence);
  }
  return judge(all);
}

function isComplete(all: readonly Evidence[]): boolean {
  const version = all.some((evidence) => evidence.version?.includes('.') === true);
  return version && all.some(({ family }) => family !== undefined) && all.some(({ arch }) => arch !== undefined);
}

/** One verdict from all evidence: sources that contradict each other in product or major version are refused. */
function judge(all: readonly Evidence[]): Os | No {
  const family = all.find((evidence) => evidence.family !== undefined);
  const versions = all.flatMap(({ version, from }) => (version === undefined ? [] : [{ version, from }]));
  const arch = all.find((evidence) => evidence.arch !== undefined)?.arch;
  const [first] = versions;
  if (family?.family === undefined || first === undefined)
    return no('nothing in it tells which system it installs', REMEDY);
  if (arch === undefined) return no('nothing in it tells which architecture it is for', REMEDY);
  const other = all.find((evidence) => evidence.family !== undefined && evidence.family !== family.family);
  if (other !== undefined) return no(`${family.from} says ${family.family}, ${other.from} says ${other.family}`);
  const majorOf = (version: string): string => version.split('.')[0] ?? '';
  const odd = versions.find(({ version }) => majorOf(version) !== majorOf(first.version));
  if (odd !== undefined) return no(`${first.from} says version ${first.version}, ${odd.from} says ${odd.version}`);
  const full = versions.find(({ version }) => version.includes('.')) ?? first;
  return makeOs(family.family, full.version, arch);
}

/** Later 6.x have the product's name in `packages.xenserver` alone: what is in `packages.main` may be called after the platform. */
async function askXenServer(files: TreeFiles): Promise<Evidence | undefined> {
  let nameless: Evidence | undefined;
  for (const directory of ['packages.xenserver', 'packages.main']) {
    const path = below(directory, 'XS-REPOSITORY');
    const bytes = await readSmall(files, path, MAX_SMALL);
    if (bytes === undefined) continue;
    const evidence = xsRepositoryEvidence(bytes, path);
    if (evidence.family !== undefined) return evidence;
    nameless ??= evidence;
  }
  return nameless;
}

async function askDiscinfo(files: TreeFiles): Promise<Evidence | undefined> {
  const bytes = await readSmall(files, '.discinfo', MAX_SMALL);
  return bytes === undefined ? undefined : discinfoEvidence(bytes);
}

async function askMediaRepo(files: TreeFiles): Promise<Evidence | undefined> {
  const bytes = await readSmall(files, 'media.repo', MAX_SMALL);
  return bytes === undefined ? undefined : mediaRepoEvidence(bytes);
}

async function askPackages(files: TreeFiles): Promise<Evidence | undefined> {
  const names: string[] = [];
  for (const directory of PACKAGE_DIRECTORIES) {
    const place = await files.find(directory);
    if (place.kind === 'directory') names.push(...place.names.map(({ name }) => name));
  }
  return names.length === 0 ? undefined : packagesEvidence(names);
}

/** The bytes of a file of the tree, or undefined where there is none. A longer one is `Malformed`. */
export async function readSmall(files: TreeFiles, path: string, limitBytes: number): Promise<Uint8Array | undefined> {
  const place = await files.find(path);
  return place.kind === 'file' ? files.read(place, limitBytes) : undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
