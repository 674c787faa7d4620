// The first program: by firmware, wish, what is there and who else answers DHCP. Who boots its own disk is given none.

import { describe, expect, test } from 'vitest';
import { parseMac } from '../../../server/address.ts';
import type { LoaderStock } from '../../../server/boot/choose.ts';
import { chooseFirst } from '../../../server/boot/choose.ts';
import type { BootDecision, BootOptions, Firmware, Install } from '../../../server/domain.ts';
import { isNo, no } from '../../../server/malformed.ts';
import { installerArguments } from '../../../kickstart/kernel-arguments.ts';
import { resolveInstall } from '../../../server/site/resolve.ts';
import { exampleSite, hostOf, readyCatalog } from '../../support/example.ts';

const ORIGIN = 'http://192.168.168.26';
const SCRIPT = `${ORIGIN}/boot/ipxe/52-54-00-a8-a8-02`;
const bios: Firmware = { platform: 'bios', arch: 'x86_64', transport: 'tftp', isIpxe: false };
const uefi: Firmware = { ...bios, platform: 'uefi' };
const http: Firmware = { ...uefi, transport: 'http' };
const ipxe = (firmware: Firmware): Firmware => ({ ...firmware, isIpxe: true });

/** Everything is there but what is named. */
function stock(...missing: readonly string[]): LoaderStock {
  const lack = (name: string) => (missing.includes(name) ? no(`no ${name}`) : undefined);
  return {
    has: lack,
    firstOfChain: (tree, arch) => lack('chain') ?? `loaders/${tree}/boot${arch === 'aarch64' ? 'aa64' : 'x64'}.efi`,
  };
}

function install(host: string, boot: Partial<BootOptions>, change: Partial<Install> = {}): BootDecision {
  const site = exampleSite();
  const resolved = resolveInstall(site, readyCatalog(site), hostOf(site, host));
  if (isNo(resolved)) throw new Error(resolved.reason);
  const args = installerArguments(resolved);
  if (isNo(args)) throw new Error(args.reason);
  return { kind: 'install', install: { ...resolved, ...change, boot: { ...resolved.boot, ...boot } }, arguments: args };
}

type Row = {
  readonly firmware: Firmware;
  readonly wish?: Partial<BootOptions>;
  readonly missing?: readonly string[];
  readonly mode?: 'proxy' | 'server';
  readonly host?: string;
};

function choose({ firmware, wish = {}, missing = [], mode = 'server', host = 'cs40' }: Row) {
  const mac = parseMac('52:54:00:a8:a8:02');
  const answer = chooseFirst({
    mac,
    firmware,
    decision: install(host, wish),
    stock: stock(...missing),
    mode,
    origin: ORIGIN,
  });
  return answer.kind === 'boot' ? answer.file : `none: ${answer.reason}`;
}

const chain = 'loaders/rhel6/bootx64.efi';

