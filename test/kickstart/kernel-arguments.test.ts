// kernel-arguments.ts: what each installer's kernel is told.

import { describe, expect, test } from 'vitest';
import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import type { Install } from '../../server/domain.ts';
import { Malformed, isNo } from '../../server/malformed.ts';
import { TOKEN, cs40, hypervisor, minimal, xs01 } from '../support/installs.ts';

const ORIGIN = 'http://192.168.168.26';

describe('Linux', () => {
  test('RHEL 6: ks=, the card by MAC, its MACs sent; nothing that dracut alone knows', () =>
    expect(installerArguments(cs40)).toEqual({
      kind: 'linux',
      kernel: [`ks=${ORIGIN}/kickstart/cs40?token=${TOKEN}`, 'ksdevice=52:54:00:a8:a8:02', 'kssendmac'],
    }));

  test.each(['7.9', '8.10', '9.6', '10.0'])('RHEL %s: inst.* only, and no ip=', (version) => {
    const { host, tree, ...install } = minimal(version);
    expect(installerArguments({ ...install, host, tree })).toEqual({
      kind: 'linux',
      kernel: [
        `inst.repo=${ORIGIN}/trees/${tree.name}`,
        `inst.ks=${ORIGIN}/kickstart/${host.name}?token=${TOKEN}`,
        'inst.ks.sendmac',
        'BOOTIF=01-52-54-00-a8-a8-06',
      ],
    });
  });

  test.each<[Install, string]>([
    [cs40, 'syslog=192.168.168.26:514'],
    [minimal('7.9'), 'inst.syslog=192.168.168.26:514'],
    [minimal('10.0'), 'inst.syslog=192.168.168.26:514'],
  ])('where the appliance receives logs, they go there', (install, argument) => {
    const told = installerArguments({ ...install, syslog: '192.168.168.26:514' });
    const without = installerArguments(install);
    if (isNo(told) || isNo(without)) throw new Error('refused');
    expect(told).toEqual({ kind: 'linux', kernel: [...without.kernel, argument] });
  });

  test('a line that has no room for that goes without: a log is no reason to install nothing', () => {
    const install = { ...cs40, token: 'a'.repeat(900) };
    expect(installerArguments({ ...install, syslog: '192.168.168.26:514' })).toEqual(installerArguments(install));
    expect(isNo(installerArguments(install))).toBe(false);
  });

  test('a preview has a placeholder for the token', () =>
    expect(JSON.stringify(installerArguments({ ...cs40, token: undefined }))).toContain('?token=@TOKEN@"'));
});

describe('Xen', () => {
  test('XenServer 6.0.2', () =>
    expect(installerArguments(xs01)).toEqual({
      kind: 'xen',
      xen: ['dom0_max_vcpus=1-2', 'dom0_mem=752M,max:752M', 'com1=115200,8n1', 'console=com1,vga'],
      kernel: [
        'xencons=hvc',
        'console=hvc0',
        'console=tty0',
        `answerfile=${ORIGIN}/answerfile/xs-01?token=${TOKEN}`,
        'answerfile_device=52:54:00:a8:a8:03',
        'install',
      ],
    }));

  test.each<[Install['os']['family'], string, string]>([
    ['xenserver', '7.2', 'dom0_mem=2048M,max:2048M'],
    ['xcp-ng', '8.3', 'dom0_mem=max:8192M'],
  ])('%s %s gives its control domain %s', (family, version, memory) => {
    const args = installerArguments(hypervisor(family, version));
    expect(args).toMatchObject({ kind: 'xen', xen: expect.arrayContaining([memory]) });
    expect(JSON.stringify(args)).not.toContain('xencons');
  });
});

describe('refused', () => {
  test.each<[string, Install]>([
    ['a release without a dialect', { ...cs40, os: { ...cs40.os, major: 5, version: '5.11' } }],
    ['Linux on a Xen tree', { ...cs40, tree: xs01.tree }],
    ['a line no kernel keeps', { ...cs40, token: 'a'.repeat(1000) }],
  ])('%s', (_, install) => expect(isNo(installerArguments(install))).toBe(true));

  test('an address with a blank', () =>
    expect(() => installerArguments({ ...cs40, origin: 'http://a b' })).toThrow(Malformed));
});
