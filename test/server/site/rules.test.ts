// Which CloudStack takes which hypervisor and runs on which release.

import { expect, test } from 'vitest';
import { parseOs } from '../../../server/os.ts';
import { checkCloudStackOs, checkHypervisor } from '../../../server/site/rules.ts';

test.each([
  ['4.0', 'xenserver-6.0.2-x86_64', undefined],
  ['4.0', 'xenserver-5.6.100-x86_64', undefined],
  ['4.0.2', 'xenserver-6.1.0-x86_64', 'CloudStack 4.0.2 refuses XenServer 6.1.0'],
  ['4.0', 'xcp-ng-8.3-x86_64', 'CloudStack 4.0 refuses XCP-ng 8.3'],
  ['4.20', 'xenserver-6.5.0-x86_64', 'CloudStack 4.20 does not know XenServer 6.5.0'],
  ['4.20', 'xcp-ng-7.3-x86_64', 'CloudStack 4.20 does not know XCP-ng 7.3'],
  ['4.20', 'xenserver-7.0-x86_64', undefined],
  ['4.20.0', 'xcp-ng-8.2-x86_64', undefined],
  ['4.20.0', 'xcp-ng-8.3-x86_64', 'CloudStack 4.20.0 does not know XCP-ng 8.3 yet'],
  ['4.20.0', 'xenserver-8.4.0-x86_64', 'CloudStack 4.20.0 does not know XenServer 8.4.0 yet'],
  ['4.20.1', 'xcp-ng-8.3-x86_64', undefined],
  ['4.22.0', 'xenserver-8.4.0-x86_64', undefined],
])('CloudStack %s and %s: %s', (version, os, message) => {
  expect(checkHypervisor({ version, hypervisor: 'xenserver' }, parseOs(os))?.message).toBe(message);
  expect(checkHypervisor({ version, hypervisor: 'kvm' }, parseOs(os))).toBeUndefined();
});

test.each([
  ['cloudstack-management', '4.0', 'centos-6.2-x86_64', 'taken'],
  ['cloudstack-management', '4.11', 'rhel-6.10-x86_64', 'taken'],
  ['cloudstack-management', '4.9', 'rhel-7.9-x86_64', 'refused'],
  ['cloudstack-management', '4.20', 'rocky-8.10-x86_64', 'taken'],
  ['cloudstack-management', '4.22.0', 'almalinux-9.6-x86_64', 'taken'],
  ['cloudstack-management', '4.20', 'rhel-7.9-x86_64', 'refused'],
  ['cloudstack-management', '4.22', 'rhel-10.0-x86_64', 'refused'],
  ['kvm-agent', '4.0', 'rhel-6.2-x86_64', 'taken'],
  ['kvm-agent', '4.21', 'rhel-9.6-x86_64', 'taken'],
  ['kvm-agent', '4.21', 'rhel-6.2-x86_64', 'refused'],
  ['minimal', '4.20', 'rhel-6.2-x86_64', 'taken'],
] as const)('the role %s of CloudStack %s on %s is %s', (role, version, os, verdict) => {
  const fault = checkCloudStackOs({ role, version }, parseOs(os));
  expect(fault === undefined ? 'taken' : 'refused').toBe(verdict);
});
