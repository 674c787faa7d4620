// Which loader file is given, and where it comes from: the tree that carries it, else the host system's packages.

import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';

/** A place loaders may come from. `paths`: loader name → the paths to try there, best first. */
export type LoaderOrigin<F> = {
  readonly name: string;
  readonly paths: Readonly<Record<string, readonly string[]>>;
  find(path: string): Promise<F | No>;
};

/** One loader file and its origin, for people. */
export type Loader<F> = { readonly file: F; readonly origin: string; readonly path: string };

/** pxelinux and the modules of the same build. Mixing builds hangs machines: a set comes from one origin, whole. */
export type LoaderSet<F> = { readonly loaders: ReadonlyMap<string, Loader<F>>; readonly origin: string };

/** Where a XenServer or XCP-ng medium carries pxelinux and mboot.c32 (boot/pxelinux/, all versions). */
export const treeLoaderPaths: LoaderOrigin<unknown>['paths'] = {
  'pxelinux.0': ['boot/pxelinux/pxelinux.0'],
  'ldlinux.c32': ['boot/pxelinux/ldlinux.c32'],
  'libcom32.c32': ['boot/pxelinux/libcom32.c32'],
  'mboot.c32': ['boot/pxelinux/mboot.c32'],
};

/** Where distributions install them: Debian and Ubuntu (pxelinux, syslinux-common), then RHEL and Fedora (syslinux). */
export const hostLoaderPaths: LoaderOrigin<unknown>['paths'] = {
  'pxelinux.0': ['/usr/lib/PXELINUX/pxelinux.0', '/usr/share/syslinux/pxelinux.0', '/tftpboot/pxelinux.0'],
  'lpxelinux.0': ['/usr/lib/PXELINUX/lpxelinux.0', '/usr/share/syslinux/lpxelinux.0', '/tftpboot/lpxelinux.0'],
  ...Object.fromEntries(
    ['ldlinux', 'libcom32', 'libutil', 'mboot', 'chain', 'menu', 'vesamenu', 'reboot', 'poweroff'].map((name) => [
      `${name}.c32`,
      [`/usr/lib/syslinux/modules/bios/${name}.c32`, `/usr/share/syslinux/${name}.c32`, `/tftpboot/${name}.c32`],
    ]),
  ),
};

/** What to do where no origin has pxelinux. */
const loaderRemedy =
  'install the packages pxelinux and syslinux-common (Debian, Ubuntu) or syslinux-tftpboot (RHEL, Fedora), or add a XenServer tree';

/**
 * The first origin's set that holds a `pxelinux.0` which can run: since 5.00 it needs `ldlinux.c32` beside it, before
 * that it has all in one file. `isOldBuild` tells which a file is.
 */
export async function findLoaderSet<F>(
  origins: readonly LoaderOrigin<F>[],
  isOldBuild: (pxelinux: F) => Promise<boolean>,
): Promise<LoaderSet<F> | No> {
  for (const origin of origins) {
    const loaders = await loadersOf(origin);
    const pxelinux = loaders.get('pxelinux.0');
    if (pxelinux === undefined) continue;
    if (loaders.has('ldlinux.c32') || (await isOldBuild(pxelinux.file))) return { loaders, origin: origin.name };
  }
  return no('no pxelinux was found in any tree or on this system', loaderRemedy);
}

async function loadersOf<F>(origin: LoaderOrigin<F>): Promise<Map<string, Loader<F>>> {
  const found = new Map<string, Loader<F>>();
  for (const [name, paths] of Object.entries(origin.paths)) {
    const loader = await firstOf(origin, paths);
    if (loader !== undefined) found.set(name, loader);
  }
  return found;
}

async function firstOf<F>(origin: LoaderOrigin<F>, paths: readonly string[]): Promise<Loader<F> | undefined> {
  for (const path of paths) {
    const file = await origin.find(path);
    if (!isNo(file)) return { file, origin: origin.name, path };
  }
  return undefined;
}
