// What each release of XenServer and XCP-ng accepts, one row each, and what speaks against a profile on it.

import { describe, expect, test } from 'vitest';
import { NO_CUSTOMIZATION } from '../../server/customization.ts';
import type { HypervisorWishes } from '../../server/hypervisor-versions.ts';
import { customizationFaults, hypervisorDialect, versionFaults } from '../../server/hypervisor-versions.ts';
import { parseOs } from '../../server/os.ts';

const os = (text: string) => parseOs(`${text}-x86_64`);

test.each([
  ['xenserver-6.0', 'no ntp, none, no vlan, licence, no sysctl, sysv'],
  ['xenserver-6.0.2', 'no ntp, none, no vlan, licence, no sysctl, sysv'],
  ['xenserver-6.1', 'no ntp, none, no vlan, licence, sysctl, sysv'],
  ['xenserver-6.2.0', 'no ntp, none, no vlan, no licence, sysctl, sysv'],
  ['xenserver-6.5', 'no ntp, none, no vlan, no licence, sysctl, sysv'],
  ['xenserver-7.0', 'no ntp, none, vlan, no licence, sysctl, systemd'],
  ['xenserver-7.6', 'no ntp, none, vlan, no licence, sysctl, systemd'],
  ['xenserver-8.2.1', 'no ntp, none, vlan, no licence, sysctl, systemd'],
  ['xenserver-8.4.0', 'ntp, swraid, vlan, no licence, sysctl, systemd'],
  ['xenserver-8', 'ntp, swraid, vlan, no licence, sysctl, systemd'],
  ['xcp-ng-7.4', 'no ntp, none, vlan, no licence, sysctl, systemd'],
  ['xcp-ng-7.6', 'no ntp, raid-element, vlan, no licence, sysctl, systemd'],
  ['xcp-ng-8.2.1', 'no ntp, raid-element, vlan, no licence, sysctl, systemd'],
  ['xcp-ng-8.3', 'ntp, raid-element, vlan, no licence, sysctl, systemd'],
  ['xcp-ng-8.3.0', 'ntp, raid-element, vlan, no licence, sysctl, systemd'],
])('%s: %s', (text, told) => {
  const dialect = hypervisorDialect(os(text));
  const { ntpElement, mirror, vlan, licenseFile, bridgeSysctl, init } = dialect ?? {};
  const is = (value: boolean | undefined, name: string): string => (value === true ? name : `no ${name}`);
  const words = [
    is(ntpElement, 'ntp'),
    mirror,
    is(vlan, 'vlan'),
    is(licenseFile, 'licence'),
    is(bridgeSysctl, 'sysctl'),
  ];
  expect([...words, init].join(', ')).toBe(told);
});

test.each(['xenserver-5.6', 'xenserver-9', 'xcp-ng-7.0', 'rhel-6.2'])('%s has none', (text) =>
  expect(hypervisorDialect(os(text))).toBeUndefined(),
);

describe('what speaks against', () => {
  const plain: HypervisorWishes = { layout: 'whole', disks: 1, vlan: undefined, license: undefined };

  test.each<[string, string, Partial<HypervisorWishes>, readonly string[]]>([
    ['nothing', 'xenserver-6.0.2', {}, []],
    ['a licence on 6.0.2', 'xenserver-6.0.2', { license: 'free.xslic' }, []],
    ['a licence on 6.2', 'xenserver-6.2', { license: 'a' }, ['xenserver.license: XenServer 6.2 takes no licence file']],
    ['a licence on XCP-ng', 'xcp-ng-8.3', { license: 'a' }, ['xenserver.license: XCP-ng 8.3 takes no licence file']],
    [
      'a VLAN on 6.5',
      'xenserver-6.5',
      { vlan: 7 },
      ['link.vlan: the installer of XenServer 6.5 cannot put the management interface into a VLAN'],
    ],
    ['a VLAN on 8.2', 'xenserver-8.2', { vlan: 7 }, []],
    [
      'a mirror on 8.2',
      'xenserver-8.2',
      { layout: 'raid1', disks: 2 },
      ['storage.layout: the installer of XenServer 8.2 makes no software RAID'],
    ],
    ['a mirror on 8.4', 'xenserver-8.4', { layout: 'raid1', disks: 2 }, []],
    ['a mirror of one disk, which is told elsewhere', 'xcp-ng-8.3', { layout: 'raid1', disks: 1 }, []],
    [
      'a mirror of three disks',
      'xcp-ng-8.3',
      { layout: 'raid1', disks: 3 },
      ['storage.disks: the installer of XCP-ng 8.3 mirrors two disks, not 3'],
    ],
    ['an unknown release', 'xenserver-5.6', { vlan: 7 }, ['tree: no answerfile is known for XenServer 5.6']],
    ['another system', 'rhel-9.6', { vlan: 7, license: 'a' }, []],
  ])('%s', (_, text, wishes, faults) => {
    const found = versionFaults(os(text), { ...plain, ...wishes });
    expect(found.map(({ key, message }) => `${key.join('.')}: ${message}`)).toEqual(faults);
  });

  test('what belongs to a Linux system, and layers of a link', () => {
    expect(customizationFaults(NO_CUSTOMIZATION)).toEqual([]);
    const link = { bootproto: 'dhcp', bond: 'active-backup', vlan: 3, bridge: 'br0' } as const;
    const custom = { ...NO_CUSTOMIZATION, link, selinux: 'disabled', kernelArguments: ['quiet'] } as const;
    expect(customizationFaults(custom).map(({ key }) => key.join('.'))).toEqual([
      'link.bond',
      'link.bridge',
      'selinux',
      'kernelArguments',
    ]);
  });
});
