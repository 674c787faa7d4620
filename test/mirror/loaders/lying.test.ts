// Loaders that lie loose in trees and on hosts: which sets they make, and when they are looked at again.

import { afterAll, describe, expect, test } from 'vitest';
import type { TreeFiles } from '../../../mirror/content/place.ts';
import { writeFiles } from '../../support/iso.ts';
import { asTree, grub, oldGrub, openRig, shim, told } from './rig.ts';

const rig = openRig();
afterAll(() => rig.remove());

describe('loaders that lie loose', () => {
  test.each<[string, Record<string, string | Uint8Array>, readonly string[]]>([
    [
      'an old XenServer',
      { 'boot/pxelinux/pxelinux.0': 'old', 'boot/pxelinux/mboot.c32': 'm' },
      ['pxelinux of tree x: mboot.c32 pxelinux.0'],
    ],
    [
      'an XCP-ng, whose own directory counts',
      { 'EFI/xenserver/grubx64.efi': grub, 'EFI/BOOT/BOOTX64.EFI': grub },
      ['uefi of tree x: grubx64.efi'],
    ],
    ['a GRUB as the only program', { 'EFI/BOOT/BOOTX64.EFI': grub }, ['uefi of tree x: grubx64.efi']],
    [
      'a RHEL',
      {
        'EFI/BOOT/BOOTX64.EFI': shim,
        'EFI/BOOT/grubx64.efi': grub,
        'EFI/BOOT/mmx64.efi': 'm',
        'EFI/BOOT/fonts/unicode.pf2': 'f',
        'EFI/BOOT/grub.cfg': 'c',
      },
      ['uefi of tree x: grubx64.efi mmx64.efi shimx64.efi unicode.pf2'],
    ],
    [
      'a RHEL for both word sizes',
      {
        'EFI/BOOT/BOOTX64.EFI': shim,
        'EFI/BOOT/grubx64.efi': grub,
        'EFI/BOOT/BOOTIA32.EFI': shim,
        'EFI/BOOT/grubia32.efi': grub,
      },
      ['uefi of tree x: grubx64.efi shimx64.efi', 'uefi of tree x: grubia32.efi shimia32.efi'],
    ],
    [
      'names in another case',
      { 'EFI/Boot/bootx64.efi': shim, 'EFI/Boot/GRUBX64.EFI': grub },
      ['uefi of tree x: grubx64.efi shimx64.efi'],
    ],
    ['a RHEL 6, whose GRUB is of the old kind', { 'EFI/BOOT/BOOTX64.efi': oldGrub, 'EFI/BOOT/BOOTX64.conf': 'c' }, []],
    ['a shim without GRUB', { 'EFI/BOOT/BOOTX64.EFI': shim }, []],
  ])('%s', async (name, files, expected) => {
    const directory = await rig.at('loose', name.replaceAll(/\W/g, '-'));
    await writeFiles(directory, files);
    const { shelf } = await rig.shelfOver();
    expect(told(await shelf.catalog([await asTree(directory, { name: 'x' })]))).toEqual(expected);
  });

  test.each<[string, Record<string, string | Uint8Array>, readonly string[]]>([
    [
      'Debian, unsigned',
      {
        'usr/lib/grub/x86_64-efi/monolithic/grubnetx64.efi': grub,
        'usr/lib/grub/x86_64-efi/normal.mod': 'n',
        'usr/lib/grub/x86_64-efi/fs.lst': 'l',
        'usr/lib/grub/x86_64-efi/kernel.img': 'k',
      },
      ['uefi of this system: grubx64.efi', 'grub-modules of this system: x86_64-efi/fs.lst x86_64-efi/normal.mod'],
    ],
    [
      'Debian, signed first',
      {
        'usr/lib/shim/shimx64.efi.signed': shim,
        'usr/lib/shim/mmx64.efi.signed': 'm',
        'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed': grub,
        'usr/lib/grub/x86_64-efi/monolithic/grubnetx64.efi': grub,
      },
      ['uefi of this system: grubx64.efi mmx64.efi shimx64.efi', 'uefi of this system: grubx64.efi'],
    ],
    ['Debian with a shim and no signed GRUB', { 'usr/lib/shim/shimx64.efi.signed': shim }, []],
    [
      'RHEL',
      {
        'boot/efi/EFI/redhat/shimx64.efi': shim,
        'boot/efi/EFI/redhat/grubx64.efi': grub,
        'usr/share/ipxe/ipxe-x86_64.efi': 'i',
        'usr/share/ipxe/arm64-efi/snponly.efi': 'a',
      },
      [
        'uefi of this system: grubx64.efi shimx64.efi',
        'ipxe of this system: ipxe.efi',
        'ipxe of this system: snponly-arm64.efi',
      ],
    ],
    ['arm64', { 'usr/lib/grub/arm64-efi/monolithic/grubnetaa64.efi': grub }, ['uefi of this system: grubaa64.efi']],
    [
      'two pxelinux, never mixed',
      {
        'usr/lib/PXELINUX/pxelinux.0': 'wants ldlinux.c32',
        'usr/share/syslinux/pxelinux.0': 'wants ldlinux.c32',
        'usr/share/syslinux/ldlinux.c32': 'l',
      },
      ['pxelinux of this system: ldlinux.c32 pxelinux.0'],
    ],
  ])('a host: %s', async (_name, files, expected) => {
    const { shelf } = await rig.shelfOver(files);
    expect(told(await shelf.catalog([]))).toEqual(expected);
  });

  test('a program that was installed, or a tree that was replaced, is seen; in between nothing is looked at', async () => {
    const { shelf, clock, host } = await rig.shelfOver();
    expect(told(await shelf.catalog([]))).toEqual([]);
    await writeFiles(host, { 'usr/lib/ipxe/undionly.kpxe': 'undi' });
    expect(told(await shelf.catalog([]))).toEqual([]);
    clock.now += 5000;
    expect(told(await shelf.catalog([]))).toEqual(['ipxe of this system: undionly.kpxe']);
    const [before, after] = [await rig.at('before'), await rig.at('after')];
    await writeFiles(after, { 'boot/pxelinux/pxelinux.0': 'old' });
    expect(told(await shelf.catalog([await asTree(before)]))).toHaveLength(1);
    expect(told(await shelf.catalog([await asTree(after)]))).toHaveLength(2);
  });

  test('a tree that cannot be read does not keep others from serving', async () => {
    const { shelf } = await rig.shelfOver({ 'usr/lib/ipxe/undionly.kpxe': 'undi' });
    const failing: TreeFiles = {
      find: () => Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })),
      read: () => Promise.reject(new Error('not reached')),
      close: () => Promise.resolve(),
    };
    const { sets, lacks } = await shelf.catalog([{ name: 'bad', arch: 'x86_64', repositories: [''], files: failing }]);
    expect(told({ sets, lacks })).toEqual(['ipxe of this system: undionly.kpxe']);
    expect(lacks).toEqual([{ where: 'tree bad', reason: 'EIO: i/o error, read' }]);
  });
});
