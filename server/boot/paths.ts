// The virtual boot namespace: what a name asked over TFTP or under /boot/ means. Names are looked up, never joined to a path.

import type { MacAddress } from '../address.ts';
import { parseMac } from '../address.ts';
import type { No } from '../malformed.ts';
import { Malformed, no } from '../malformed.ts';

/** What a boot client asked for. */
export type BootName =
  /** A loader or a module of one: `pxelinux.0`, `ldlinux.c32`. */
  | { readonly kind: 'loader'; readonly file: string }
  /** A pxelinux configuration, and whom the file name says it is for. */
  | { readonly kind: 'pxelinux-config'; readonly of: ConfigOwner }
  /** A boot file of a tree: `trees/rhel6/images/pxeboot/vmlinuz`. */
  | { readonly kind: 'tree-file'; readonly tree: string; readonly path: string };

/** pxelinux asks by UUID, then MAC, then by parts of its IPv4 address, then `default` (SYSLINUX wiki, "PXELINUX"). */
export type ConfigOwner =
  | { readonly kind: 'mac'; readonly mac: MacAddress }
  | { readonly kind: 'uuid'; readonly uuid: string }
  | { readonly kind: 'address'; readonly hex: string }
  | { readonly kind: 'default' };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LOADER = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/**
 * Reads a name as loaders write it. Backslashes, leading, doubled and `./` slashes and stray bytes after the name are
 * firmware habits (novaboot issue 9: 0xFF after the name); `..` is no habit and is refused.
 */
export function parseBootName(raw: string): BootName | No {
  const segments = segmentsOf(raw);
  if (segments === undefined) return no('not a name of the boot namespace');
  const [first, second, ...rest] = segments;
  if (first === undefined) return no('an empty name');
  if (first === 'trees' && second !== undefined && rest.length > 0) {
    return { kind: 'tree-file', tree: second, path: rest.join('/') };
  }
  if (first === 'pxelinux.cfg' && second !== undefined && rest.length === 0) return configOf(second);
  if (second === undefined && LOADER.test(first)) return { kind: 'loader', file: first };
  return no('nothing of that name in the boot namespace');
}

/** The name's segments, or undefined when it tries to climb or holds what no name holds. */
function segmentsOf(raw: string): string[] | undefined {
  const name = raw.replace(/[\u00ff\0]+$/, '').replaceAll('\\', '/');
  // Loader and tree names are plain; a control character, a percent escape or a colon is nobody's honest question.
  if (/[^\x20-\x7e]/.test(name) || /[%:]/.test(name.replace(/^::/, ''))) return undefined;
  const segments = name
    .replace(/^::/, '')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  return segments.includes('..') ? undefined : segments;
}

function configOf(file: string): BootName | No {
  if (file === 'default') return { kind: 'pxelinux-config', of: { kind: 'default' } };
  if (UUID.test(file)) return { kind: 'pxelinux-config', of: { kind: 'uuid', uuid: file.toLowerCase() } };
  if (/^[0-9A-F]{1,8}$/.test(file)) return { kind: 'pxelinux-config', of: { kind: 'address', hex: file } };
  // 01 is the ARP hardware type of Ethernet; pxelinux writes it before the MAC.
  if (/^01-/.test(file)) return macConfig(file.slice(3));
  return no('no pxelinux configuration has that name');
}

function macConfig(text: string): BootName | No {
  try {
    return { kind: 'pxelinux-config', of: { kind: 'mac', mac: parseMac(text) } };
  } catch (error) {
    if (error instanceof Malformed) return no(error.message);
    throw error;
  }
}
