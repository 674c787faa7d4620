// Which CloudStack runs on which operating system: one table for the site's checks and for what is rendered. A leaf.

import type { CloudStackOptions, Os, Role } from './domain.ts';
import { formatOs } from './os.ts';

/**
 * `first`: 4.0, whose packages are called cloud-*. `renamed`: 4.1 to 4.11, the last made for EL6. `current`: 4.20 to 4.22,
 * the first for Java 17 (packaging/el8/cloud.spec; 4.20 dropped EL7). What lies between was never tried here, and 4.23's
 * set-up fetches system VM templates from the internet unless told otherwise (its installation guide, database chapter).
 */
export type CloudStackGeneration = 'first' | 'renamed' | 'current';

/** How many hosts a cluster takes. CloudStack 4.0's installation guide: 8 XenServers, 16 KVM hosts. */
export const MOST_IN_CLUSTER = { xenserver: 8, kvm: 16, vmware: 8 } as const;

/** The roles that are parts of a CloudStack. */
export type CloudStackRole = 'cloudstack-management' | 'kvm-agent';

/** The majors that a generation's packages are made for. 4.22's cannot be installed on EL10, which has no genisoimage. */
const MAJORS: {
  readonly [Generation in CloudStackGeneration]: { readonly [Of in CloudStackRole]: readonly number[] };
} = {
  first: { 'cloudstack-management': [6], 'kvm-agent': [6] },
  // Its agents want a libvirt that EL6 stopped having somewhere along these versions: which, was not found out.
  renamed: { 'cloudstack-management': [6], 'kvm-agent': [] },
  current: { 'cloudstack-management': [8, 9], 'kvm-agent': [8, 9] },
};

const KNOWN = 'known are 4.0 to 4.11 and 4.20 to 4.22';

/** The generation of a version (`4.0`, `4.0.2`, `4.22.0`), or undefined for those that are not known here. */
export function cloudstackGeneration(version: string): CloudStackGeneration | undefined {
  if (/^4\.0(?:\.\d+)*$/.test(version)) return 'first';
  if (/^4\.(?:[1-9]|1[01])(?:\.\d+)*$/.test(version)) return 'renamed';
  return /^4\.2[0-2](?:\.\d+)*$/.test(version) ? 'current' : undefined;
}

/** Is `role` a part of a CloudStack, so that its profile must say of which? */
export function isCloudStackRole(role: Role): role is CloudStackRole {
  return role === 'cloudstack-management' || role === 'kvm-agent';
}

/** What is wrong, and how to mend it. */
export type CloudStackFault = { readonly message: string; readonly remedy: string };

/** What speaks against a `role` of the CloudStack that `options` say, whatever it is installed on; or undefined. */
export function cloudstackFault(
  role: CloudStackRole,
  { version, hypervisor }: Pick<CloudStackOptions, 'version' | 'hypervisor'>,
): CloudStackFault | undefined {
  const generation = cloudstackGeneration(version);
  if (generation === undefined) return { message: `CloudStack ${version} is not known here`, remedy: KNOWN };
  if (MAJORS[generation][role].length === 0) {
    return {
      message: `no ${role} is known for CloudStack ${version}`,
      remedy: 'there is one for 4.0 and 4.20 to 4.22',
    };
  }
  if (role !== 'kvm-agent' || hypervisor === 'kvm') return undefined;
  return { message: `a kvm-agent serves no CloudStack of ${hypervisor}`, remedy: 'write hypervisor: kvm' };
}

/** What speaks against that role on `os`, beyond `cloudstackFault`; or undefined. */
export function cloudstackOsFault(role: CloudStackRole, version: string, os: Os): CloudStackFault | undefined {
  const generation = cloudstackGeneration(version);
  const majors = generation === undefined ? [] : MAJORS[generation][role];
  if (majors.length === 0 || majors.includes(os.major)) return undefined;
  return {
    message: `CloudStack ${version} has no packages for ${formatOs(os)}`,
    remedy: `name a tree of RHEL ${majors.join(' or ')} or its kin, or another version`,
  };
}
