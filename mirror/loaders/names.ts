// Which files are loaders: their names as they are given out, and where packages and distributions put them. A table. Pure.

import type { LoaderArch, LoaderFamily } from '../../server/loaders.ts';
import { uefiNames } from '../../server/loaders.ts';

/** One set as it may lie below a root: name → paths, best first. It is a set where `needs` are all there. */
export type Layout = {
  readonly family: LoaderFamily;
  readonly arch: LoaderArch;
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly needs: readonly string[];
};

/** One set as it may lie in packages of a tree: from each of `packages` the first of its names that the tree has. */
export type PackedSet = {
  readonly family: LoaderFamily;
  readonly arch: LoaderArch;
  readonly packages: readonly {
    readonly names: readonly string[];
    /** The name under which a path of the package is given out. */
    readonly nameOf: (path: string) => string | undefined;
  }[];
  readonly needs: readonly string[];
};

/** The modules that pxelinux is given: its own parts, the loader of Xen, menus, and ways to go on. */
export const PXELINUX_NAMES: readonly string[] = [
  ...['pxelinux.0', 'lpxelinux.0', 'memdisk'],
  ...['ldlinux', 'libcom32', 'libutil', 'libmenu', 'libgpl', 'mboot', 'linux', 'chain', 'pxechn', 'localboot'].map(
    (name) => `${name}.c32`,
  ),
  ...['menu', 'vesamenu', 'reboot', 'poweroff', 'ifcpu64'].map((name) => `${name}.c32`),
];

const pxelinuxIn = (modules: string, program = modules): Layout => ({
  family: 'pxelinux',
  arch: 'x86_64',
  files: Object.fromEntries(
    PXELINUX_NAMES.map((name) => [name, [`${name.endsWith('.0') ? program : modules}/${name}`]]),
  ),
  needs: ['pxelinux.0'],
});

/** XenServer and XCP-ng media, all versions. */
export const treeLayouts: readonly Layout[] = [pxelinuxIn('boot/pxelinux')];

/** Vendors' directories on a RHEL-like system's EFI partition. */
const VENDORS = ['redhat', 'centos', 'rocky', 'almalinux', 'fedora', 'oracle'];

function hostChains(arch: LoaderArch): readonly Layout[] {
  const { suffix, platform } = uefiNames[arch];
  const [shim, grub, mok] = [`shim${suffix}.efi`, `grub${suffix}.efi`, `mm${suffix}.efi`];
  const debian = '/usr/lib/grub';
  const signed = {
    [shim]: [`/usr/lib/shim/${shim}.signed`, `/usr/lib/shim/${shim}.signed.latest`],
    [grub]: [`${debian}/${platform}-signed/grubnet${suffix}.efi.signed`],
    [mok]: [`/usr/lib/shim/${mok}.signed`, `/usr/lib/shim/${mok}`],
    'unicode.pf2': ['/usr/share/grub/unicode.pf2'],
  };
  const vendor = (name: string): Layout => {
    const directory = `/boot/efi/EFI/${name}`;
    const files = { ...own(directory, [shim, grub, mok]), 'unicode.pf2': [`${directory}/fonts/unicode.pf2`] };
    return { family: 'uefi', arch, files, needs: [grub] };
  };
  const unsigned = { [grub]: [`${debian}/${platform}/monolithic/grubnet${suffix}.efi`] };
  return [
    { family: 'uefi', arch, files: signed, needs: [shim, grub] },
    ...VENDORS.map(vendor),
    { family: 'uefi', arch, files: { ...unsigned, 'unicode.pf2': signed['unicode.pf2'] ?? [] }, needs: [grub] },
  ];
}

function own(directory: string, names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(names.map((name) => [name, [`${directory}/${name}`]]));
}

/** iPXE as Debian names its files below /usr/lib/ipxe, and as RHEL and Fedora do below /usr/share/ipxe. */
const IPXE: Readonly<Record<'x86_64' | 'aarch64', Readonly<Record<string, readonly string[]>>>> = {
  x86_64: {
    'undionly.kpxe': ['undionly.kpxe'],
    'ipxe.lkrn': ['ipxe.lkrn'],
    'ipxe.efi': ['ipxe.efi', 'ipxe-x86_64.efi'],
    'snponly.efi': ['snponly.efi', 'ipxe-snponly-x86_64.efi'],
    'ipxe-ia32.efi': ['ipxe-i386.efi'],
  },
  aarch64: {
    'ipxe-arm64.efi': ['ipxe-arm64.efi', 'arm64-efi/ipxe.efi'],
    'snponly-arm64.efi': ['snponly-arm64.efi', 'arm64-efi/snponly.efi'],
  },
};

