// Files that trees have and no list of theirs names: loaders, keys, texts. A web server tells nobody what it has, so they are asked for. A table. Pure.

import type { OsFamily } from '../../../server/domain.ts';
import { uefiNames } from '../../../server/loaders.ts';
import { PXELINUX_NAMES } from '../../loaders/names.ts';

/** What is asked for depends on these. `major` is 0 where the version tells none. */
export type UsualOf = { readonly family: OsFamily | undefined; readonly major: number; readonly arch: string };

/** Where a repository lies in trees whose .treeinfo names it nowhere. */
export function usualRepositories({ family, major }: UsualOf): readonly string[] {
  if (family === 'rhel' || family === 'oracle')
    return major === 6 ? ['Server'] : major >= 8 ? ['BaseOS', 'AppStream'] : [];
  if (family === undefined || family === 'fedora' || isHypervisor(family) || major < 8) return [];
  return ['BaseOS', 'AppStream'];
}

/** The paths to ask for. */
export function usualFiles(of: UsualOf): readonly string[] {
  const common = ['.discinfo', 'media.repo', 'EULA', 'GPL', ...efiBoot(of.arch)];
  if (of.family !== undefined && isHypervisor(of.family)) return [...common, ...HYPERVISOR];
  return [...common, ...LINUX, ...keysOf(of)];
}

export function isHypervisor(family: OsFamily): boolean {
  return family === 'xenserver' || family === 'xcp-ng';
}

const below = (directory: string, names: readonly string[]): readonly string[] =>
  names.map((name) => `${directory}/${name}`);

function efiBoot(arch: string): readonly string[] {
  const of = arch === 'x86_64' || arch === 'i386' || arch === 'aarch64' ? uefiNames[arch] : undefined;
  if (of === undefined) return [];
  const { suffix } = of;
  return below('EFI/BOOT', [
    `BOOT${suffix.toUpperCase()}.EFI`,
    `BOOT${suffix.toUpperCase()}.conf`,
    ...[`shim${suffix}.efi`, `grub${suffix}.efi`, `mm${suffix}.efi`],
    ...['grub.cfg', 'BOOT.conf', 'splash.xpm.gz', 'fonts/unicode.pf2'],
  ]);
}

const LINUX: readonly string[] = [
  'extra_files.json',
  // RHEL 6's loader asks for the last two of each tree; most have none.
  ...below('images', ['efiboot.img', 'efidisk.img', 'eltorito.img', 'install.img', 'product.img', 'updates.img']),
  ...below('isolinux', [
    ...['isolinux.bin', 'isolinux.cfg', 'boot.msg', 'grub.conf', 'memtest', 'splash.jpg', 'splash.png'],
    ...['vmlinuz', 'initrd.img', 'vesamenu.c32', 'ldlinux.c32', 'libcom32.c32', 'libutil.c32'],
  ]),
];

const HYPERVISOR: readonly string[] = [
  ...below('boot', ['alt/vmlinuz', 'efiboot.img', 'memtest.bin']),
  ...below('boot/isolinux', [
    ...['isolinux.bin', 'isolinux.cfg', 'pg_help', 'pg_main', 'splash.lss', 'memtest'],
    ...['ldlinux', 'libcom32', 'libutil', 'mboot', 'menu'].map((name) => `${name}.c32`),
  ]),
  ...below('boot/pxelinux', PXELINUX_NAMES),
  ...below('EFI/xenserver', ['grubx64.efi', 'grub.cfg', 'grub-usb.cfg', 'shimx64.efi', 'mmx64.efi', 'unicode.pf2']),
  ...['LICENSES', 'COPYING'],
];

function keysOf({ family, major }: UsualOf): readonly string[] {
  const names = family === undefined ? [] : KEYS[family];
  return ['RPM-GPG-KEY', ...names.map((name) => `RPM-GPG-KEY-${name.replace('%', String(major))}`)];
}

/** `%` is the major version. */
const KEYS: Readonly<Record<OsFamily, readonly string[]>> = {
  rhel: ['redhat-release', 'redhat-beta'],
  centos: ['CentOS-%', 'CentOS-Testing-%', 'CentOS-Security-%', 'CentOS-Debug-%', 'centosofficial'],
  rocky: ['Rocky-%', 'rockyofficial'],
  almalinux: ['AlmaLinux-%', 'AlmaLinux'],
  oracle: ['oracle'],
  scientific: ['sl', 'sl%'],
  fedora: ['fedora', 'fedora-%-primary'],
  xenserver: [],
  'xcp-ng': [],
};
