// The virtual boot namespace: what a name asked over TFTP or HTTP means. Names are looked up, never joined to a path.

import type { MacAddress } from '../address.ts';
import { parseMac } from '../address.ts';
import type { No } from '../malformed.ts';
import { Malformed, no } from '../malformed.ts';

/** What a boot client asked for. */
export type BootName =
  /** A loader or a module of one: `pxelinux.0`, `ldlinux.c32`; `tree`: it was asked as `loaders/TREE/grubx64.efi`. */
  | { readonly kind: 'loader'; readonly file: string; readonly tree: string | undefined }
  /** A loader's configuration, and whom the file name says it is for. */
  | { readonly kind: 'config'; readonly loader: ConfigLoader; readonly of: ConfigOwner }
  /** A part of GRUB that it loads at run time: `x86_64-efi/http.mod`. */
  | {
      readonly kind: 'grub-module';
      readonly platform: string;
      readonly file: string;
      readonly tree: string | undefined;
    }
  /** A boot file of a tree: `trees/rhel6/images/pxeboot/vmlinuz`. */
  | { readonly kind: 'tree-file'; readonly tree: string; readonly path: string }
  /** A name that loaders try and do without. */
  | { readonly kind: 'probe'; readonly file: string };

export type ConfigLoader = 'pxelinux' | 'grub' | 'ipxe';

/**
 * pxelinux and GRUB ask by UUID, by MAC, by parts of the IPv4 address, and for a last one that is everybody's
 * (SYSLINUX wiki, "PXELINUX"; GRUB manual, "Network boot"). `anyone` is that last one.
 */
export type ConfigOwner =
  | { readonly kind: 'mac'; readonly mac: MacAddress }
  | { readonly kind: 'uuid'; readonly uuid: string }
  | { readonly kind: 'address'; readonly hex: string }
  /** Our own name for whoever asks: a GRUB that does not know its MAC, which DHCP has told us. */
  | { readonly kind: 'asker' }
  | { readonly kind: 'anyone' };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PLAIN = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
/** What a loader or one of its modules is called, wherever its client believes it to lie. */
const LOADER_FILE = /^[a-z0-9][a-z0-9._-]{0,58}\.(?:0|c32|efi|kpxe|kkpxe|pxe|lkrn|efi\.signed)$/i;
const GRUB_PLATFORM = /^(?:x86_64|i386|arm64)-(?:efi|pc)$/;
/**
 * shim looks for revocations and for certificates beside itself, GRUB for fonts, lists of modules, locales and themes:
 * all of them do without.
 */
const PROBES = [
  /^revocations(?:_[a-z]+)?\.efi$/i,
  /^shim_certificate(?:_\d+)?\.efi$/i,
  /^(?:command|fs|crypto|terminal|partmap|video|moddep)\.lst$/,
  /\.(?:pf2|mo|mo\.gz|csv|png|xpm\.gz|jpg)$/i,
  /^(?:grubenv|splash\.lss|bootmgfw\.efi)$/i,
];
/** Deeper than any loader goes, and the most that RFC 2347 §2 lets a TFTP request hold. */
const NAME_LIMIT = 512;

/**
 * Reads a name as loaders write it. Backslashes, leading, doubled and `./` slashes and stray bytes after the name are
 * firmware habits (novaboot issue 9: 0xFF after the name); `..` is no habit and is refused. What counts is the last part of a
 * name: builds of GRUB and shim differ in the directory they believe to be in, and there are no directories here.
 */
export function parseBootName(raw: string): BootName | No {
  const segments = segmentsOf(raw);
  if (segments === undefined) return no('not a name of the boot namespace');
  const file = segments.at(-1);
  if (file === undefined) return no('an empty name');
  const [first = '', second = ''] = segments;
  if (first === 'trees') return treeFile(second, segments.slice(2));
  const tree = first === 'loaders' && segments.length > 2 && PLAIN.test(second) ? second : undefined;
  return (
    configOf(segments, file) ??
    moduleOf(segments, { file, tree }) ??
    loaderOf(segments, { file, tree }) ??
    no('nothing of that name in the boot namespace')
  );
}

