// Which loader a machine is given: a pxelinux set whole and of one build, a tree's own UEFI chain, modules of the same build.

import { describe, expect, test } from 'vitest';
import {
  firstOfChain,
  grubModules,
  hasShim,
  ipxeFile,
  loadersOf,
  pxelinuxSet,
  stockOf,
  uefiChain,
} from '../../../server/boot/loaders.ts';
import type { Firmware } from '../../../server/domain.ts';
import type { LoaderArch, LoaderFamily, LoaderOrigin, LoaderSet } from '../../../server/loaders.ts';
import { originText } from '../../../server/loaders.ts';
import { isNo } from '../../../server/malformed.ts';

const host: LoaderOrigin = { kind: 'host' };
const tree = (name: string): LoaderOrigin => ({ kind: 'tree', tree: name });
const rpm = (name: string, ...packages: string[]): LoaderOrigin => ({ kind: 'rpm', tree: name, packages });

function set(
  family: LoaderFamily,
  origin: LoaderOrigin,
  names: string,
  arch: LoaderArch = 'x86_64',
): LoaderSet<string> {
  const files = names.split(' ').map((name) => [name, { file: `${originText(origin)}:${name}`, path: name }] as const);
  return { family, arch, origin, files: new Map(files) };
}

const rhel8 = set('uefi', tree('rhel8'), 'shimx64.efi grubx64.efi mmx64.efi');
const xs = set('uefi', tree('xs'), 'grubx64.efi');
const packed = set(
  'uefi',
  rpm('rhel9', 'shim-x64-15.8-4.el9.x86_64', 'grub2-efi-x64-2.06-80.el9.x86_64'),
  'shimx64.efi grubx64.efi',
);
const arm = set('uefi', tree('rhel9a'), 'shimaa64.efi grubaa64.efi', 'aarch64');
const system = set('uefi', host, 'grubx64.efi');
const modules = set('grub-modules', host, 'x86_64-efi/normal.mod x86_64-efi/http.mod');
const everything = { sets: [xs, rhel8, packed, arm, system, modules], lacks: [] };
const lacking = (...sets: LoaderSet<string>[]) => ({ sets, lacks: [] });

describe('pxelinux comes from', () => {
  const tested = set('pxelinux', tree('xs'), 'pxelinux.0 mboot.c32');
  const packaged = set('pxelinux', rpm('rhel6', 'syslinux-4.04-3.el6.x86_64'), 'pxelinux.0 mboot.c32');
  const debian = set('pxelinux', host, 'pxelinux.0 ldlinux.c32 chain.c32');

  test.each<[string, LoaderSet<string>[], string]>([
    ['the first set there is', [tested, packaged, debian], 'tree xs'],
    ["a tree's own package", [packaged, debian], 'tree rhel6, syslinux-4.04-3.el6.x86_64'],
    ["the host's packages", [system, debian], 'this system'],
  ])('%s', (_name, sets, expected) => {
    const found = pxelinuxSet(lacking(...sets));
    expect(isNo(found) ? found : originText(found.set.origin)).toBe(expected);
  });

  test('nowhere: the packages that have it are named', () => {
    expect(pxelinuxSet(lacking(system))).toMatchObject({
      kind: 'no',
      remedy: expect.stringContaining('pxelinux and syslinux-common'),
    });
  });

  test('modules of another origin are never mixed in', () => {
    const loaders = loadersOf(lacking(tested, debian));
    expect(loaders.named('mboot.c32')).toMatchObject({ file: 'tree xs:mboot.c32', tree: 'xs' });
    expect(loaders.named('chain.c32')).toMatchObject({
      kind: 'no',
      reason: 'the pxelinux of tree xs has no chain.c32',
    });
  });
});

