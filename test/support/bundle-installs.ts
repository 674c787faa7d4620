// Installs of the example site, as resolved, for the bundle's tests.

import { netmaskOf, parseIpv4, parseMac, parseSubnet } from '../../server/address.ts';
import { NO_CUSTOMIZATION } from '../../server/customization.ts';
import type { Install, Os, TreeFacts } from '../../server/domain.ts';

/** Nothing but the system on its disks. */
export const BARE = { rootMb: undefined, mounts: [], data: [] } as const;

const SUBNET = parseSubnet('192.168.168.0/24');

export const ORIGIN = 'http://192.168.168.26';

const SITE_HOSTS = [
  { name: 'cs40', fqdn: 'cs40.cs-cloud.com', address: parseIpv4('192.168.168.2') },
  { name: 'xs-01', fqdn: 'xs-01.cs-cloud.com', address: parseIpv4('192.168.168.3') },
  { name: 'xs-02', fqdn: 'xs-02.cs-cloud.com', address: parseIpv4('192.168.168.4') },
];

/** cs40: the management server of the example site, on RHEL 6.2. */
export function managementInstall(): Install {
  return {
    host: {
      name: 'cs40',
      fqdn: 'cs40.cs-cloud.com',
      domain: 'cs-cloud.com',
      address: parseIpv4('192.168.168.2'),
      macs: [parseMac('52:54:00:a8:a8:02')],
    },
    network: {
      subnet: SUBNET,
      netmask: netmaskOf(SUBNET),
      gateway: parseIpv4('192.168.168.1'),
      dns: [parseIpv4('192.168.168.1')],
      ranges: [],
    },
    site: {
      name: 'cs-cloud',
      timezone: 'Asia/Shanghai',
      language: 'en_US.UTF-8',
      keyboard: 'us',
      ntp: ['192.168.168.1'],
      hosts: SITE_HOSTS,
    },
    profile: 'management',
    role: 'cloudstack-management',
    os: { family: 'rhel', version: '6.2', major: 6, arch: 'x86_64' },
    tree: { name: 'rhel6', url: `${ORIGIN}/trees/rhel6/`, facts: linuxTree({ major: 6, version: '6.2' }) },
    repos: [
      {
        name: 'cloudstack',
        url: `${ORIGIN}/repos/cloudstack@20261122T030000Z-1a2b3c4d/`,
        snapshot: '20261122T030000Z-1a2b3c4d',
      },
    ],
    storage: { layout: 'raid1', disks: ['sda', 'sdb'], guest: [], ...BARE },
    packages: [],
    cloudstack: { version: '4.0', hypervisor: 'xenserver', mirrorOnHost: false },
    protect: false,
    custom: NO_CUSTOMIZATION,
    template: undefined,
    xenserver: undefined,
    boot: { bios: 'auto', uefi: 'auto', order: 'network-first' },
    rootPassword: { secret: 'root' },
    origin: ORIGIN,
    syslog: undefined,
    token: undefined,
  };
}

/** The management server on a later release of the same family; from EL8 on with the CloudStack of today. */
export function managementOn(version: string): Install {
  const major = Number(version.split('.')[0]);
  const install = managementInstall();
  const name = `rhel${major}`;
  return {
    ...install,
    os: { ...install.os, version, major },
    tree: { name, url: `${ORIGIN}/trees/${name}/`, facts: linuxTree({ major, version }) },
    ...(major >= 8 ? { cloudstack: { version: '4.20', hypervisor: 'xenserver', mirrorOnHost: false } } : {}),
  };
}

/** A KVM host of that CloudStack, its network on the bridge that CloudStack looks for. */
export function agentOn(version: string): Install {
  const install = managementOn(version);
  return {
    ...install,
    host: {
      ...install.host,
      name: 'kvm-01',
      fqdn: 'kvm-01.cs-cloud.com',
      address: parseIpv4('192.168.168.5'),
      macs: [parseMac('52:54:00:a8:a8:05')],
    },
    profile: 'kvm',
    role: 'kvm-agent',
    storage: { layout: 'whole', disks: ['sda'], guest: [], ...BARE },
    cloudstack: { version: install.cloudstack?.version ?? '4.0', hypervisor: 'kvm', mirrorOnHost: false },
    custom: { ...NO_CUSTOMIZATION, link: { ...NO_CUSTOMIZATION.link, bridge: 'cloudbr0' } },
  };
}

/** A host of the role `minimal` on RHEL of this version. */
export function minimalOn(version: string): Install {
  return { ...managementOn(version), profile: 'plain', role: 'minimal', cloudstack: undefined };
}

/** xs-01: the first hypervisor of the example site. */
export function hypervisorInstall(): Install {
  const install = managementInstall();
  const os: Os = { family: 'xenserver', version: '6.0.2', major: 6, arch: 'x86_64' };
  const boot = { kind: 'xen', xen: 'boot/xen.gz', kernel: 'boot/vmlinuz', initrd: 'install.img' } as const;
  return {
    ...install,
    host: {
      ...install.host,
      name: 'xs-01',
      fqdn: 'xs-01.cs-cloud.com',
      address: parseIpv4('192.168.168.3'),
      macs: [parseMac('52:54:00:a8:a8:03')],
    },
    profile: 'hypervisor',
    role: 'xenserver',
    os,
    tree: {
      name: 'xenserver',
      url: `${ORIGIN}/trees/xenserver/`,
      facts: { os, boot, stage2: undefined, repositories: [] },
    },
    repos: [],
    storage: { layout: 'whole', disks: ['sda'], guest: ['sda'], ...BARE },
    cloudstack: undefined,
  };
}

function linuxTree({ major, version }: { readonly major: number; readonly version: string }): TreeFacts {
  const repositories =
    major >= 8 ? ['BaseOS', 'AppStream'].map((id) => ({ id, path: id })) : [{ id: 'Server', path: '' }];
  return {
    os: { family: 'rhel', version, major, arch: 'x86_64' },
    boot: { kind: 'linux', kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' },
    stage2: 'images/install.img',
    repositories,
  };
}
