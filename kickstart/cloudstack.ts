// What CloudStack's programs, packages and directories are called, by version: they were renamed from 4.0 to 4.1.

import type { CloudStackGeneration } from '../server/cloudstack.ts';
import { cloudstackGeneration } from '../server/cloudstack.ts';

/** The names of one generation. */
export type CloudStackNames = {
  readonly packageName: string;
  readonly setupDatabases: string;
  readonly setupManagement: string;
  readonly service: string;
  /** The management key, written by setupDatabases and read by the service, which runs as the user `cloud`. */
  readonly keyFile: string;
  /** Where XenServer's vhd-util has to be put by hand: its licence keeps it out of every package. */
  readonly vhdUtil: string;
  /** Counts what is used, for bills. Installed where a profile names its package. */
  readonly usage: { readonly packageName: string; readonly service: string };
  /** The agent on a KVM host: package and service bear one name. */
  readonly agent: string;
  /** Are the system VMs' templates in its package, to be registered with the first secondary storage? From 4.16 on. */
  readonly ownTemplates: boolean;
};

const FIRST: CloudStackNames = {
  packageName: 'cloud-client',
  setupDatabases: 'cloud-setup-databases',
  setupManagement: 'cloud-setup-management',
  service: 'cloud-management',
  keyFile: '/etc/cloud/management/key',
  vhdUtil: '/usr/lib64/cloud/common/scripts/vm/hypervisor/xenserver/vhd-util',
  usage: { packageName: 'cloud-usage', service: 'cloud-usage' },
  agent: 'cloud-agent',
  ownTemplates: false,
};

const RENAMED: CloudStackNames = {
  packageName: 'cloudstack-management',
  setupDatabases: 'cloudstack-setup-databases',
  setupManagement: 'cloudstack-setup-management',
  service: 'cloudstack-management',
  keyFile: '/etc/cloudstack/management/key',
  vhdUtil: '/usr/share/cloudstack-common/scripts/vm/hypervisor/xenserver/vhd-util',
  usage: { packageName: 'cloudstack-usage', service: 'cloudstack-usage' },
  agent: 'cloudstack-agent',
  ownTemplates: false,
};

const NAMES: { readonly [Generation in CloudStackGeneration]: CloudStackNames } = {
  first: FIRST,
  renamed: RENAMED,
  current: { ...RENAMED, ownTemplates: true },
};

/** The names in `version` (`4.0`, `4.0.2`, `4.22` …), or undefined for versions that are not known here. */
export function cloudstackNames(version: string): CloudStackNames | undefined {
  const generation = cloudstackGeneration(version);
  return generation && NAMES[generation];
}
