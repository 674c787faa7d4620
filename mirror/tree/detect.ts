// What a tree installs and with which files: checked in the tree itself, or expected of one that is not there yet. Reads only
// through the tree it is given.

import type { BootFiles, Os, TreeFacts } from '../../server/domain.ts';
import { isNo, no } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import type { TreeFiles } from '../content/place.ts';
import { identifyTree, readSmall } from './identify.ts';
import { below, cleanPath } from './path.ts';
import { parseTreeinfo } from './treeinfo.ts';
import type { Treeinfo, TreeVariant } from './treeinfo.ts';

const MAX_TREEINFO = 512 * 1024;
const REMEDY = 'use the whole install medium (the DVD image, or all of its files)';
const LINUX_BOOT: BootFiles = { kind: 'linux', kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' };
/** All versions of XenServer and XCP-ng keep these three at the same place. */
const XEN_BOOT: BootFiles = { kind: 'xen', xen: 'boot/xen.gz', kernel: 'boot/vmlinuz', initrd: 'install.img' };

/**
 * The facts of a tree, each boot file and repository checked to be there. A `No` tells what is missing or contradictory.
 * Throws `Malformed` where a file that should describe the tree cannot be read, or the image is damaged.
 */
export async function detectTree(files: TreeFiles): Promise<TreeFacts | No> {
  const treeinfo = await readTreeinfo(files);
  const os = await identifyTree(files, treeinfo);
  if (isNo(os)) return os;
  const boot = isXen(os) ? expectedFacts(os).boot : linuxBoot(os, treeinfo);
  const missing = await firstMissing(files, bootPaths(boot));
  if (missing !== undefined) return no(`the tree has no ${missing.what}: ${missing.path}`, REMEDY);
  const stage2 = isXen(os) ? undefined : await detectStage2(files, os, treeinfo);
  if (isNo(stage2)) return stage2;
  const repositories = await detectRepositories(files, os, treeinfo);
  const needed = !isXen(os) || os.major >= 7;
  if (needed && repositories.length === 0)
    return no('the tree has no package repository (a net-install image?)', REMEDY);
  return { os, boot, stage2, repositories };
}

async function readTreeinfo(files: TreeFiles): Promise<Treeinfo | undefined> {
  for (const name of ['.treeinfo', 'treeinfo']) {
    const bytes = await readSmall(files, name, MAX_TREEINFO);
    if (bytes !== undefined) return parseTreeinfo(bytes, name);
  }
  return undefined;
}

function linuxBoot(os: Os, treeinfo: Treeinfo | undefined): BootFiles {
  const images = treeinfo?.images.get(os.arch);
  const usual = { kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' };
  // A path that leaves the tree is kept as written: it is then reported as missing.
  const pathOf = (key: 'kernel' | 'initrd'): string => {
    const written = images?.get(key);
    return written ? (cleanPath(written) ?? written) : usual[key];
  };
  return { kind: 'linux', kernel: pathOf('kernel'), initrd: pathOf('initrd') };
}

type Named = { readonly what: string; readonly path: string };

function bootPaths(boot: BootFiles): readonly Named[] {
  const xen = boot.kind === 'xen' ? [{ what: 'hypervisor', path: boot.xen }] : [];
  return [...xen, { what: 'kernel', path: boot.kernel }, { what: 'initrd', path: boot.initrd }];
}

async function firstMissing(files: TreeFiles, wanted: readonly Named[]): Promise<Named | undefined> {
  for (const named of wanted) {
    if (!(await isFile(files, named.path))) return named;
  }
  return undefined;
}

async function detectStage2(files: TreeFiles, os: Os, treeinfo: Treeinfo | undefined): Promise<string | No> {
  const named = treeinfo?.stage2;
  const usual = expectedFacts(os).stage2 ?? '';
  const candidates =
    named === undefined ? [usual, 'images/install.img', 'LiveOS/squashfs.img'] : [cleanPath(named) ?? named];
  for (const path of candidates) {
    if (await isFile(files, path)) return path;
  }
  return no(`the tree has no second stage: ${candidates[0]}`, REMEDY);
}

const ROOT_REPOSITORY = { id: 'base', path: '' };

/**
 * The repositories that the tree names, and those such a tree should have, as far as they are there; base first. A root
 * that is neither counts where nothing else does.
 */
async function detectRepositories(
  files: TreeFiles,
  os: Os,
  treeinfo: Treeinfo | undefined,
): Promise<TreeFacts['repositories']> {
  const named = (treeinfo?.variants ?? []).flatMap((variant) => namedRepositories(os, variant));
  const unnamed = isRhel6(os) ? [{ id: 'Server', path: 'Server' }] : [];
  const found: { id: string; path: string }[] = [];
  for (const repository of [...named, ...expectedFacts(os).repositories, ...unnamed]) {
    if (found.some(({ id, path }) => id === repository.id || path === repository.path)) continue;
    if (await isRepository(files, repository.path)) found.push(repository);
  }
  if (found.length === 0 && (await isRepository(files, ''))) return [ROOT_REPOSITORY];
  return found.toSorted((one, other) => Number(other.id === 'BaseOS') - Number(one.id === 'BaseOS'));
}

/**
 * Where a variant's packages are, the better place first. The root of a RHEL 6 medium has the same repository as its
 * `Server`, and the packages right below it; `Server` may depend on a link to them, which copies of a medium lose.
 */
function namedRepositories(os: Os, { id, kind, repository }: TreeVariant): TreeFacts['repositories'] {
  const path = repository === undefined ? undefined : repositoryPath(repository);
  if (path === undefined) return [];
  const places = isRhel6(os) && kind === 'variant' ? ['', path] : [path];
  return places.map((place) => ({ id, path: place }));
}

/** RHEL 6.0 to 6.5 name the repodata directory where the repository is meant. */
function repositoryPath(written: string): string | undefined {
  return cleanPath(written.replace(/(?:^|\/)repodata\/*$/, '') || '.');
}

async function isRepository(files: TreeFiles, path: string): Promise<boolean> {
  return isFile(files, below(path, 'repodata/repomd.xml'));
}

async function isFile(files: TreeFiles, path: string): Promise<boolean> {
  return (await files.find(path)).kind === 'file';
}

/** The facts of a full medium (DVD) of `os`: what a site is checked, rendered and bundled with until the medium is there. */
export function expectedFacts(os: Os): TreeFacts {
  if (isXen(os)) return { os, boot: XEN_BOOT, stage2: undefined, repositories: xenRepositories(os) };
  return { os, boot: LINUX_BOOT, stage2: expectedStage2(os), repositories: linuxRepositories(os) };
}

/** Does `os` boot by Xen's multiboot chain? */
function isXen(os: Pick<Os, 'family'>): boolean {
  return os.family === 'xenserver' || os.family === 'xcp-ng';
}

/** RPM repositories came with XenServer 7; before, packages lay in directories with an index of their own. */
function xenRepositories(os: Os): TreeFacts['repositories'] {
  return os.major >= 7 ? [{ id: 'main', path: '' }] : [];
}

function expectedStage2(os: Os): string {
  if (os.family === 'fedora') return os.major < 17 || os.major >= 30 ? 'images/install.img' : 'LiveOS/squashfs.img';
  return os.major === 7 ? 'LiveOS/squashfs.img' : 'images/install.img';
}

function linuxRepositories(os: Os): TreeFacts['repositories'] {
  if (os.family === 'fedora') return [{ id: 'Everything', path: '' }];
  if (os.major >= 8) return ['BaseOS', 'AppStream'].map((id) => ({ id, path: id }));
  return [{ id: isRed(os) ? 'Server' : 'base', path: '' }];
}

function isRhel6(os: Os): boolean {
  return isRed(os) && os.major === 6;
}

/** Those whose media have variants. */
function isRed({ family }: Os): boolean {
  return family === 'rhel' || family === 'oracle';
}