/** The name's segments, or undefined when it tries to climb or holds what no name holds. */
function segmentsOf(raw: string): string[] | undefined {
  if (raw.length > NAME_LIMIT) return undefined;
  const name = raw
    .replace(/[\u00ff\0]+$/, '')
    .replaceAll('\\', '/')
    // GRUB's own variable writes a MAC with colons, and its scripts cannot change them.
    .replace(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i, (mac) => mac.replaceAll(':', '-'));
  // Loader and tree names are plain; a control character, a percent escape or a colon is nobody's honest question.
  if (/[^\x20-\x7e]/.test(name) || /[%:]/.test(name.replace(/^::/, ''))) return undefined;
  const segments = name
    .replace(/^::/, '')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  return segments.includes('..') ? undefined : segments;
}

function treeFile(tree: string, path: readonly string[]): BootName | No {
  if (tree === '' || path.length === 0) return no('nothing of that name in the boot namespace');
  return { kind: 'tree-file', tree, path: path.join('/') };
}

function configOf(segments: readonly string[], file: string): BootName | No | undefined {
  const directory = segments.at(-2);
  if (directory === 'pxelinux.cfg') return config('pxelinux', ownerOf(file === 'default' ? '' : file));
  if (file === 'autoexec.ipxe') return config('ipxe', { kind: 'anyone' });
  if (directory === 'ipxe') return config('ipxe', ownerOf(`01-${file}`));
  const grub = /^grub\.cfg(?:-(?<owner>.+))?$/i.exec(file);
  if (grub === null) return undefined;
  return config('grub', ownerOf(withHardwareType(grub.groups?.['owner'] ?? '')));
}

function config(loader: ConfigLoader, of: ConfigOwner | No): BootName | No {
  return of.kind === 'no' ? of : { kind: 'config', loader, of };
}

/** GRUB writes `grub.cfg-01-MAC`; builds before 2.04 leave the hardware type out. */
function withHardwareType(owner: string): string {
  return /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/i.test(owner) ? `01-${owner}` : owner;
}

/** Whom the part of a name behind the loader's own prefix means; the empty one is everybody's. */
function ownerOf(text: string): ConfigOwner | No {
  if (text === '') return { kind: 'anyone' };
  // `01-` alone: the text by which GRUB asks again puts its MAC there, and this one knows none.
  if (text === 'asker' || text === '01-') return { kind: 'asker' };
  if (UUID.test(text)) return { kind: 'uuid', uuid: text.toLowerCase() };
  if (/^[0-9A-F]{1,8}$/.test(text)) return { kind: 'address', hex: text };
  // 01 is the ARP hardware type of Ethernet; pxelinux and GRUB write it before the MAC.
  if (/^01-/.test(text)) return macOwner(text.slice(3));
  return no('no configuration has that name');
}

function macOwner(text: string): ConfigOwner | No {
  try {
    return { kind: 'mac', mac: parseMac(text) };
  } catch (error) {
    if (error instanceof Malformed) return no(error.message);
    throw error;
  }
}

type Named = { readonly file: string; readonly tree: string | undefined };

function moduleOf(segments: readonly string[], { file, tree }: Named): BootName | undefined {
  const platform = segments.at(-2) ?? '';
  if (!GRUB_PLATFORM.test(platform) || !/^[a-z0-9_]{1,40}\.(?:mod|lst)$/.test(file)) return undefined;
  return { kind: 'grub-module', platform, file, tree };
}

function loaderOf(segments: readonly string[], { file, tree }: Named): BootName | undefined {
  if (PROBES.some((probe) => probe.test(file))) return { kind: 'probe', file };
  const isLoader = segments.length === 1 ? PLAIN.test(file) : LOADER_FILE.test(file);
  // FAT, where UEFI programs come from, knows no case: BOOTX64.EFI and bootx64.efi are one.
  const name = /\.efi$/i.test(file) ? file.toLowerCase() : file;
  return isLoader ? { kind: 'loader', file: name, tree } : undefined;
}
