// Loaders packed in trees: real packages as RHEL media carry them, kept once unpacked, and no damage that reaches a machine.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FilePlace } from '../../../mirror/content/place.ts';
import { openLoaderShelf } from '../../../mirror/loaders/shelf.ts';
import { openLoaderStore } from '../../../mirror/loaders/store.ts';
import { openIsoTree } from '../../../mirror/tree/store.ts';
import { makeIso, skipWithout } from '../../support/iso.ts';
import { buildRpm } from '../../support/rpm-payload.ts';
import { asTree, contentOf, grub, openRig, shim, told } from './rig.ts';

const skip = skipWithout('rpmbuild', 'xorriso');
const rig = openRig();
const share = '/usr/share/syslinux';
/** Each package with the directory of `rpms` it is built into. */
const PACKAGES = {
  el6: {
    name: 'syslinux',
    version: '4.04',
    release: '3.el6',
    arch: 'x86_64',
    payload: 'w7.xzdio',
    files: {
      [`${share}/pxelinux.0`]: 'old pxelinux',
      [`${share}/mboot.c32`]: 'mboot 4.04',
      [`${share}/isolinux.bin`]: 'not for the network',
    },
  },
  el6next: {
    name: 'syslinux',
    version: '4.04',
    release: '10.el6',
    arch: 'x86_64',
    files: { [`${share}/pxelinux.0`]: 'newer pxelinux' },
  },
  el8tools: {
    name: 'syslinux',
    version: '6.04',
    release: '6.el8',
    arch: 'x86_64',
    files: { '/usr/bin/syslinux': 'a tool' },
  },
  el8: {
    name: 'syslinux-tftpboot',
    version: '6.04',
    release: '6.el8',
    payload: 'w7.xzdio',
    files: {
      '/tftpboot/pxelinux.0': 'wants ldlinux.c32',
      '/tftpboot/ldlinux.c32': 'core',
      '/tftpboot/libcom32.c32': 'com32',
    },
  },
  broken: {
    name: 'syslinux-nonlinux',
    version: '6.04',
    release: '6.el8',
    files: { [`${share}/pxelinux.0`]: 'wants ldlinux.c32' },
  },
  shim: {
    name: 'shim-x64',
    version: '15.8',
    release: '4.el9',
    arch: 'x86_64',
    files: {
      '/boot/efi/EFI/redhat/shimx64.efi': shim,
      '/boot/efi/EFI/redhat/mmx64.efi': 'mok',
      '/boot/efi/EFI/BOOT/BOOTX64.EFI': shim,
    },
  },
  grub: {
    name: 'grub2-efi-x64',
    version: '2.06',
    release: '80.el9',
    epoch: 1,
    arch: 'x86_64',
    payload: 'w19.zstdio',
    files: { '/boot/efi/EFI/redhat/grubx64.efi': grub, '/boot/efi/EFI/redhat/fonts/unicode.pf2': 'font' },
  },
  ipxe: {
    name: 'ipxe-bootimgs-x86',
    version: '20200823',
    release: '9.el9',
    files: {
      '/usr/share/ipxe/undionly.kpxe': 'undi',
      '/usr/share/ipxe/ipxe-snponly-x86_64.efi': 'snp',
      '/usr/share/ipxe/ipxe.iso': 'no loader',
    },
  },
} as const;
const built = new Map<string, string>();

beforeAll(async () => {
  if (skip) return;
  await Promise.all(
    Object.entries(PACKAGES).map(async ([key, entry]) => {
      const directory = await rig.at('rpms', key);
      built.set(
        key,
        join(directory, await buildRpm({ ...entry, files: entry.files }, directory, await rig.at('work'))),
      );
    }),
  );
});
afterAll(() => rig.remove());