describe('the UEFI chain', () => {
  test.each<[string, string | undefined, Firmware['arch'], string | undefined]>([
    ["of a tree is the tree's own", 'rhel8', 'x86_64', 'tree rhel8'],
    [
      'of a tree may come from its packages',
      'rhel9',
      'x86_64',
      'tree rhel9, shim-x64-15.8-4.el9.x86_64 and grub2-efi-x64-2.06-80.el9.x86_64',
    ],
    ["of a tree that has none is this system's, never another tree's", 'rhel6', 'x86_64', 'this system'],
    ['of another architecture', 'rhel9a', 'aarch64', 'tree rhel9a'],
    ['that nobody has', 'rhel8', 'aarch64', undefined],
    ['of an architecture that nobody makes', 'rhel8', 'other', undefined],
    ["without a tree is this system's", undefined, 'x86_64', 'this system'],
    ['without a tree, and none here, is any', undefined, 'aarch64', 'tree rhel9a'],
  ])('%s', (_name, name, arch, expected) => {
    const found = uefiChain(everything, { tree: name, arch });
    expect(isNo(found) ? undefined : originText(found.set.origin)).toBe(expected);
  });

  test('without a tree one with a shim is better than one without', () => {
    const found = uefiChain(lacking(xs, rhel8), { tree: undefined, arch: 'x86_64' });
    expect(isNo(found) ? found : found.set).toBe(rhel8);
  });

  test('that is missing is told with what to do', () => {
    expect(uefiChain(lacking(xs), { tree: 'rhel6', arch: 'x86_64' })).toMatchObject({
      reason: 'neither the tree rhel6 nor this system has a UEFI loader for x86_64',
      remedy: expect.stringContaining('grub-efi-amd64-bin'),
    });
  });

  test('begins with its shim, or with GRUB where it has none', () => {
    expect([rhel8, xs, arm].map(firstOfChain)).toEqual(['shimx64.efi', 'grubx64.efi', 'shimaa64.efi']);
    expect([rhel8, xs].map(hasShim)).toEqual([true, false]);
  });

  test('has modules only of its own build', () => {
    expect(grubModules(everything, system)).toBe(modules);
    expect(grubModules(everything, rhel8)).toBeUndefined();
    const loaders = loadersOf(everything);
    expect(loaders.grubModule(undefined, 'x86_64-efi', 'http.mod')).toMatchObject({ origin: 'this system' });
    expect(loaders.grubModule('rhel8', 'x86_64-efi', 'http.mod')).toMatchObject({ kind: 'no' });
    expect(loaders.grubModule(undefined, 'sparc', 'http.mod')).toMatchObject({ kind: 'no' });
  });

  test.each<[string, string]>([
    ['bootx64.efi', 'tree rhel8:shimx64.efi'],
    ['shimx64.efi', 'tree rhel8:shimx64.efi'],
    ['grubx64.efi', 'tree rhel8:grubx64.efi'],
    ['mmx64.efi', 'tree rhel8:mmx64.efi'],
  ])('%s of it is %s', (name, expected) => {
    expect(loadersOf(everything).ofChain('rhel8', name)).toMatchObject({ file: expected, tree: 'rhel8' });
  });

  test.each(['fbx64.efi', 'grubia32.efi', 'memtest.efi'])('%s is in none', (name) => {
    expect(loadersOf(everything).ofChain('rhel8', name)).toMatchObject({ kind: 'no' });
  });
});

describe('an iPXE', () => {
  const own = set('ipxe', host, 'undionly.kpxe snponly.efi');
  const packaged = set('ipxe', rpm('rhel8', 'ipxe-bootimgs-20181214-11.el8.noarch'), 'undionly.kpxe ipxe.lkrn');

  test.each<[string, string | undefined]>([
    ['undionly.kpxe', 'this system'],
    ['ipxe.lkrn', 'tree rhel8, ipxe-bootimgs-20181214-11.el8.noarch'],
    ['snponly-arm64.efi', undefined],
  ])('%s comes from %s', (name, expected) => {
    const found = ipxeFile(lacking(packaged, own), name);
    expect(isNo(found) ? undefined : originText(found.set.origin)).toBe(expected);
  });
});

describe('the stock that a first program is chosen from', () => {
  const stock = stockOf(everything);

  test("names a chain of a tree by that tree, and this system's by itself", () => {
    expect(stock.firstOfChain('rhel8', 'x86_64')).toBe('loaders/rhel8/shimx64.efi');
    expect(stock.firstOfChain('rhel6', 'x86_64')).toBe('grubx64.efi');
    expect(stock.firstOfChain('rhel8', 'aarch64')).toMatchObject({ kind: 'no' });
  });

  test('says why a file is not there', () => {
    expect(stock.has('pxelinux.0')).toMatchObject({ reason: 'no pxelinux was found in any tree or on this system' });
    expect(stock.has('snponly.efi')).toMatchObject({ remedy: expect.stringContaining('ipxe') });
    expect(stockOf(lacking(set('pxelinux', host, 'pxelinux.0'))).has('pxelinux.0')).toBeUndefined();
  });
});
