// The virtual boot namespace: what names mean, and that none of the known tricks leads anywhere.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBootName } from '../../../server/boot/paths.ts';

const owner = { kind: 'mac', mac: '52:54:00:a8:a8:02' };
const anyone = { kind: 'anyone' };
const config = (name: string, of: unknown): unknown => ({ kind: 'config', loader: name, of });
const mac = config('pxelinux', owner);
const kernel = { kind: 'tree-file', tree: 'rhel6', path: 'images/pxeboot/vmlinuz' };
const loader = (file: string, tree?: string): unknown => ({ kind: 'loader', file, tree });
const module = (platform: string, file: string, tree?: string): unknown => ({
  kind: 'grub-module',
  platform,
  file,
  tree,
});
const probe = (file: string): unknown => ({ kind: 'probe', file });

describe('a name means', () => {
  test.each<[string, string, unknown]>([
    ['the loader', 'pxelinux.0', loader('pxelinux.0')],
    ['the loader, asked with a slash', '/pxelinux.0', loader('pxelinux.0')],
    ['the loader, asked with a backslash (Windows habit of some ROMs)', '\\pxelinux.0', loader('pxelinux.0')],
    ['the loader, asked with doubled slashes', '//pxelinux.0', loader('pxelinux.0')],
    ['the loader, asked with ./', './pxelinux.0', loader('pxelinux.0')],
    ['the loader, with a stray 0xFF behind it (novaboot issue 9)', 'pxelinux.0\u00ff', loader('pxelinux.0')],
    ["the loader, asked in pxelinux's own form for the root", '::pxelinux.0', loader('pxelinux.0')],
    ['a module', 'ldlinux.c32', loader('ldlinux.c32')],
    ['a configuration by MAC', 'pxelinux.cfg/01-52-54-00-a8-a8-02', mac],
    ['a configuration by MAC in upper case', '/pxelinux.cfg/01-52-54-00-A8-A8-02', mac],
    [
      'a configuration by UUID',
      'pxelinux.cfg/4C4C4544-0042-3010-8057-B9C04F4E3233',
      config('pxelinux', { kind: 'uuid', uuid: '4c4c4544-0042-3010-8057-b9c04f4e3233' }),
    ],
    ['a configuration by address', 'pxelinux.cfg/C0A8A802', config('pxelinux', { kind: 'address', hex: 'C0A8A802' })],
    ['a configuration by a part of an address', 'pxelinux.cfg/C', config('pxelinux', { kind: 'address', hex: 'C' })],
    ['the last configuration', 'pxelinux.cfg/default', config('pxelinux', anyone)],
    [
      'a configuration beside a loader in a directory',
      'boot/pxelinux/pxelinux.cfg/default',
      config('pxelinux', anyone),
    ],
    ["shim, in its firmware's spelling", '/EFI/BOOT/BOOTX64.EFI', loader('bootx64.efi')],
    ["a tree's own shim", 'loaders/el9/bootx64.efi', loader('bootx64.efi', 'el9')],
    ['the GRUB beside it', 'loaders/el9/grubx64.efi', loader('grubx64.efi', 'el9')],
    ['a bare GRUB, as shim 15.3 asks for it (shim issue 300)', 'grubx64.efi', loader('grubx64.efi')],
    ['a GRUB behind a backslash that shim left over', '\\grubx64.efi', loader('grubx64.efi')],
    ['a GRUB for arm64', 'EFI/BOOT/grubaa64.efi', loader('grubaa64.efi')],
    ['an iPXE', 'undionly.kpxe', loader('undionly.kpxe')],
    ["the configuration a medium's GRUB reads", '/EFI/BOOT/grub.cfg', config('grub', anyone)],
    ["the configuration XenServer's GRUB reads", '/EFI/xenserver/grub.cfg', config('grub', anyone)],
    ["the configuration Debian's GRUB reads", '/grub/grub.cfg', config('grub', anyone)],
    ['a GRUB configuration by MAC', '/EFI/BOOT/grub.cfg-01-52-54-00-a8-a8-02', config('grub', owner)],
    ['a GRUB configuration by MAC, as old builds write it', 'grub.cfg-52-54-00-A8-A8-02', config('grub', owner)],
    [
      'a GRUB configuration by MAC, as its own variable writes it',
      '/grub/grub.cfg-01-52:54:00:a8:a8:02',
      config('grub', owner),
    ],
    ['a GRUB configuration by address', 'grub/grub.cfg-C0A8A802', config('grub', { kind: 'address', hex: 'C0A8A802' })],
    ['a GRUB configuration for whoever asks', 'grub.cfg-asker', config('grub', { kind: 'asker' })],
    ['a GRUB module', '/grub/x86_64-efi/http.mod', module('x86_64-efi', 'http.mod')],
    ["a module beside a tree's GRUB", 'loaders/el9/x86_64-efi/http.mod', module('x86_64-efi', 'http.mod', 'el9')],
    ["one of GRUB's lists", '/EFI/BOOT/x86_64-efi/command.lst', module('x86_64-efi', 'command.lst')],
    ['a font', '/EFI/BOOT/fonts/unicode.pf2', probe('unicode.pf2')],
    ["shim's revocations", 'loaders/el9/revocations_sbat.efi', probe('revocations_sbat.efi')],
    ["shim's further certificates", 'shim_certificate_0.efi', probe('shim_certificate_0.efi')],
    ["iPXE's own first script", 'autoexec.ipxe', config('ipxe', anyone)],
    ["iPXE's own first script, beside its binary", 'loaders/el9/autoexec.ipxe', config('ipxe', anyone)],
    ["a machine's script for iPXE", 'ipxe/52-54-00-a8-a8-02', config('ipxe', owner)],
    ['a boot file of a tree', 'trees/rhel6/images/pxeboot/vmlinuz', kernel],
    ['a boot file, sloppily', '/trees//rhel6/./images\\pxeboot/vmlinuz', kernel],
  ])('%s', (_name, name, meaning) => {
    expect(parseBootName(name)).toEqual(meaning);
  });
});

