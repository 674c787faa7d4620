// Installs of the example site with secrets and a token, for the kickstart's tests.

import { parseMac } from '../../server/address.ts';
import type { Install, Os, SecretLookup } from '../../server/domain.ts';
import { agentOn, BARE, hypervisorInstall, managementInstall, managementOn, minimalOn } from './bundle-installs.ts';

/** A complete hash of no real password. */
export const ROOT_HASH = `$6$saltsalt$${'Hash0fN0Passw0rd'.repeat(6).slice(0, 86)}`;

const SECRETS: Readonly<Record<string, string>> = {
  root: ROOT_HASH,
  'cloud-db': 'Cl0ud-db-secret',
  'mysql-root': 'Mysql_root+secret',
  'cloud-management-key': 'Management.key^secret',
  'cloud-database-key': 'Database=key%secret',
};

/** The values of every secret an install can need. */
export const SECRET_VALUES: readonly string[] = Object.values(SECRETS);

export const secrets: SecretLookup = (name) => SECRETS[name];

/** The same secrets with some replaced; undefined takes one away. */
export function secretsBut(changes: Readonly<Record<string, string | undefined>>): SecretLookup {
  return (name) => (Object.hasOwn(changes, name) ? changes[name] : SECRETS[name]);
}

export const TOKEN = '00112233445566778899aabbccddeeff';

/** cs40 of the example site, armed. */
export const cs40: Install = { ...managementInstall(), token: TOKEN };

/** xs-01 of the example site, armed. */
export const xs01: Install = { ...hypervisorInstall(), token: TOKEN };

/** A host with no role but a package, on one disk. */
export function minimal(version: string, storage: Install['storage'] = oneDisk('sda')): Install {
  const name = `node-${version.replace('.', '-')}`;
  const plain = minimalOn(version);
  const host = { ...plain.host, name, fqdn: `${name}.cs-cloud.com`, macs: [parseMac('52:54:00:a8:a8:06')] as const };
  return { ...plain, host, repos: [], storage, packages: ['vim-enhanced', '-postfix'], token: TOKEN };
}

/** A storage server: the system on one disk, /export on a mirror of two others. */
export function storageServer(version: string): Install {
  const data = [{ at: '/export', layout: 'raid1', disks: ['sdb', 'sdc'] }] as const;
  return { ...minimal(version, { ...oneDisk('sda'), data }), role: 'nfs-storage', profile: 'storage', packages: [] };
}

export function oneDisk(disk: string): Install['storage'] {
  return { layout: 'whole', disks: [disk], guest: [], ...BARE };
}

export function mirror(...disks: readonly string[]): Install['storage'] {
  return { layout: 'raid1', disks, guest: [], ...BARE };
}

/** A hypervisor of another version or family. */
export function hypervisor(family: Os['family'], version: string, storage?: Install['storage']): Install {
  const os: Os = { family, version, major: Number(version.split('.')[0]), arch: 'x86_64' };
  const tree = { ...xs01.tree, facts: { ...xs01.tree.facts, os } };
  return { ...xs01, os, tree, storage: storage ?? xs01.storage };
}

/** Everything at once: four disks as RAID 10, file systems of their own on them, and other disks in each layout. */
export const MUCH: Install['storage'] = {
  layout: 'raid10',
  disks: ['sda', 'sdb', 'sdc', 'sdd'],
  rootMb: 20_480,
  mounts: [
    { at: '/var/log', sizeMb: 8192 },
    { at: '/export', sizeMb: 'rest' },
  ],
  data: [
    { at: '/srv/one', layout: 'whole', disks: ['sde'] },
    { at: '/srv/mirror', layout: 'raid1', disks: ['sdf', 'sdg'] },
    { at: '/srv/pool', layout: 'lvm', disks: ['disk/by-id/wwn-0x5000', 'sdi'] },
  ],
  guest: [],
};

/** A management server of today's CloudStack, armed. */
export function managementToday(version: string): Install {
  return { ...managementOn(version), token: TOKEN };
}

/** A KVM host: of 4.0 on EL6, else of today's CloudStack. */
export function kvmAgent(version: string): Install {
  return { ...agentOn(version), token: TOKEN };
}
