// Where loaders fetch a tree's boot files, in each loader's spelling, and what may be shown on a console. Pure.

import type { BootFiles, Install, InstallerArguments } from '../domain.ts';
import { Malformed } from '../malformed.ts';

/** What a script must know of the place it is read at. */
export type BootPlace = {
  /** `http://192.168.168.26` or with a port; no slash at the end. */
  readonly origin: string;
  /** For pxelinux alone: the build that asks reads `http://` (lpxelinux.0). GRUB and iPXE find out by themselves. */
  readonly http?: boolean;
};

/** What is started and what it is told, of the same kind. */
export type Start =
  | {
      readonly kind: 'linux';
      readonly boot: Extract<BootFiles, { kind: 'linux' }>;
      readonly args: Extract<InstallerArguments, { kind: 'linux' }>;
    }
  | {
      readonly kind: 'xen';
      readonly boot: Extract<BootFiles, { kind: 'xen' }>;
      readonly args: Extract<InstallerArguments, { kind: 'xen' }>;
    };

/** The files of `install`'s tree with `args`. Throws `Malformed` where one is for Linux and the other for Xen. */
export function startOf(install: Install, args: InstallerArguments): Start {
  const { boot } = install.tree.facts;
  if (boot.kind === 'linux' && args.kind === 'linux') return { kind: 'linux', boot, args };
  if (boot.kind === 'xen' && args.kind === 'xen') return { kind: 'xen', boot, args };
  throw new Malformed(`the arguments are for ${args.kind}, the tree boots ${boot.kind}`, install.tree.name);
}

/** The URL of the boot namespace's name `name`, as `boot/trees/rhel6/…` or `boot/grubx64.efi`. */
export function bootUrl({ origin }: BootPlace, name: string): string {
  return `http://${authorityOf(origin)}/${plainPath(name)}`;
}

/** The two places GRUB may fetch a tree's files from, in GRUB's notation for devices (GRUB manual, "Network boot"). */
export function grubTreePlaces({ origin }: BootPlace, tree: string): readonly string[] {
  const authority = authorityOf(origin);
  const name = plainPath(tree);
  // TFTP has one port, 69: what else HTTP's port says nothing about it.
  return [`(http,${authority})/boot/trees/${name}`, `(tftp,${authority.replace(/:\d+$/, '')})/trees/${name}`];
}

/**
 * `path` if it is plain enough for every loader: no blanks, quotes or anything a URL, a GRUB device or pxelinux's list of
 * initrds (which is split at commas) reads as its own. Throws `Malformed` otherwise: a medium can name its kernel as it likes.
 */
export function plainPath(path: string): string {
  if (/^[A-Za-z0-9_.+~@-]+(?:\/[A-Za-z0-9_.+~@-]+)*$/.test(path)) return path;
  throw new Malformed('a boot file has a name that loaders cannot ask for', JSON.stringify(path.slice(0, 80)));
}

/** `text` for a console or a comment: one line of letters that no loader's language gives a meaning to. */
export function consoleText(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9 .,:/_@+=-]/g, ' ')
    .slice(0, 200)
    .trimEnd();
}

function authorityOf(origin: string): string {
  const authority = /^http:\/\/([A-Za-z0-9.-]+(?::\d+)?)$/.exec(origin)?.[1];
  if (authority === undefined) throw new Malformed('not an origin that loaders can ask', JSON.stringify(origin));
  return authority;
}