const ipxeIn = (directory: string, arch: 'x86_64' | 'aarch64'): Layout => ({
  family: 'ipxe',
  arch,
  files: Object.fromEntries(
    Object.entries(IPXE[arch]).map(([name, paths]) => [name, paths.map((path) => `${directory}/${path}`)]),
  ),
  needs: [],
});

/** Where distributions install them: Debian and Ubuntu first, then RHEL and Fedora. Signed chains before unsigned ones. */
export const hostLayouts: readonly Layout[] = [
  pxelinuxIn('/usr/lib/syslinux/modules/bios', '/usr/lib/PXELINUX'),
  pxelinuxIn('/usr/share/syslinux'),
  pxelinuxIn('/tftpboot'),
  ...(['x86_64', 'aarch64', 'i386'] as const).flatMap(hostChains),
  ...(['x86_64', 'aarch64'] as const).flatMap((arch) => [
    ipxeIn('/usr/lib/ipxe', arch),
    ipxeIn('/usr/share/ipxe', arch),
  ]),
];

/** Directories of GRUB's run-time modules, of the same build as the host's own GRUB. */
export const moduleDirectories: readonly { readonly arch: LoaderArch; readonly directory: string }[] = (
  ['x86_64', 'aarch64', 'i386'] as const
).map((arch) => ({ arch, directory: `/usr/lib/grub/${uefiNames[arch].platform}` }));

const nameByPattern =
  (pattern: RegExp, names: readonly string[]) =>
  (path: string): string | undefined => {
    const name = pattern.exec(path)?.[1];
    return name !== undefined && names.includes(name) ? name : undefined;
  };

/** pxelinux: EL8 and later for network boot, then as modules; EL6 and EL7 have all in one package. */
const packedPxelinux: PackedSet = {
  family: 'pxelinux',
  arch: 'x86_64',
  packages: [
    {
      names: ['syslinux-tftpboot', 'syslinux-nonlinux', 'syslinux'],
      nameOf: nameByPattern(/^\/(?:tftpboot|usr\/share\/syslinux)\/([^/]+)$/, PXELINUX_NAMES),
    },
  ],
  needs: ['pxelinux.0'],
};

function packedChain(arch: LoaderArch): PackedSet {
  const { suffix } = uefiNames[arch];
  const inVendor = /^\/boot\/efi\/EFI\/(?!BOOT\/)[^/]+\/(?:fonts\/)?([^/]+)$/;
  const [shim, grub, mok] = [`shim${suffix}.efi`, `grub${suffix}.efi`, `mm${suffix}.efi`];
  return {
    family: 'uefi',
    arch,
    packages: [
      { names: [`shim-${suffix}`], nameOf: nameByPattern(inVendor, [shim, mok]) },
      { names: [`grub2-efi-${suffix}`], nameOf: nameByPattern(inVendor, [grub, 'unicode.pf2']) },
    ],
    needs: [shim, grub],
  };
}

function packedIpxe(arch: 'x86_64' | 'aarch64', names: readonly string[]): PackedSet {
  const nameOf = (path: string): string | undefined =>
    Object.entries(IPXE[arch]).find(([, paths]) => paths.some((one) => path === `/usr/share/ipxe/${one}`))?.[0];
  return { family: 'ipxe', arch, packages: [{ names, nameOf }], needs: [] };
}

/** What packages of a tree of that architecture may hold. */
export function packedSets(arch: LoaderArch): readonly PackedSet[] {
  if (arch === 'aarch64') return [packedChain(arch), packedIpxe(arch, ['ipxe-bootimgs-aarch64'])];
  return [packedPxelinux, packedChain(arch), packedIpxe('x86_64', ['ipxe-bootimgs-x86', 'ipxe-bootimgs'])];
}
