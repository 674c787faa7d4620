// Install media for boots that only prove the chain: trees in the shape of Rocky Linux 9's and XCP-ng 8.3's, whose kernel, Xen and
// loaders are Debian's and whose installer is one of the lab's guests.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BOOTED_FROM_DISK, bootSector } from './boot-sector.ts';
import { unpackedPackages } from './debian.ts';
import type { GuestKind } from './guest-kernel.ts';
import { buildGuest } from './guest-kernel.ts';
import { cached } from './lab-cache.ts';
import { run } from './lab-run.ts';

/**
 * The GRUB of a tree. `signed`: Debian's network GRUB behind Debian's shim, good for Secure Boot, which reads `/grub/grub.cfg`;
 * `unsigned`: one built here, with the modules and the prefix `/EFI/BOOT` of the GRUB on RHEL's media, behind the same shim.
 */
export type TreeGrub = 'signed' | 'unsigned';

/** Builds a tree of an EL 9 into `tree`, which must not exist yet; `work` is a scratch directory. */
export async function buildLinuxTree(
  tree: string,
  options: { readonly work: string; readonly grub: TreeGrub },
): Promise<void> {
  const { kernel, initrd } = await guestIn(options.work, 'quick');
  const efi = await signedLoaders();
  const grub = options.grub === 'signed' ? efi.grub : await builtGrub({ prefix: '/EFI/BOOT', modules: LINUX_MODULES });
  await place(tree, {
    'images/pxeboot/vmlinuz': kernel,
    'images/pxeboot/initrd.img': initrd,
    'EFI/BOOT/BOOTX64.EFI': efi.shim,
    'EFI/BOOT/grubx64.efi': grub,
    'EFI/BOOT/mmx64.efi': efi.mokManager,
  });
  await writeFile(join(tree, 'images/install.img'), 'the quick guest has no second stage\n');
  await emptyRepositories(tree, ['BaseOS', 'AppStream']);
  await writeFile(join(tree, '.treeinfo'), linuxTreeinfo(await sumsOf(tree)));
}

/** Builds a tree of an XCP-ng 8.3 without packages into `tree`, which must not exist yet; `work` is a scratch directory. */
export async function buildXenTree(
  tree: string,
  options: { readonly work: string; readonly guest: 'quick' | 'hypervisor' },
): Promise<void> {
  const { kernel, initrd } = await guestIn(options.work, options.guest);
  // The vendor's GRUB knows its configuration by one name only, on whatever device it was loaded from.
  const grub = await builtGrub({
    prefix: '/EFI/xenserver',
    modules: [...LINUX_MODULES, 'multiboot2'],
    config: 'normal /EFI/xenserver/grub.cfg\n',
  });
  const syslinux = '/usr/lib/syslinux/modules/bios';
  await place(tree, {
    'boot/xen.gz': await hypervisor(),
    'boot/vmlinuz': kernel,
    'install.img': initrd,
    'boot/pxelinux/pxelinux.0': '/usr/lib/PXELINUX/pxelinux.0',
    'boot/pxelinux/ldlinux.c32': join(syslinux, 'ldlinux.c32'),
    'boot/pxelinux/libcom32.c32': join(syslinux, 'libcom32.c32'),
    'boot/pxelinux/mboot.c32': join(syslinux, 'mboot.c32'),
    'EFI/xenserver/grubx64.efi': grub,
    'EFI/BOOT/BOOTX64.EFI': grub,
  });
  await emptyRepositories(tree, ['']);
  await writeFile(join(tree, '.treeinfo'), XEN_TREEINFO);
}

/**
 * Makes `image` a disk that says that it was booted and powers the machine off. `bios`: by a boot sector; `uefi`: by a loader
 * in its EFI system partition, at the place that needs no boot entry.
 */
export async function buildBootableDisk(image: string, firmware: 'bios' | 'uefi'): Promise<void> {
  await (firmware === 'bios' ? buildBootSector(image) : buildSystemPartition(image));
}

async function buildBootSector(image: string): Promise<void> {
  const disk = Buffer.alloc(64 * 1024);
  (await bootSector()).copy(disk);
  disk.writeUInt16LE(0xaa55, 510); // the signature of a boot sector
  await writeFile(image, disk);
}

async function buildSystemPartition(image: string): Promise<void> {
  const config = `terminal_output console\necho "${BOOTED_FROM_DISK}"\nsleep 1\nhalt\n`;
  const grub = await builtGrub({ prefix: '/none', modules: ['echo', 'sleep', 'halt', 'terminal', 'normal'], config });
  await writeFile(image, Buffer.alloc(16 * 1024 * 1024));
  await run(['sfdisk', '--quiet', image], { input: 'label: gpt\nstart=2048, size=24576, type=uefi\n' });
  const partition = `${image}@@1M`; // mtools' notation of an offset; 2048 sectors
  await run(['mformat', '-i', partition, '-T', '24576', '::']);
  await run(['mmd', '-i', partition, '::/EFI', '::/EFI/BOOT']);
  await run(['mcopy', '-i', partition, grub, '::/EFI/BOOT/BOOTX64.EFI']);
}

/** The guest needs a directory of its own: its initrd is put together there. */
async function guestIn(work: string, kind: GuestKind): ReturnType<typeof buildGuest> {
  const directory = join(work, 'guest');
  await mkdir(directory, { recursive: true });
  return buildGuest(kind, directory);
}