describe('refused', () => {
  test.each([
    '',
    '/',
    '..',
    '../etc/passwd',
    '/../../etc/passwd',
    '..\\..\\etc\\passwd',
    '....//....//etc/passwd/..',
    'trees/rhel6/../../etc/passwd',
    'trees/rhel6/images/../../../x',
    'trees/rhel6/%2e%2e/x',
    'trees/rhel6/..%2fx',
    'pxelinux.0\0.cfg',
    'trees/rhel6/a\0b',
    'trees/rhel6/\u0430',
    'trees/rhel6',
    'trees',
    'C:\\windows\\x',
    'http://192.168.168.1/x',
    'pxelinux.cfg/01-ff-ff-ff-ff-ff-ff',
    'pxelinux.cfg/01-00-00-00-00-00-00',
    'pxelinux.cfg/01-52-54-00',
    'pxelinux.cfg/c0a8a802',
    'pxelinux.cfg/a/b',
    'pxelinux.cfg',
    'boot/x64/wdsnbp.com',
    'grub.cfg-01-52-54-00',
    'grub.cfg-../../x',
    'ipxe/52-54-00',
    'ipxe',
    'etc/shadow',
    '-rf',
    'a'.repeat(300),
  ])('%j', (name) => {
    const meaning = parseBootName(name);
    // `trees` and `pxelinux.cfg` alone read as loader names that no origin carries; everything else is no name at all.
    expect(['no', 'loader']).toContain(meaning.kind);
    if (meaning.kind === 'loader') expect(meaning.file).toMatch(/^(trees|pxelinux\.cfg|ipxe)$/);
  });
});

test('whatever is asked, the answer is a value and no path climbs', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const meaning = parseBootName(name);
      if (meaning.kind === 'tree-file') expect(`${meaning.tree}/${meaning.path}`.split('/')).not.toContain('..');
    }),
  );
});
