// Loaders that lie loose: a tree's and the host's, found by their paths; which build of pxelinux, shim or GRUB a file is. Running.

import type { LoaderArch, LoaderFile, LoaderSet } from '../../server/loaders.ts';
import { uefiNames } from '../../server/loaders.ts';
import type { DirectoryName, FilePlace, TreeFiles } from '../content/place.ts';
import type { Layout } from './names.ts';
import { efiKind } from './pe.ts';

/** A set whose origin is not told yet: it is read once and may belong to a tree under any name. */
export type OwnSet = Omit<LoaderSet<FilePlace>, 'origin'>;
type Files = ReadonlyMap<string, LoaderFile<FilePlace>>;

/** Longer files are not looked into: no shim or pxelinux is. */
const LIMIT_LOOK_BYTES = 4 * 1024 * 1024;

/** The set that lies as `layout` says, or undefined. */
export async function readLayout(files: TreeFiles, layout: Layout): Promise<OwnSet | undefined> {
  const found = new Map<string, LoaderFile<FilePlace>>();
  for (const [name, paths] of Object.entries(layout.files)) {
    const loader = await firstOf(files, paths);
    if (loader !== undefined) found.set(name, loader);
  }
  if (found.size === 0 || layout.needs.some((name) => !found.has(name))) return undefined;
  return { family: layout.family, arch: layout.arch, files: found };
}

async function firstOf(files: TreeFiles, paths: readonly string[]): Promise<LoaderFile<FilePlace> | undefined> {
  for (const path of paths) {
    const place = await files.find(path.replace(/^\//, ''));
    if (place.kind === 'file') return { file: place, path };
  }
  return undefined;
}

/** Why a pxelinux set cannot run, or undefined: since 5.00 it needs `ldlinux.c32` beside it, before that it has all in one file. */
export async function pxelinuxObstacle(files: TreeFiles, set: Files): Promise<string | undefined> {
  const program = set.get('pxelinux.0');
  if (program === undefined || set.has('ldlinux.c32')) return undefined;
  // What asks for it names it (SYSLINUX wiki, "Common Problems").
  const content = await look(files, program.file);
  return content.includes('ldlinux.c32') ? 'its pxelinux.0 needs an ldlinux.c32, which is not there' : undefined;
}

/** Vendors' directories below EFI: XenServer's own GRUB believes to be in its own; the other is for removable media. */
const EFI_DIRECTORIES = ['xenserver', 'boot'];

/**
 * The UEFI chain that lies in a tree. `EFI/BOOT/BOOTX64.EFI` is a shim with `grubx64.efi` beside it, or is a GRUB itself. Names are
 * compared without regard to case: they come from a FAT image. Undefined where there is no GRUB of version 2.
 */
export async function readTreeChain(files: TreeFiles, arch: LoaderArch): Promise<OwnSet | undefined> {
  const efi = await files.find('EFI');
  if (efi.kind !== 'directory') return undefined;
  for (const wanted of EFI_DIRECTORIES) {
    const own = efi.names.find(({ name }) => name.toLowerCase() === wanted);
    if (own === undefined) continue;
    const chain = await readChain(files, { directory: `EFI/${own.name}`, arch });
    if (chain !== undefined) return { family: 'uefi', arch, files: chain };
  }
  return undefined;
}

type ChainAt = { readonly directory: string; readonly arch: LoaderArch };

async function readChain(files: TreeFiles, { directory, arch }: ChainAt): Promise<Files | undefined> {
  const place = await files.find(directory);
  if (place.kind !== 'directory') return undefined;
  const { suffix } = uefiNames[arch];
  const [shim, grub] = [`shim${suffix}.efi`, `grub${suffix}.efi`];
  const found = new Map<string, LoaderFile<FilePlace>>();
  for (const { name } of place.names.filter((one) => isOfChain(one, suffix))) {
    const loader = await firstOf(files, [`${directory}/${name}`]);
    if (loader !== undefined) found.set(name.toLowerCase(), loader);
  }
  const boot = found.get(`boot${suffix}.efi`);
  found.delete(`boot${suffix}.efi`);
  if (boot !== undefined) {
    const kind = efiKind(await look(files, boot.file));
    const name = { shim, grub, other: undefined }[kind];
    if (name !== undefined && !found.has(name)) found.set(name, boot);
  }
  if (!found.has(grub)) return undefined;
  const font = await firstOf(files, [`${directory}/fonts/unicode.pf2`]);
  if (font !== undefined) found.set('unicode.pf2', font);
  return found;
}

/** Programs of this architecture, older shims' MokManager, and what newer shims look for beside themselves. */
function isOfChain({ name, kind }: DirectoryName, suffix: string): boolean {
  const own = new RegExp(
    `^(?:(?:boot|shim|grub|mm)${suffix}|mokmanager|revocations(?:_[a-z]+)?|shim_certificate(?:_\\d+)?)\\.efi$`,
    'i',
  );
  return kind === 'file' && own.test(name);
}

async function look(files: TreeFiles, place: FilePlace): Promise<Buffer> {
  if (place.sizeBytes > LIMIT_LOOK_BYTES) return Buffer.alloc(0);
  return Buffer.from(await files.read(place, LIMIT_LOOK_BYTES));
}

/** GRUB's run-time modules in a directory of the host, under `x86_64-efi/NAME`; undefined where there are none. */
export async function readModules(
  files: TreeFiles,
  { arch, directory }: { readonly arch: LoaderArch; readonly directory: string },
): Promise<OwnSet | undefined> {
  const place = await files.find(directory.replace(/^\//, ''));
  if (place.kind !== 'directory') return undefined;
  const found = new Map<string, LoaderFile<FilePlace>>();
  for (const { name, kind } of place.names) {
    if (kind !== 'file' || !/^[a-z0-9_-]{1,40}\.(?:mod|lst)$/.test(name)) continue;
    const loader = await firstOf(files, [`${directory}/${name}`]);
    if (loader !== undefined) found.set(`${uefiNames[arch].platform}/${name}`, loader);
  }
  // Without the one that reads configurations they are remains of something else.
  return found.has(`${uefiNames[arch].platform}/normal.mod`)
    ? { family: 'grub-modules', arch, files: found }
    : undefined;
}