async function place(tree: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, from] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await copyFile(from, join(tree, path));
  }
}

async function signedLoaders(): Promise<{ shim: string; mokManager: string; grub: string }> {
  const root = await unpackedPackages(['shim-signed', 'shim-helpers-amd64-signed', 'grub-efi-amd64-signed']);
  return {
    shim: join(root, 'usr/lib/shim/shimx64.efi.signed'),
    mokManager: join(root, 'usr/lib/shim/mmx64.efi.signed'),
    grub: join(root, 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'),
  };
}

async function hypervisor(): Promise<string> {
  const name = 'xen-hypervisor-4.17-amd64';
  return join(await unpackedPackages([name]), 'boot/xen-4.17-amd64.gz');
}

/** About those of the GRUB on RHEL's media: files over TFTP and HTTP, the commands of a menu. */
const LINUX_MODULES = [
  ...['efinet', 'net', 'tftp', 'http', 'normal', 'configfile', 'linux', 'echo', 'test', 'regexp', 'sleep', 'minicmd'],
  ...[
    'terminal',
    'serial',
    'gzio',
    'boot',
    'reboot',
    'halt',
    'search',
    'part_gpt',
    'fat',
    'iso9660',
    'chain',
    'all_video',
  ],
];

type GrubRecipe = { readonly prefix: string; readonly modules: readonly string[]; readonly config?: string };

/**
 * A GRUB for x86-64 UEFI, unsigned, with `modules` built in, and `config` where it shall run one of its own first. A prefix
 * without a device means the one it was loaded from.
 */
async function builtGrub(recipe: GrubRecipe): Promise<string> {
  const directory = join(await unpackedPackages(['grub-efi-amd64-bin']), 'usr/lib/grub/x86_64-efi');
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, directory]))
    .digest('hex')
    .slice(0, 16);
  const kept = await cached(`grub-${key}`, async (into) => {
    const made = ['grub-mkimage', '-d', directory, '-O', 'x86_64-efi', '-o', join(into, 'grubx64.efi')];
    const config = join(into, 'early.cfg');
    await writeFile(config, recipe.config ?? '');
    await run([
      ...made,
      '-p',
      recipe.prefix,
      ...(recipe.config === undefined ? [] : ['-c', config]),
      ...recipe.modules,
    ]);
  });
  return join(kept, 'grubx64.efi');
}

async function emptyRepositories(tree: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(tree, path, 'Packages'), { recursive: true });
    await run(['createrepo_c', '--quiet', join(tree, path)]);
  }
}

async function sumsOf(tree: string): Promise<readonly string[]> {
  const sums: string[] = [];
  for (const path of ['images/install.img', 'images/pxeboot/initrd.img', 'images/pxeboot/vmlinuz']) {
    const bytes = await readFile(join(tree, path));
    sums.push(`${path} = sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  }
  return sums;
}

function linuxTreeinfo(sums: readonly string[]): string {
  const images = ['initrd = images/pxeboot/initrd.img', 'kernel = images/pxeboot/vmlinuz', ''];
  const variant = (id: string): string[] => [
    `[variant-${id}]`,
    ...[
      `id = ${id}`,
      `name = ${id}`,
      `packages = ${id}/Packages`,
      `repository = ${id}`,
      'type = variant',
      `uid = ${id}`,
    ],
    '',
  ];
  return [
    ...['[checksums]', ...sums, ''],
    ...['[general]', 'arch = x86_64', 'family = Rocky Linux', 'name = Rocky Linux 9.4', 'packagedir = BaseOS/Packages'],
    ...['platforms = x86_64,xen', 'repository = BaseOS', 'timestamp = 1714000000', 'variant = BaseOS'],
    ...['variants = AppStream,BaseOS', 'version = 9.4', ''],
    ...['[header]', 'type = productmd.treeinfo', 'version = 1.2', ''],
    ...['[images-x86_64]', ...images, '[images-xen]', ...images],
    ...['[media]', 'discnum = 1', 'totaldiscs = 1', ''],
    ...['[release]', 'name = Rocky Linux', 'short = Rocky', 'version = 9.4', ''],
    ...['[stage2]', 'mainimage = images/install.img', ''],
    ...[
      '[tree]',
      'arch = x86_64',
      'build_timestamp = 1714000000',
      'platforms = x86_64,xen',
      'variants = AppStream,BaseOS',
      '',
    ],
    ...variant('AppStream'),
    ...variant('BaseOS'),
  ].join('\n');
}

const XEN_TREEINFO = [
  ...[
    '[system-v1]',
    'platform_name = XCP',
    'platform_version = 3.4.0',
    'product_name = XCP-ng',
    'product_version = 8.3.0',
    '',
  ],
  ...['[build]', 'number = lab', ''],
  ...['[keys]', 'key1 = RPM-GPG-KEY-lab', ''],
  ...['[general]', 'name = XCP-ng-8.3.0', 'family = XCP-ng', 'timestamp = 1714000000', 'variant =', 'version = 8.3.0'],
  ...['packagedir =', 'arch = x86_64', ''],
  ...['[images-x86_64]', 'kernel = boot/pxelinux/mboot.c32', 'initrd = boot/vmlinuz', 'boot.iso = boot/xen.gz', ''],
  ...['[images-xen]', 'kernel = boot/pxelinux/mboot.c32', 'initrd = boot/vmlinuz', ''],
].join('\n');