/** Puts packages into a directory of a tree. */
async function put(tree: string, directory: string, ...keys: (keyof typeof PACKAGES)[]): Promise<void> {
  await mkdir(join(tree, directory), { recursive: true });
  for (const key of keys) {
    const file = built.get(key) ?? '';
    await copyFile(file, join(tree, directory, file.replace(/^.*\//, '')));
  }
}

describe.skipIf(skip)('loaders packed in a tree', () => {
  test('EL6: pxelinux out of syslinux on an ISO, the newest by version and not by name', async () => {
    const directory = await rig.at('el6');
    await put(directory, 'Packages', 'el6', 'el6next');
    await makeIso(directory, await rig.at('el6.iso'));
    const files = await openIsoTree(await rig.at('el6.iso'));
    const { shelf } = await rig.shelfOver();
    const catalog = await shelf.catalog([await asTree(directory, { files })]);
    expect(told(catalog)).toEqual(['pxelinux of tree rhel, syslinux-4.04-10.el6.x86_64: pxelinux.0']);
    expect(await contentOf(catalog.sets[0]?.files.get('pxelinux.0')?.file)).toBe('newer pxelinux');
    expect(catalog.lacks).toEqual([]);
    await files.close();
  });

  test('EL8: out of syslinux-tftpboot, in a repository split by first letter', async () => {
    const directory = await rig.at('el8');
    await put(directory, 'BaseOS/Packages/s', 'el8tools', 'el8');
    const { shelf } = await rig.shelfOver();
    const catalog = await shelf.catalog([await asTree(directory, { repositories: ['BaseOS', 'AppStream'] })]);
    expect(told(catalog)).toEqual([
      'pxelinux of tree rhel, syslinux-tftpboot-6.04-6.el8.noarch: ldlinux.c32 libcom32.c32 pxelinux.0',
    ]);
    expect(catalog.sets[0]?.files.get('ldlinux.c32')?.path).toBe('/tftpboot/ldlinux.c32');
  });

  test('EL9: shim and GRUB out of two packages, and iPXE', async () => {
    const directory = await rig.at('el9');
    await put(directory, 'BaseOS/Packages', 'shim', 'grub');
    await put(directory, 'AppStream/Packages', 'ipxe');
    const { shelf } = await rig.shelfOver();
    const catalog = await shelf.catalog([await asTree(directory, { repositories: ['BaseOS', 'AppStream'] })]);
    expect(told(catalog)).toEqual([
      'uefi of tree rhel, shim-x64-15.8-4.el9.x86_64 and grub2-efi-x64-2.06-80.el9.x86_64: grubx64.efi mmx64.efi shimx64.efi unicode.pf2',
      'ipxe of tree rhel, ipxe-bootimgs-x86-20200823-9.el9.noarch: snponly.efi undionly.kpxe',
    ]);
  });

  test('a shim without a GRUB of its tree is no chain', async () => {
    const directory = await rig.at('half');
    await put(directory, 'Packages', 'shim');
    const { shelf } = await rig.shelfOver();
    expect(told(await shelf.catalog([await asTree(directory)]))).toEqual([]);
  });

  test.each<[string, string]>([
    ['another architecture', 'aarch64'],
    ['a tree of 32 bits', 'i386'],
  ])('%s takes no package of x86_64', async (_name, arch) => {
    const directory = await rig.at(`arch-${arch}`);
    await put(directory, 'Packages', 'el6');
    const { shelf } = await rig.shelfOver();
    expect(told(await shelf.catalog([await asTree(directory, { arch })]))).toEqual([]);
  });

  test('a new pxelinux without its ldlinux.c32, on an ISO, is told and not given', async () => {
    const directory = await rig.at('broken');
    await put(directory, 'Packages', 'broken');
    await makeIso(directory, await rig.at('broken.iso'));
    const files = await openIsoTree(await rig.at('broken.iso'));
    const { shelf } = await rig.shelfOver();
    const { sets, lacks } = await shelf.catalog([await asTree(directory, { files })]);
    expect(sets).toEqual([]);
    const reason = 'its pxelinux.0 needs an ldlinux.c32, which is not there';
    expect(lacks).toEqual([{ where: 'tree rhel', reason: `syslinux-nonlinux-6.04-6.el8.noarch: ${reason}` }]);
    await files.close();
  });

  test('a damaged package gives nothing and is told; the host still serves', async () => {
    const directory = await rig.at('damaged');
    await put(directory, 'Packages', 'el6', 'el6next');
    const file = join(directory, 'Packages/syslinux-4.04-10.el6.x86_64.rpm');
    const bytes = await readFile(file);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const { shelf } = await rig.shelfOver({
      'usr/share/syslinux/pxelinux.0': 'old',
      'usr/share/syslinux/menu.c32': 'menu',
    });
    const { lacks, sets } = await shelf.catalog([await asTree(directory)]);
    expect(lacks).toMatchObject([{ where: 'tree rhel', reason: expect.stringMatching(/Packages\/syslinux-4.04-10/) }]);
    expect(told({ sets, lacks })).toEqual(['pxelinux of this system: menu.c32 pxelinux.0']);
  });

  test('a package that is not what its file name says is told', async () => {
    const directory = await rig.at('renamed');
    await mkdir(join(directory, 'Packages'), { recursive: true });
    await copyFile(built.get('el8tools') ?? '', join(directory, 'Packages/syslinux-9.99-1.x86_64.rpm'));
    const { shelf } = await rig.shelfOver();
    const { lacks } = await shelf.catalog([await asTree(directory)]);
    expect(lacks).toMatchObject([
      { reason: expect.stringContaining('it is syslinux-6.04-6.el8.x86_64 by its header') },
    ]);
  });
});

describe.skipIf(skip)('what was unpacked', () => {
  test('is kept by digest, found again by another process, and unpacked anew where it was damaged', async () => {
    const directory = await rig.at('kept');
    await put(directory, 'Packages', 'el6');
    const tree = await asTree(directory);
    const { shelf, data } = await rig.shelfOver();
    const first = (await shelf.catalog([tree])).sets[0]?.files.get('mboot.c32')?.file;
    expect(first?.file.startsWith(data)).toBe(true);
    const other = () =>
      openLoaderShelf({ host: tree.files, store: openLoaderStore(data), now: () => 0 }).catalog([tree]);
    expect((await other()).sets[0]?.files.get('mboot.c32')?.file).toEqual(first);
    await writeFile(first?.file ?? '', 'MBOOT 4.04');
    const again = (await other()).sets[0]?.files.get('mboot.c32')?.file;
    expect(await contentOf(again)).toBe('mboot 4.04');
  });

  test('is unpacked once, however many ask at once', async () => {
    const directory = await rig.at('once');
    await put(directory, 'Packages', 'el6');
    const tree = await asTree(directory);
    let reads = 0;
    const counting = {
      ...tree,
      files: {
        ...tree.files,
        read: (place: FilePlace, limit: number) => {
          reads += 1;
          return tree.files.read(place, limit);
        },
      },
    };
    const { shelf, clock } = await rig.shelfOver();
    await Promise.all([shelf.catalog([counting]), shelf.catalog([counting]), shelf.catalog([counting])]);
    const atFirst = reads;
    clock.now += 4999;
    await shelf.catalog([counting]);
    expect(reads).toBe(atFirst);
    clock.now += 120_000;
    await shelf.catalog([counting]);
    // The headers alone are looked at again.
    expect(reads - atFirst).toBeLessThan(atFirst);
  });

  test('is looked at again without holding up who boots meanwhile', async () => {
    const directory = await rig.at('again');
    await put(directory, 'Packages', 'el6');
    const tree = await asTree(directory);
    const gate = Promise.withResolvers<void>();
    let isShut = false;
    const read = async (place: FilePlace, limit: number): Promise<Uint8Array> => {
      if (isShut) await gate.promise;
      return tree.files.read(place, limit);
    };
    const gated = { ...tree, files: { ...tree.files, read } };
    const { shelf, clock } = await rig.shelfOver();
    const before = told(await shelf.catalog([gated]));
    clock.now += 120_000;
    isShut = true;
    expect(told(await shelf.catalog([gated]))).toEqual(before);
    gate.resolve();
    expect(before.length).toBeGreaterThan(0);
  });

  test('cannot be kept: that is told, and the host still serves', async () => {
    const directory = await rig.at('full');
    await put(directory, 'Packages', 'el6');
    const { shelf, data } = await rig.shelfOver({ 'usr/lib/ipxe/undionly.kpxe': 'undi' });
    await writeFile(data, 'a file where a directory must be');
    const catalog = await shelf.catalog([await asTree(directory)]);
    expect(told(catalog)).toEqual(['ipxe of this system: undionly.kpxe']);
    expect(catalog.lacks).toMatchObject([{ where: 'tree rhel', reason: expect.stringMatching(/ENOTDIR|EEXIST/) }]);
  });
});
