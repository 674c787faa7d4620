// What a file name tells of the loader it is, or of the product whose server names it. Pure.

import { baseName } from '../boots.ts';

export type LoaderKind = 'shim' | 'grub' | 'ipxe' | 'pxelinux' | 'other';

/** By the names they are installed under; `BOOTX64.EFI` of a medium is its shim. */
const LOADERS: readonly (readonly [RegExp, LoaderKind])[] = [
  [/grub/, 'grub'],
  [/^(?:shim|boot(?:x64|ia32|aa64)\.efi)/, 'shim'],
  [/ipxe|^undionly|^snponly|^snp\.efi/, 'ipxe'],
  [/^l?pxelinux\.0$/, 'pxelinux'],
];

/** Which loader a name belongs to. */
export function loaderKind(name: string): LoaderKind {
  return LOADERS.find(([pattern]) => pattern.test(baseName(name)))?.[1] ?? 'other';
}

/** A loader as a person calls it. */
export function loaderWords(name: string): string {
  return { shim: 'shim', grub: 'GRUB', ipxe: 'iPXE', pxelinux: 'pxelinux', other: 'this loader' }[loaderKind(name)];
}

/** Does the name belong to a program of UEFI, or of BIOS? Undefined: it tells neither. */
export function platformOfName(name: string): 'bios' | 'uefi' | undefined {
  if (/\.efi(?:\.signed)?$/.test(baseName(name))) return 'uefi';
  return /(?:\.0|\.kk?pxe|\.lkrn|\.n12|\.com|\.pxe)$/.test(baseName(name)) ? 'bios' : undefined;
}

/** shim's key manager: shim starts it where Secure Boot forbids what it was to start (shim.c, `init_grub`). */
export function isKeyManager(name: string): boolean {
  return /^(?:mm|mok)(?:x64|ia32|aa64|manager).*\.efi/.test(baseName(name));
}

/** Files that shim looks for beside itself when it runs: certificates and revocations. */
export function isShimProbe(name: string): boolean {
  return /^(?:revocations|shim_certificate)/.test(baseName(name));
}

/** Boot files that other products' servers name, and what they are. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/wdsnbp|wdsmgfw|bootmgfw|pxeboot\.(?:n12|com)|^boot\\x/i, 'Windows Deployment Services'],
  [/smsboot|^sms/i, 'Microsoft Configuration Manager'],
  [/grubnet(?:x64|aa64)|bootx64\.efi\.signed/i, 'Ubuntu MAAS or a netboot server of Ubuntu'],
  [/netboot\.xyz/i, 'netboot.xyz'],
  [/^grub2?\/|grub2\/|^(?:images|boot)\/grub/i, 'Cobbler or Foreman'],
  [/^linux-install\/|\/pxelinux\.0$/i, 'a hand-made pxelinux set-up'],
  [/^(?:ltsp|nbi|fog|undionly\.kkpxe)/i, 'LTSP or FOG'],
  [/bootcode\.bin|^[0-9a-f]{8}\/start/i, 'the firmware of a Raspberry Pi'],
];

/** The product that names this file; undefined where it is nobody's known habit. */
export function foreignProduct(name: string): string | undefined {
  return FOREIGN.find(([pattern]) => pattern.test(name))?.[1];
}
