// What CloudStack's programs, packages and directories are called, by version: they were renamed from 4.0 to 4.1.

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
};

const FIRST: CloudStackNames = {
  packageName: 'cloud-client',
  setupDatabases: 'cloud-setup-databases',
  setupManagement: 'cloud-setup-management',
  service: 'cloud-management',
  keyFile: '/etc/cloud/management/key',
  vhdUtil: '/usr/lib64/cloud/common/scripts/vm/hypervisor/xenserver/vhd-util',
};

const RENAMED: CloudStackNames = {
  packageName: 'cloudstack-management',
  setupDatabases: 'cloudstack-setup-databases',
  setupManagement: 'cloudstack-setup-management',
  service: 'cloudstack-management',
  keyFile: '/etc/cloudstack/management/key',
  vhdUtil: '/usr/share/cloudstack-common/scripts/vm/hypervisor/xenserver/vhd-util',
};

/** The names in `version` (`4.0`, `4.0.2`, `4.9` …), or undefined for versions that were never packaged for EL6. */
export function cloudstackNames(version: string): CloudStackNames | undefined {
  if (/^4\.0(?:\.\d+)*$/.test(version)) return FIRST;
  return /^4\.(?:[1-9]|1[01])(?:\.\d+)*$/.test(version) ? RENAMED : undefined;
}
