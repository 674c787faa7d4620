// What a test of this lab needs from the machine it runs on: root and programs. Locally it is skipped without them, in CI it fails.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Program → the Debian package that brings it. */
const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  dnsmasq: 'dnsmasq-base',
  ip: 'iproute2',
  busybox: 'busybox-static',
  'bash-static': 'bash-static',
  cpio: 'cpio',
  modinfo: 'kmod',
  xorriso: 'xorriso',
  rpm: 'rpm',
  rpmbuild: 'rpm',
  dnf: 'dnf',
  createrepo_c: 'createrepo-c',
  mksquashfs: 'squashfs-tools',
  mke2fs: 'e2fsprogs',
  sfdisk: 'fdisk',
  curl: 'curl',
  'dpkg-query': 'dpkg',
  'apt-get': 'apt',
  setpriv: 'util-linux',
  losetup: 'mount',
  blkid: 'util-linux',
  mkswap: 'util-linux',
  unshare: 'util-linux',
};

const FILES: Readonly<Record<string, string>> = {
  '/usr/lib/ipxe/qemu/pxe-virtio.rom': 'ipxe-qemu',
  '/usr/share/seabios/bios.bin': 'seabios',
  '/usr/lib/PXELINUX/pxelinux.0': 'pxelinux',
  '/usr/lib/syslinux/modules/bios/ldlinux.c32': 'syslinux-common',
  '/dev/net/tun': 'the kernel module tun',
};

export const RPM_TOOLS = [
  'rpm',
  'rpmbuild',
  'createrepo_c',
  'dnf',
  'xorriso',
  'busybox',
  'bash-static',
  'curl',
  'setpriv',
];
/** What DHCP is tested with, besides. */
const DHCP_PACKAGES: Readonly<Record<string, string>> = {
  dhclient: 'isc-dhcp-client',
  nmap: 'nmap',
  perfdhcp: 'kea-admin',
  iptables: 'iptables',
};
export const DHCP_TOOLS = ['ip', 'busybox', 'dnsmasq', 'setpriv', ...Object.keys(DHCP_PACKAGES)];
export const MACHINE_TOOLS = Object.keys(PACKAGES);

/** What machines of every firmware need, besides. */
const BOOT_FILES: Readonly<Record<string, string>> = {
  '/usr/share/OVMF/OVMF_CODE_4M.fd': 'ovmf',
  '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd': 'ovmf',
  '/usr/lib/ipxe/snponly.efi': 'ipxe',
};
const BOOT_PACKAGES: Readonly<Record<string, string>> = { 'grub-mkimage': 'grub-common', mcopy: 'mtools' };
export const BOOT_TOOLS = [
  ...[
    'qemu-system-x86_64',
    'dnsmasq',
    'ip',
    'busybox',
    'cpio',
    'modinfo',
    'createrepo_c',
    'apt-get',
    'setpriv',
    'sfdisk',
  ],
  ...Object.keys(BOOT_PACKAGES),
];

/** What systemd is tested with, besides. */
const SYSTEMD_PACKAGES: Readonly<Record<string, string>> = {
  python3: 'python3-minimal',
  'systemd-notify': 'systemd',
  'systemd-analyze': 'systemd',
  systemctl: 'systemd',
  nsenter: 'util-linux',
};

export const SYSTEMD_TOOLS = ['systemctl', 'unshare', 'nsenter', 'setpriv', 'curl'];

/** Whether a test can run here, and the end of its title that names what is missing. */
export type Needs = { readonly skip: boolean; readonly note: string };

/** Looks for root, `programs` and, for a machine, its firmware (`boots`: all that there are). In CI `skip` is never true: the test then fails by itself. */
export function needs(programs: readonly string[], firmware: 'machine' | 'boots' | 'none'): Needs {
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...programs
      .filter((name) => !isInstalled(name))
      .map(
        (name) =>
          `${name} (package ${PACKAGES[name] ?? DHCP_PACKAGES[name] ?? BOOT_PACKAGES[name] ?? SYSTEMD_PACKAGES[name] ?? name})`,
      ),
    ...(firmware === 'none' ? [] : Object.entries(FILES))
      .filter(([path]) => !existsSync(path))
      .map(([path, from]) => `${path} (${from})`),
    ...(firmware === 'boots' ? Object.entries(BOOT_FILES) : [])
      .filter(([path]) => !existsSync(path))
      .map(([path, from]) => `${path} (${from})`),
  ];
  if (missing.length === 0) return { skip: false, note: '' };
  return { skip: process.env['CI'] === undefined, note: ` [missing: ${missing.join(', ')}]` };
}

function isInstalled(program: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/bin'];
  return directories.some((directory) => directory !== '' && existsSync(join(directory, program)));
}
