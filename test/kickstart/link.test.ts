// Bonds, VLANs and bridges: the files of each release, and the step of %post that writes them, run for real.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { interfaceFiles } from '../../kickstart/bundle/files/interface.ts';
import { renderKickstart } from '../../kickstart/render.ts';
import { parseMac } from '../../server/address.ts';
import type { Link } from '../../server/customization.ts';
import type { Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import type { Chroot } from '../support/chroot.ts';
import { chrootWorks, makeChroot } from '../support/chroot.ts';
import { golden } from '../support/golden.ts';
import { minimal, secrets } from '../support/installs.ts';
import { bodyOf } from '../support/kickstart-text.ts';

const inCi = process.env['CI'] !== undefined;
const MACS = [parseMac('52:54:00:a8:a8:06'), parseMac('52:54:00:a8:a8:07')] as const;

function linked(version: string, link: Partial<Link>): Install {
  const install = minimal(version);
  const custom = { ...install.custom, link: { ...install.custom.link, ...link } };
  return { ...install, host: { ...install.host, macs: MACS }, custom };
}

function textOf(install: Install): string {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

const EVERYTHING: Partial<Link> = { bond: '802.3ad', vlan: 120, bridge: 'cloudbr0' };

describe('goldens', () => {
  test.each(['6.2', '7.9', '8.10', '10.0'])('a bridge on a VLAN on a bond, on RHEL %s', (version) => {
    const files = interfaceFiles(linked(version, EVERYTHING));
    golden(
      `kickstart/link-all-${version}.txt`,
      files.map(({ path, mode, text }) => `== ${path} ${mode.toString(8)}\n${text}`).join(''),
    );
  });

  test.each(['6.2', '9.6'])('a VLAN on a card that asks for its address, on RHEL %s', (version) => {
    const files = interfaceFiles(linked(version, { vlan: 7, bootproto: 'dhcp' }));
    golden(
      `kickstart/link-vlan-${version}.txt`,
      files.map(({ path, mode, text }) => `== ${path} ${mode.toString(8)}\n${text}`).join(''),
    );
  });
});

describe('one interface carries the address, and each port is of one that is there', () => {
  const below: readonly Partial<Link>[] = [{}, { bond: 'active-backup' }, { vlan: 5 }, { bridge: 'br0' }];
  const above: readonly Partial<Link>[] = [{}, { bridge: 'cloudbr0' }, { vlan: 120, bridge: 'cloudbr0' }];
  const links = below.flatMap((one): readonly Partial<Link>[] => above.map((other) => ({ ...one, ...other })));
  test.each(
    ['6.2', '7.9', '8.10', '9.6'].flatMap((version) =>
      links.map((link) => [version, JSON.stringify(link), link] as const),
    ),
  )('RHEL %s: %s', (version, _, link) => {
    const texts = interfaceFiles(linked(version, link)).map(({ text }) => text);
    expect(texts.filter((text) => /^(?:IPADDR|address1)=192\.168\.168\./m.test(text))).toHaveLength(1);
    const all = texts.join('\n');
    const names = new Set([...all.matchAll(/^(?:DEVICE|interface-name|NAME|id)=(\S+)$/gm)].map(([, name]) => name));
    for (const [, under] of all.matchAll(/^(?:MASTER|BRIDGE|PHYSDEV|master|parent)=(\S+)$/gm))
      expect(names).toContain(under);
  });
});

describe('the network line', () => {
  const line = (install: Install): string => /^network .*$/m.exec(textOf(install))?.[0] ?? '';
  test.each<[string, Partial<Link>, RegExp]>([
    [
      'a bond: by one card, whose address is its own',
      { bond: 'active-backup' },
      /--device=52:54:00:a8:a8:06 --bootproto=static --ip=/,
    ],
    ['a bridge', { bridge: 'cloudbr0' }, /--bootproto=static --ip=/],
    ['a VLAN: asks on the untagged network it was booted from', { vlan: 5 }, /--bootproto=dhcp --hostname/],
    ['dhcp', { bootproto: 'dhcp' }, /--bootproto=dhcp --hostname/],
  ])('of %s', (_, link, wanted) => {
    for (const version of ['6.2', '7.9', '9.6']) expect(line(linked(version, link))).toMatch(wanted);
  });
});

describe.skipIf(!chrootWorks() && !inCi)('%post', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['curl', 'sleep', 'chkconfig']) root.stub(command);
  });
  afterEach(() => root.remove());
  const run = (install: Install): number => {
    root.put('/tmp/script', bodyOf(textOf(install), 'post'));
    return root.run('/tmp/script');
  };
  const SCRIPTS = '/etc/sysconfig/network-scripts';

  test('writes the names that the kernel gave to the cards, be they swapped', () => {
    root.put('/sys/class/net/eth1/address', `${MACS[0]}\n`);
    root.put('/sys/class/net/eth0/address', `${MACS[1]}\n`);
    root.put(`${SCRIPTS}/ifcfg-lo`, 'DEVICE=lo\n');
    root.put(`${SCRIPTS}/ifcfg-eth1`, 'the installer wrote this\n');
    root.put(`${SCRIPTS}/ifcfg-em9`, 'and this\n');
    expect(run(linked('6.2', EVERYTHING))).toBe(0);
    expect(root.read(`${SCRIPTS}/ifcfg-eth1`)).toMatch(
      /^DEVICE=eth1\nHWADDR=52:54:00:A8:A8:06\n[\s\S]*MASTER=bond0\nSLAVE=yes\n/,
    );
    expect(root.read(`${SCRIPTS}/ifcfg-eth0`)).toContain('DEVICE=eth0\nHWADDR=52:54:00:A8:A8:07\n');
    expect(root.read(`${SCRIPTS}/ifcfg-bond0.120`)).toContain('BRIDGE=cloudbr0\n');
    expect(root.read(`${SCRIPTS}/ifcfg-lo`)).toBe('DEVICE=lo\n');
    expect(root.has(`${SCRIPTS}/ifcfg-em9`)).toBe(false);
  });

  test('a VLAN of a card with another name', () => {
    root.put('/sys/class/net/enp3s0/address', `${MACS[0]}\n`);
    expect(run(linked('7.9', { vlan: 120 }))).toBe(0);
    expect(root.read(`${SCRIPTS}/ifcfg-enp3s0.120`)).toMatch(/^DEVICE=enp3s0\.120\nVLAN=yes\nPHYSDEV=enp3s0\n/);
    expect(root.read(`${SCRIPTS}/ifcfg-enp3s0`)).toContain('HWADDR=52:54:00:A8:A8:06\n');
  });

  test.each(['8.10', '9.6'])('keyfiles on RHEL %s, which need no names', (version) => {
    const install = linked(version, EVERYTHING);
    root.put('/etc/NetworkManager/system-connections/ens3.nmconnection', 'the installer wrote this\n');
    expect(run(install)).toBe(0);
    for (const { path, text } of interfaceFiles(install)) expect(root.read(path)).toBe(text);
    expect(root.has('/etc/NetworkManager/system-connections/ens3.nmconnection')).toBe(false);
  });
});
