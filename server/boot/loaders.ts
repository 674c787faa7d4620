// Which loader a boot client is given, of those that the catalog has: look-ups over plain data. Pure; where loaders lie is not known here.

import type { Firmware } from '../domain.ts';
import type { LoaderArch, LoaderCatalog, LoaderFile, LoaderSet } from '../loaders.ts';
import { originText, uefiNames } from '../loaders.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { LoaderStock } from './choose.ts';
import type { GivenLoader, Loaders } from './namespace.ts';

/** A set, or that there is none. */
export type FoundSet<F> = { readonly kind: 'set'; readonly set: LoaderSet<F> } | No;

const pxelinuxRemedy =
  'install the packages pxelinux and syslinux-common (Debian, Ubuntu) or syslinux-tftpboot (RHEL, Fedora), or add a tree that carries it';
const ipxeRemedy = 'install the package ipxe (Debian, Ubuntu) or ipxe-bootimgs-x86 (RHEL, Fedora)';

/** The first set with a pxelinux that can run. Mixing builds hangs machines: all its files come from that one set. */
export function pxelinuxSet<F>(catalog: LoaderCatalog<F>): FoundSet<F> {
  const set = catalog.sets.find(({ family }) => family === 'pxelinux');
  return set === undefined
    ? no('no pxelinux was found in any tree or on this system', pxelinuxRemedy)
    : { kind: 'set', set };
}

/**
 * The chain that boots `tree` on `arch`: its own, which alone is sure to trust the tree's kernel where Secure Boot is on,
 * else this system's. Without a tree: this system's, else any with a shim, else any.
 */
export function uefiChain<F>(
  catalog: LoaderCatalog<F>,
  wanted: { readonly tree: string | undefined; readonly arch: Firmware['arch'] },
): FoundSet<F> {
  const { tree, arch } = wanted;
  if (arch === 'other') return no('no loader is made for this architecture');
  const chains = catalog.sets.filter((set) => set.family === 'uefi' && set.arch === arch);
  const own = chains.find(({ origin }) => origin.kind !== 'host' && origin.tree === tree);
  const others = tree === undefined ? [chains.find(hasShim), chains[0]] : [];
  const found = [own, chains.find(({ origin }) => origin.kind === 'host'), ...others].find((set) => set !== undefined);
  if (found !== undefined) return { kind: 'set', set: found };
  const where = tree === undefined ? 'any tree' : `the tree ${tree}`;
  return no(`neither ${where} nor this system has a UEFI loader for ${arch}`, grubRemedy(arch));
}

function grubRemedy(arch: LoaderArch): string {
  const debian = { x86_64: 'grub-efi-amd64-bin', i386: 'grub-efi-ia32-bin', aarch64: 'grub-efi-arm64-bin' }[arch];
  return `use a tree with its EFI directory, or install ${debian} (Debian, Ubuntu)`;
}

/** Does the chain begin with a shim, so that it may pass Secure Boot? */
export function hasShim<F>(set: LoaderSet<F>): boolean {
  return set.files.has(`shim${uefiNames[set.arch].suffix}.efi`);
}

/** What firmware is given first of a chain: its shim, or its GRUB where it has none. */
export function firstOfChain<F>(set: LoaderSet<F>): string {
  return `${hasShim(set) ? 'shim' : 'grub'}${uefiNames[set.arch].suffix}.efi`;
}

/** GRUB's modules that fit the GRUB of `chain`: those of the same origin. */
export function grubModules<F>(catalog: LoaderCatalog<F>, chain: LoaderSet<F>): LoaderSet<F> | undefined {
  const origin = originText(chain.origin);
  return catalog.sets.find(
    (set) => set.family === 'grub-modules' && set.arch === chain.arch && originText(set.origin) === origin,
  );
}

/** An iPXE by its name: this system's, which an operator installed on purpose, else the first of a tree. */
export function ipxeFile<F>(
  catalog: LoaderCatalog<F>,
  name: string,
): { readonly set: LoaderSet<F>; readonly file: LoaderFile<F> } | No {
  const sets = catalog.sets.filter(({ family }) => family === 'ipxe');
  const hosts = sets.filter(({ origin }) => origin.kind === 'host');
  for (const set of [...hosts, ...sets]) {
    const file = set.files.get(name);
    if (file !== undefined) return { set, file };
  }
  return no(`no ${name} was found in any tree or on this system`, ipxeRemedy);
}

const IPXE_NAME = /^(?:undionly|ipxe|snponly)\b/;

/** The catalog as the boot namespace asks it. */
export function loadersOf<F>(catalog: LoaderCatalog<F>): Loaders<F> {
  const pxelinux = pxelinuxSet(catalog);
  return {
    named: (name) => {
      if (!IPXE_NAME.test(name)) return isNo(pxelinux) ? pxelinux : givenOf(pxelinux.set, name);
      const found = ipxeFile(catalog, name);
      return isNo(found) ? found : givenOf(found.set, name);
    },
    ofChain: (tree, name) => {
      const arch = archOf(name);
      if (arch === undefined) return no(`no loader is called ${name}`);
      const found = uefiChain(catalog, { tree, arch });
      return isNo(found) ? found : givenOf(found.set, /^boot/.test(name) ? firstOfChain(found.set) : name);
    },
    grubModule: (tree, platform, name) => {
      const arch = archs.find((one) => uefiNames[one].platform === platform);
      const chain = arch === undefined ? no('no such platform') : uefiChain(catalog, { tree, arch });
      if (isNo(chain)) return chain;
      const modules = grubModules(catalog, chain.set);
      return modules === undefined
        ? no(`no modules fit the GRUB of ${originText(chain.set.origin)}`)
        : givenOf(modules, `${platform}/${name}`);
    },
  };
}

const archs: readonly LoaderArch[] = ['x86_64', 'i386', 'aarch64'];

/** By the suffix that UEFI programs carry. */
function archOf(name: string): LoaderArch | undefined {
  return archs.find((arch) => name.endsWith(`${uefiNames[arch].suffix}.efi`));
}

function givenOf<F>(set: LoaderSet<F>, name: string): GivenLoader<F> | No {
  const found = set.files.get(name);
  if (found === undefined) return no(`the ${set.family} of ${originText(set.origin)} has no ${name}`);
  const tree = set.origin.kind === 'host' ? undefined : set.origin.tree;
  return { file: found.file, origin: originText(set.origin), tree };
}

/** The catalog as the choice of a first program asks it. A tree's own chain is asked for by that tree's name. */
export function stockOf<F>(catalog: LoaderCatalog<F>): LoaderStock {
  const loaders = loadersOf(catalog);
  return {
    has: (name) => {
      const found = loaders.named(name);
      return isNo(found) ? found : undefined;
    },
    firstOfChain: (tree, arch) => {
      const found = uefiChain(catalog, { tree, arch });
      if (isNo(found)) return found;
      const { origin } = found.set;
      const name = firstOfChain(found.set);
      return origin.kind === 'host' ? name : `loaders/${origin.tree}/${name}`;
    },
  };
}
