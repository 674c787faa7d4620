// The doctor's listing of loaders: each with its origin and digest, also those that were unpacked from a tree's own packages.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kickstand } from '../support/command.ts';
import { madeEfi } from '../support/efi.ts';
import { skipWithout, writeFiles } from '../support/iso.ts';
import { buildRpm } from '../support/rpm-payload.ts';

const skip = skipWithout('rpmbuild');
const directory = mkdtempSync(join(tmpdir(), 'kickstand-doctor-'));
const tree = join(directory, 'rhel');
const args = (data: string): string[] => [
  ...['doctor', '--site', join(directory, 'site.yaml'), '--data', join(directory, data)],
];
const SBAT = 'sbat,1,x\nshim,4,UEFI shim\n';
const shim = madeEfi({ machine: 0x8664, signed: true, sbat: SBAT, text: Buffer.from('\\mmx64.efi', 'utf16le') });
const TREEINFO = `[general]
family = Red Hat Enterprise Linux
version = 7.9
arch = x86_64
variant = Server

[images-x86_64]
kernel = images/pxeboot/vmlinuz
initrd = images/pxeboot/initrd.img
`;
const SITE = `site: { name: lab, domain: lab.example.org, appliance: 127.0.0.1, timezone: UTC }
networks:
  - name: lab
    subnet: 127.0.0.0/8
    ranges: [{ name: hosts, use: hosts, from: 127.0.0.2, to: 127.0.0.9 }]
trees:
  - { name: rhel7, directory: ${tree} }
profiles: []
hosts: []
`;

beforeAll(async () => {
  if (skip) return;
  await writeFiles(tree, {
    '.treeinfo': TREEINFO,
    'images/pxeboot/vmlinuz': 'kernel',
    'images/pxeboot/initrd.img': 'initrd',
    'LiveOS/squashfs.img': 'stage 2',
    'repodata/repomd.xml': '<repomd/>',
    'EFI/BOOT/BOOTX64.EFI': shim,
    'EFI/BOOT/grubx64.efi': madeEfi({ machine: 0x8664, signed: true, text: Buffer.from('grub_mod_init') }),
  });
  await writeFile(join(directory, 'site.yaml'), SITE);
  const files = { '/usr/share/syslinux/pxelinux.0': 'pxelinux 4.05', '/usr/share/syslinux/mboot.c32': 'mboot 4.05' };
  const entry = { name: 'syslinux', version: '4.05', release: '15.el7', arch: 'x86_64', payload: 'w7.xzdio', files };
  await buildRpm(entry, join(tree, 'Packages'), join(directory, 'work'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Row = {
  name: string;
  family: string;
  origin: string;
  path: string;
  sha256: string;
  sizeBytes: number;
  efi?: unknown;
};
type Report = { checks: { what: string; ok: boolean; found: string; remedy?: string }[]; loaders: Row[] };

const doctor = async (data = 'data'): Promise<Report> =>
  JSON.parse((await kickstand([...args(data), '--json'])).out) as Report;
const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

describe.skipIf(skip)('the doctor', () => {
  test('lists loaders of a package with the digests of what lies in it', async () => {
    const { loaders, checks } = await doctor();
    const packed = loaders.filter(({ origin }) => origin === 'tree rhel7, syslinux-4.05-15.el7.x86_64');
    expect(new Map(packed.map(({ path, sha256: digest }) => [path, digest]))).toEqual(
      new Map([
        ['/usr/share/syslinux/mboot.c32', sha256('mboot 4.05')],
        ['/usr/share/syslinux/pxelinux.0', sha256('pxelinux 4.05')],
      ]),
    );
    expect(checks).toContainEqual(
      expect.objectContaining({
        what: 'loaders',
        ok: true,
        found: 'pxelinux of tree rhel7, syslinux-4.05-15.el7.x86_64',
      }),
    );
  });

  test('lists a UEFI chain with what is known of its signatures', async () => {
    const { loaders } = await doctor();
    expect(loaders.find(({ name, origin }) => name === 'shimx64.efi' && origin === 'tree rhel7')).toEqual({
      name: 'shimx64.efi',
      family: 'uefi',
      arch: 'x86_64',
      origin: 'tree rhel7',
      path: 'EFI/BOOT/BOOTX64.EFI',
      sizeBytes: shim.length,
      sha256: sha256(shim),
      efi: { signed: true, sbat: 'shim 4' },
    });
  });

  test('prints the same for people, one line a loader', async () => {
    const { out } = await kickstand(args('data'));
    const line = out.split('\n').find((one) => one.startsWith('pxelinux.0') && one.includes('rhel7'));
    expect(line).toMatch(
      new RegExp(`^pxelinux.0 .*/usr/share/syslinux/pxelinux.0 .*13 B +${sha256('pxelinux 4.05')}$`),
    );
    expect(out).toMatch(/^shimx64\.efi .* signed \(shim 4\)$/m);
  });

  test('says which package is damaged', async () => {
    const file = join(tree, 'Packages/syslinux-4.05-15.el7.x86_64.rpm');
    const bytes = await readFile(file);
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    await writeFile(file, bytes);
    // What was unpacked while it was sound may still be given out: here nothing was.
    const { checks, loaders } = await doctor('other');
    expect(loaders.filter(({ origin }) => origin.includes('syslinux'))).toEqual([]);
    expect(checks).toContainEqual(
      expect.objectContaining({
        what: 'loaders of tree rhel7',
        ok: false,
        found: expect.stringContaining('syslinux-4.05'),
      }),
    );
  });
});