describe('a machine that installs is given', () => {
  test.each<[string, string, Row]>([
    ['BIOS: pxelinux', 'pxelinux.0', { firmware: bios }],
    ['BIOS whose firmware is an iPXE: its script over HTTP', SCRIPT, { firmware: ipxe(bios) }],
    [
      'an iPXE whose host is to use pxelinux: pxelinux',
      'pxelinux.0',
      { firmware: ipxe(bios), wish: { bios: 'pxelinux' } },
    ],
    ['BIOS to use iPXE: an iPXE', 'undionly.kpxe', { firmware: bios, wish: { bios: 'ipxe' } }],
    ['BIOS without a pxelinux: an iPXE', 'undionly.kpxe', { firmware: bios, missing: ['pxelinux.0'] }],
    [
      'BIOS that must use a pxelinux which is not there: the reason',
      'none: no pxelinux.0',
      { firmware: bios, wish: { bios: 'pxelinux' }, missing: ['pxelinux.0'] },
    ],
    [
      'BIOS without any loader: the reason',
      'none: no undionly.kpxe',
      { firmware: bios, missing: ['pxelinux.0', 'undionly.kpxe'] },
    ],
    [
      'Xen on BIOS without mboot.c32: an iPXE',
      'undionly.kpxe',
      { firmware: bios, host: 'xs-01', missing: ['mboot.c32'] },
    ],
    ['Xen on BIOS: pxelinux', 'pxelinux.0', { firmware: bios, host: 'xs-01' }],
    ["UEFI: its tree's own shim", chain, { firmware: uefi }],
    ['UEFI to use iPXE: an iPXE', 'snponly.efi', { firmware: uefi, wish: { uefi: 'ipxe' } }],
    ['UEFI whose firmware is an iPXE: its script', SCRIPT, { firmware: ipxe(uefi) }],
    ['an iPXE on UEFI whose host is to use GRUB: GRUB', chain, { firmware: ipxe(uefi), wish: { uefi: 'grub' } }],
    ['UEFI without a GRUB: an iPXE', 'snponly.efi', { firmware: uefi, missing: ['chain'] }],
    ['UEFI without a loader: the reason', 'none: no chain', { firmware: uefi, missing: ['chain', 'snponly.efi'] }],
    [
      'UEFI that must use a GRUB which is not there: the reason',
      'none: no chain',
      { firmware: uefi, wish: { uefi: 'grub' }, missing: ['chain'] },
    ],
    [
      'UEFI beside another DHCP server: an iPXE, as GRUB would ask the other server',
      'snponly.efi',
      { firmware: uefi, mode: 'proxy' },
    ],
    [
      'UEFI beside another DHCP server, without an iPXE: GRUB',
      chain,
      { firmware: uefi, mode: 'proxy', missing: ['snponly.efi'] },
    ],
    [
      'UEFI beside another DHCP server that is to use GRUB: GRUB',
      chain,
      { firmware: uefi, mode: 'proxy', wish: { uefi: 'grub' } },
    ],
    ['UEFI HTTP boot: a whole URL', `${ORIGIN}/boot/${chain}`, { firmware: http }],
    [
      'UEFI HTTP boot beside another DHCP server: a whole URL of GRUB',
      `${ORIGIN}/boot/${chain}`,
      { firmware: http, mode: 'proxy' },
    ],
    [
      'UEFI HTTP boot to use iPXE: a whole URL',
      `${ORIGIN}/boot/snponly.efi`,
      { firmware: http, wish: { uefi: 'ipxe' } },
    ],
    [
      'arm64 before a tree for x86_64: the reason',
      'none: the machine is aarch64 UEFI, and its tree rhel6 is x86_64',
      { firmware: { ...uefi, arch: 'aarch64' } },
    ],
    [
      '32-bit UEFI before a tree for x86_64: the reason',
      'none: the machine is i386 UEFI, and its tree rhel6 is x86_64',
      { firmware: { ...uefi, arch: 'i386' } },
    ],
    [
      'an architecture nobody knows: the reason',
      'none: the machine is of an architecture that no tree is made for, and its tree rhel6 is x86_64',
      { firmware: { ...uefi, arch: 'other' } },
    ],
  ])('%s', (_name, file, row) => {
    expect(choose(row)).toBe(file);
  });

  test('arm64 with a tree of its own: the shim of that tree', () => {
    const { os } = { os: { family: 'rocky', version: '9.4', major: 9, arch: 'aarch64' } } as const;
    const decision = install('cs40', {}, { os });
    const firmware: Firmware = { ...uefi, arch: 'aarch64' };
    const mac = parseMac('52:54:00:a8:a8:02');
    expect(chooseFirst({ mac, firmware, decision, stock: stock(), mode: 'server', origin: ORIGIN })).toEqual({
      kind: 'boot',
      file: 'loaders/rhel6/bootaa64.efi',
    });
  });
});

describe('who boots its own disk', () => {
  const mac = parseMac('52:54:00:a8:a8:02');
  const told = (host: string | undefined, firmware: Firmware, mode: 'proxy' | 'server') => {
    const cause = host === undefined ? 'unknown' : 'not-armed';
    const decision: BootDecision = { kind: 'local', host, cause, reason: 'never armed' };
    const answer = chooseFirst({ mac, firmware, decision, stock: stock(), mode, origin: ORIGIN });
    return answer.kind === 'none' ? `none: ${answer.reason}` : answer.file;
  };
  test.each<[string, string | undefined, Firmware, 'proxy' | 'server', string]>([
    ['a host by BIOS: what is not there, so that it goes on at once', 'cs40', bios, 'server', 'boot-your-own-disk'],
    ['a host by UEFI: what is not there, so that it goes on at once', 'cs40', uefi, 'server', 'boot-your-own-disk'],
    ['a host by HTTP: nothing', 'cs40', http, 'server', 'none: never armed'],
    ['a host in iPXE: nothing', 'cs40', ipxe(bios), 'server', 'none: never armed'],
    ['a host beside another DHCP server: nothing, it may boot by that one', 'cs40', uefi, 'proxy', 'none: never armed'],
    ['a stranger: nothing', undefined, uefi, 'server', 'none: never armed'],
    ['a stranger beside another server: nothing', undefined, bios, 'proxy', 'none: never armed'],
  ])('%s', (_name, host, firmware, mode, file) => {
    expect(told(host, firmware, mode)).toBe(file);
  });

  test('also an armed host whose firmware nothing fits', () => {
    const facts = { mac, decision: install('cs40', {}), stock: stock(), mode: 'server', origin: ORIGIN } as const;
    const answer = chooseFirst({ ...facts, firmware: { ...uefi, arch: 'aarch64' } });
    expect(answer).toMatchObject({
      kind: 'own-disk',
      file: 'boot-your-own-disk',
      reason: expect.stringContaining('aarch64') as string,
    });
  });
});
