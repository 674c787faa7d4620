// The virtual boot namespace: what names mean, and that none of the known tricks leads anywhere.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBootName } from '../../../server/boot/paths.ts';

const mac = { kind: 'pxelinux-config', of: { kind: 'mac', mac: '52:54:00:a8:a8:02' } };
const kernel = { kind: 'tree-file', tree: 'rhel6', path: 'images/pxeboot/vmlinuz' };
const loader = (file: string): unknown => ({ kind: 'loader', file });

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
      { kind: 'pxelinux-config', of: { kind: 'uuid', uuid: '4c4c4544-0042-3010-8057-b9c04f4e3233' } },
    ],
    [
      'a configuration by address',
      'pxelinux.cfg/C0A8A802',
      { kind: 'pxelinux-config', of: { kind: 'address', hex: 'C0A8A802' } },
    ],
    [
      'a configuration by a part of an address',
      'pxelinux.cfg/C',
      { kind: 'pxelinux-config', of: { kind: 'address', hex: 'C' } },
    ],
    ['the last configuration', 'pxelinux.cfg/default', { kind: 'pxelinux-config', of: { kind: 'default' } }],
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
    'boot/pxelinux.cfg/default',
    '-rf',
    'a'.repeat(300),
  ])('%j', (name) => {
    const meaning = parseBootName(name);
    // `trees` and `pxelinux.cfg` alone read as loader names that no origin carries; everything else is no name at all.
    expect(['no', 'loader']).toContain(meaning.kind);
    if (meaning.kind === 'loader') expect(meaning.file).toMatch(/^(trees|pxelinux\.cfg)$/);
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
