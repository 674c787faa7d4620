// Hypervisors of the example site with everything that a profile can say of them, for the tests of answerfiles and first-boot jobs.

import { sha512Crypt } from '../../kickstart/crypt.ts';
import type { Install, SecretLookup } from '../../server/domain.ts';
import type { HypervisorOptions } from '../../server/hypervisor.ts';
import { NO_HYPERVISOR_OPTIONS } from '../../server/hypervisor.ts';
import { parseIpv4, parseMac } from '../../server/address.ts';
import { hypervisor } from './installs.ts';

/** Root's password on every hypervisor here, and its hash. */
export const POOL_PASSWORD = `Pw'x$(id)"-9`;
export const POOL_HASH = sha512Crypt(POOL_PASSWORD, 'saltsalt');

/** Every release that the tests go through: the oldest and the newest of each kind of answerfile. */
export const RELEASES = [
  ['xenserver', '6.0.2'],
  ['xenserver', '6.2.0'],
  ['xenserver', '6.5'],
  ['xenserver', '7.6'],
  ['xenserver', '8.2.1'],
  ['xenserver', '8.4.0'],
  ['xcp-ng', '8.2.1'],
  ['xcp-ng', '8.3'],
] as const satisfies readonly (readonly [Install['os']['family'], string])[];

export const hypervisorSecrets: SecretLookup = (name) => ({ root: POOL_HASH, 'xen-root': POOL_PASSWORD })[name];

/** Labels, packs, bridges, memory, and the pool of xs-01; a licence where the release takes one. */
export function everything(version: string): HypervisorOptions {
  return {
    srType: 'ext',
    backend: 'bridge',
    labels: [
      { device: 'eth0', label: 'cloud-private' },
      { device: 'xenbr1', label: "cloud guest's, 2" },
    ],
    license: version.startsWith('6.0') ? 'free.xslic' : undefined,
    packs: ['xenserver-cloud-supp.iso'],
    pool: { master: 'xs-01', password: { secret: 'xen-root' } },
    dom0MemoryMb: 2940,
  };
}

/** `install` with options: the master of the pool, where there is one. */
export function withOptions(install: Install, options: Partial<HypervisorOptions>): Install {
  return { ...install, xenserver: { ...NO_HYPERVISOR_OPTIONS, ...options } };
}

/** xs-02, which joins the pool of xs-01. */
export function joining(family: Install['os']['family'], version: string): Install {
  const master = withOptions(hypervisor(family, version), everything(version));
  const host = {
    ...master.host,
    name: 'xs-02',
    fqdn: 'xs-02.cs-cloud.com',
    address: parseIpv4('192.168.168.4'),
    macs: [parseMac('52:54:00:a8:a8:04')] as const,
  };
  return { ...master, host };
}
