// What a parsed .treeinfo, in whichever dialect, makes of a tree at a URL: the files and repositories to bring. Pure.

import { Malformed } from '../../../server/malformed.ts';
import { parseChecksum, type Checksum } from '../../rpm/checksum.ts';
import type { RelativePath } from '../../rpm/href.ts';
import { treeinfoEvidence } from '../evidence.ts';
import { cleanPath } from '../path.ts';
import type { Treeinfo, TreeVariant } from '../treeinfo.ts';
import { isHypervisor, usualFiles, usualRepositories, type UsualOf } from './usual.ts';
import {
  mergeFiles,
  pathInTree,
  told,
  type Need,
  type TreeFile,
  type TreePlan,
  type TreeRepository,
} from './wanted.ts';

const WHERE = '.treeinfo';
const LIMIT_REPOSITORIES = 50;
const LIMIT_FILES = 5000;
const REPOMD = /(?:^|\/)repodata\/repomd\.xml$/;
/** All versions of XenServer and XCP-ng boot these three; their .treeinfo names two of them by wrong words, or none. */
const XEN_BOOT = ['boot/xen.gz', 'boot/vmlinuz', 'install.img'];
const LINUX_BOOT = { kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' };

/**
 * Plans the tree. `keys` are the values of its [keys] (XCP-ng). What leads out of the tree is left out with a note: a file
 * outside would have no place in what is published, and a split tree's AppStream is a repo of its own. Throws `Malformed` for
 * a path or digest that is none, or too many of them.
 */
export function planTree(treeinfo: Treeinfo, keys: readonly string[] = []): TreePlan {
  const of = usualOf(treeinfo);
  const sums = readSums(treeinfo);
  const isXen = of.family !== undefined && isHypervisor(of.family);
  const outside = new Set<string>();
  const file = (text: string, need: Need): readonly TreeFile[] => {
    const path = pathInTree(text, WHERE);
    if (path !== undefined) return [{ path, need, checksum: sums.known.get(path), sizeBytes: undefined }];
    if (need === 'required') throw new Malformed(`the tree needs a file outside of it: ${told(text)}`, WHERE);
    outside.add(`${told(text)} lies outside the tree and is left out`);
    return [];
  };
  const wanted = [
    ...(isXen ? XEN_BOOT.flatMap((path) => file(path, 'required')) : linuxBoot(treeinfo, of.arch, file)),
    ...imagePaths(treeinfo).flatMap((path) => file(path, 'named')),
    ...[...sums.files, ...keys].flatMap((path) => file(path, 'named')),
    ...usualFiles(of).flatMap((path) => file(path, 'usual')),
  ];
  if (wanted.length > LIMIT_FILES) throw new Malformed('too many files', WHERE);
  const { repositories, notes } = planRepositories(treeinfo, of, sums.repomd);
  return { files: mergeFiles(wanted), repositories, notes: [...sums.notes, ...outside, ...notes] };
}

function usualOf(treeinfo: Treeinfo): UsualOf {
  const { family, version, arch } = treeinfoEvidence(treeinfo);
  return { family, major: Number(/^\d{1,4}/.exec(version ?? '')?.[0] ?? 0), arch: arch ?? '' };
}

type AsFile = (text: string, need: Need) => readonly TreeFile[];

/** Kernel and initrd of the tree's own architecture, and its second stage. Where none is named, installers ask for the usual ones. */
function linuxBoot({ images, stage2 }: Treeinfo, arch: string, file: AsFile): readonly TreeFile[] {
  const own = images.get(arch);
  const boot = [own?.get('kernel') || LINUX_BOOT.kernel, own?.get('initrd') || LINUX_BOOT.initrd];
  const second =
    stage2 === undefined
      ? ['images/install.img', 'LiveOS/squashfs.img'].flatMap((path) => file(path, 'usual'))
      : file(stage2, 'required');
  return [...boot.flatMap((path) => file(path, 'required')), ...second];
}

function imagePaths({ images }: Treeinfo): readonly string[] {
  return [...images.values()].flatMap((named) => [...named.values()]).filter((path) => path !== '');
}

type Sums = {
  /** By clean path. */
  readonly known: ReadonlyMap<string, Checksum>;
  /** Paths of files that are no repomd.xml, as written. */
  readonly files: readonly string[];
  /** Directory of the repository → checksum of its repomd.xml. */
  readonly repomd: ReadonlyMap<string, Checksum>;
  readonly notes: readonly string[];
};

/** What else lies in a repodata is vouched for by the repomd.xml there. */
function readSums({ checksums }: Treeinfo): Sums {
  const known = new Map<string, Checksum>();
  const repomd = new Map<string, Checksum>();
  const files: string[] = [];
  const notes: string[] = [];
  for (const { path: written, algorithm, digest } of checksums) {
    const path = cleanPath(written);
    const isRepomd = REPOMD.test(path ?? '');
    if (!isRepomd && !/(?:^|\/)repodata\//.test(written)) files.push(written);
    if (path === undefined) continue;
    const checksum = COMPUTED.has(algorithm) ? parseChecksum(algorithm, digest, told(written)) : undefined;
    if (checksum === undefined) notes.push(`the checksum of ${told(path)} is of an unknown kind: ${told(algorithm)}`);
    else if (isRepomd) repomd.set(path.replace(REPOMD, ''), checksum);
    else known.set(path, checksum);
  }
  return { known, files, repomd, notes };
}

const COMPUTED: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']);

type Repositories = Pick<TreePlan, 'repositories' | 'notes'>;

/** The root first: what a RHEL 6 medium has there is the content of its `Server` too. */
function planRepositories(treeinfo: Treeinfo, of: UsualOf, sums: ReadonlyMap<string, Checksum>): Repositories {
  const found = new Map<string, TreeRepository>();
  const notes: string[] = [];
  const add = (path: RelativePath | '', need: Need): void => {
    if (found.has(path)) return;
    found.set(path, { path, need, checksum: sums.get(path) });
  };
  for (const variant of treeinfo.variants) {
    if (variant.repository === undefined) continue;
    const path = repositoryPath(variant.repository);
    if (path === undefined) notes.push(outsideNote(variant, variant.repository));
    else add(path, needOf(variant, of));
  }
  for (const directory of sums.keys()) add(directory === '' ? '' : inTree(directory), 'named');
  const general = treeinfo.general.get('repository');
  const named = general === undefined ? undefined : repositoryPath(general);
  const isNamed = treeinfo.variants.some(({ repository }) => repository !== undefined);
  const guessed = isNamed ? [] : usualRepositories(of).map(inTree);
  for (const path of [named ?? '', '', ...guessed] as const) add(path, 'usual');
  if (found.size > LIMIT_REPOSITORIES) throw new Malformed('too many repositories', WHERE);
  const rootFirst = [...found.values()].toSorted((a, b) => Number(a.path !== '') - Number(b.path !== ''));
  return { repositories: rootFirst, notes };
}

/** An add-on that a mirror lacks spoils no install; of RHEL 6 the root has all that `Server` has. */
function needOf({ kind }: TreeVariant, { family, major }: UsualOf): Need {
  const hasTwin = major === 6 && (family === 'rhel' || family === 'oracle');
  return kind === 'variant' && !hasTwin ? 'required' : 'named';
}

/** RHEL 6.0 to 6.5 name the repodata directory where the repository is meant. Undefined where it leads out of the tree. */
function repositoryPath(written: string): RelativePath | '' | undefined {
  const clean = cleanPath(written.replace(/(?:^|\/)repodata\/*$/, '') || '.');
  return clean === undefined || clean === '' ? clean : inTree(clean);
}

function inTree(path: string): RelativePath {
  const inside = pathInTree(path, WHERE);
  if (inside === undefined) throw new Malformed(`not a path in the tree: ${told(path)}`, WHERE);
  return inside;
}

function outsideNote({ id }: TreeVariant, repository: string): string {
  return `${told(id)} lies outside the tree, at ${told(repository)}: mirror it as a repo, and name that in the profile`;
}
