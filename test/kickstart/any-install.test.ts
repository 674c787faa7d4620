// Whatever a site may say of an install, what is rendered of it is what its installer accepts: at random, over roles, releases and disks.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderKickstart } from '../../kickstart/render.ts';
import { lintKickstart } from '../../kickstart/lint/lint.ts';
import { releaseOf } from '../../kickstart/lint/release.ts';
import type { Install, Layout, Role } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { cs40, kvmAgent, managementToday, minimal, secrets } from '../support/installs.ts';

const LEAST: Readonly<Record<Layout, number>> = { whole: 1, lvm: 1, raid1: 2, raid10: 4 };
const DISKS = [
  'sda',
  'vdb',
  'nvme0n1',
  'cciss/c0d0',
  'disk/by-id/wwn-0x5000c500',
  'disk/by-path/pci-0000:00:1f.2-ata-1',
  'sdg',
  'sdh',
  'sdi',
  'sdj',
  'sdk',
  'sdl',
];
const PLACES = ['/export', '/srv', '/var/log', '/home', '/var/lib/libvirt', '/opt/data-1'];

const layout = fc.constantFrom<Layout>('whole', 'lvm', 'raid1', 'raid10');

/** Disks are dealt out, so that none is named twice. */
const storage = fc
  .record({
    disks: fc.shuffledSubarray(DISKS, { minLength: DISKS.length }),
    places: fc.shuffledSubarray(PLACES, { minLength: PLACES.length }),
    system: layout,
    more: fc.nat(2),
    lots: fc.array(layout, { maxLength: 2 }),
    sizes: fc.array(fc.integer({ min: 512, max: 1_000_000 }), { maxLength: 3 }),
    rootMb: fc.option(fc.integer({ min: 4096, max: 100_000 }), { nil: undefined }),
    rest: fc.boolean(),
  })
  .map(({ disks, places, system, more, lots, sizes, rootMb, rest }): Install['storage'] => {
    const left = [...disks];
    const spots = [...places];
    const take = (of: Layout): string[] => left.splice(0, LEAST[of] + (of === 'whole' ? 0 : more));
    const own = take(system);
    const mounts = sizes.map((sizeMb, index) => ({
      at: spots.pop() ?? '',
      sizeMb: rest && index === 0 && rootMb !== undefined ? ('rest' as const) : sizeMb,
    }));
    const data = lots.flatMap((of) =>
      left.length < LEAST[of] + more ? [] : [{ at: spots.pop() ?? '', layout: of, disks: take(of) }],
    );
    return { layout: system, disks: own, rootMb, mounts, data, guest: [] };
  });

/** CloudStack's parts run on what their packages are made for: the release nearest to `version`. */
function baseOf(role: Role, version: string): Install {
  const major = Number(version.split('.')[0]);
  if (role === 'cloudstack-management') return major < 8 ? cs40 : managementToday(major === 8 ? version : '9.6');
  if (role === 'kvm-agent') return kvmAgent(major < 8 ? '6.2' : major === 8 ? version : '9.6');
  return minimal(version);
}

const install = fc
  .record({
    storage,
    version: fc.constantFrom('6.2', '6.10', '7.0', '7.9', '8.0', '8.10', '9.6', '10.0'),
    family: fc.constantFrom('rhel', 'centos', 'rocky', 'almalinux', 'oracle'),
    role: fc.constantFrom<Role>('minimal', 'nfs-storage', 'cloudstack-management', 'kvm-agent'),
    protect: fc.boolean(),
    ntp: fc.constantFrom<Install['site']['ntp']>([], ['192.168.168.1'] as unknown as Install['site']['ntp']),
    packages: fc.subarray([
      'vim-enhanced',
      '@core',
      '@^minimal-environment',
      '-postfix',
      '@Development Tools',
      'kernel*',
    ]),
    gateway: fc.boolean(),
    mirrorOnHost: fc.boolean(),
  })
  .map(({ storage: disks, version, family, role, protect, ntp, packages, gateway, mirrorOnHost }): Install => {
    const base = baseOf(role, version);
    const isPart = role === 'cloudstack-management' || role === 'kvm-agent';
    const os = { ...base.os, family } as const;
    const network = gateway ? base.network : { ...base.network, gateway: undefined, dns: [] };
    const site = { ...base.site, ntp: isPart ? base.site.ntp : ntp };
    // RHEL 6 has no environments: naming one there is refused, with the reason.
    const known = os.version.startsWith('6.') ? packages.filter((name) => !name.startsWith('@^')) : packages;
    const cloudstack = base.cloudstack && { ...base.cloudstack, mirrorOnHost };
    return { ...base, os, network, site, role, storage: disks, protect, packages: known, cloudstack };
  });

test('an install is rendered, and its installer finds nothing to refuse or to warn of', () => {
  fc.assert(
    fc.property(install, (one) => {
      const text = renderKickstart(one, secrets);
      if (isNo(text)) throw new Error(text.reason);
      const release = releaseOf(one.os);
      expect(release).toBeDefined();
      if (release !== undefined) expect(lintKickstart(text, release)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
