// What a host is to become: every default applied, every pin set, and a refusal wherever anything would be a guess.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Arming, Catalog, Host, Install, Site, TreeFacts, TreeStatus } from '../../../server/domain.ts';
import { NO_TEMPLATES } from '../../../server/templates.ts';
import type { No } from '../../../server/malformed.ts';
import { isNo } from '../../../server/malformed.ts';
import { parseOs } from '../../../server/os.ts';
import { pinInstall, resolveInstall } from '../../../server/site/resolve.ts';
import { golden } from '../../support/golden.ts';
import type { Edit } from './example.ts';
import { edited, example, siteOf } from './example.ts';

const factsOf = (os: string): TreeFacts => ({
  os: parseOs(os),
  boot: os.startsWith('x')
    ? { kind: 'xen', xen: 'boot/xen.gz', kernel: 'boot/vmlinuz', initrd: 'install.img' }
    : { kind: 'linux', kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' },
  stage2: undefined,
  repositories: [],
});
const ready = (os: string): TreeStatus => ({ kind: 'ready', facts: factsOf(os) });
const absent = (os?: string): TreeStatus => ({
  kind: 'absent',
  reason: 'the ISO is not there',
  remedy: 'copy it to data/media',
  expected: os === undefined ? undefined : factsOf(os),
});

const rhel = 'rhel-6.2-x86_64';
const xen = 'xenserver-6.0.2-x86_64';

function catalogOf(trees: Readonly<Record<string, TreeStatus>>, current?: string): Catalog {
  return {
    origin: 'http://192.168.168.26',
    syslog: undefined,
    trees: new Map(Object.entries(trees)),
    repos: new Map([['cloudstack', { current, snapshots: current === undefined ? [] : [current] }]]),
    templates: NO_TEMPLATES,
  };
}

function hostOf(site: Site, name: string): Host {
  const host = site.hosts.find((host) => host.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

function installOf(answer: Install | No): Install {
  if (isNo(answer)) throw new Error(answer.reason);
  return answer;
}

const site = siteOf(example);
const catalog = catalogOf({ rhel6: ready(rhel), xenserver: ready(xen) }, '20121101T030000Z');
const management = installOf(resolveInstall(site, catalog, hostOf(site, 'cs40')));

describe('an install', () => {
  test.each(['cs40', 'xs-02'])('of %s is that of the golden file', (name) => {
    const install = installOf(resolveInstall(site, catalog, hostOf(site, name)));
    golden(`site/install-${name}.json`, `${JSON.stringify(install, null, 2)}\n`);
  });

  test('takes repos at their current snapshot, or unpinned before the first sync', () => {
    expect(management.repos).toEqual([
      {
        name: 'cloudstack',
        url: 'http://192.168.168.26/repos/cloudstack@20121101T030000Z/',
        snapshot: '20121101T030000Z',
        publish: '/4.0/',
      },
    ]);
    const before = catalogOf({ rhel6: ready(rhel) });
    expect(installOf(resolveInstall(site, before, hostOf(site, 'cs40'))).repos).toEqual([
      { name: 'cloudstack', url: 'http://192.168.168.26/repos/cloudstack/', snapshot: undefined, publish: '/4.0/' },
    ]);
  });

  test('takes a tree that is not there at the word of the site', () => {
    const install = installOf(resolveInstall(site, catalogOf({ rhel6: absent(rhel) }), hostOf(site, 'cs40')));
    expect(install.tree.facts).toEqual(factsOf(rhel));
  });

  test('is booted as the site says, but for what its host says otherwise', () => {
    const other = siteOf(
      edited(
        ['  keyboard: us', '  boot: { uefi: grub, order: disk-first }\n  keyboard: us'],
        ['macs: ["52:54:00:a8:a8:02"] }', 'macs: ["52:54:00:a8:a8:02"], boot: { uefi: ipxe } }'],
      ),
    );
    const bootOf = (name: string): unknown => installOf(resolveInstall(other, catalog, hostOf(other, name))).boot;
    expect(bootOf('cs40')).toEqual({ bios: 'auto', uefi: 'ipxe', order: 'disk-first' });
    expect(bootOf('xs-01')).toEqual({ bios: 'auto', uefi: 'grub', order: 'disk-first' });
  });

  test('protects disks where its profile says so', () => {
    const other = siteOf(edited(['    role: xenserver\n', '    role: xenserver\n    protect: true\n']));
    const isProtected = (name: string): boolean =>
      installOf(resolveInstall(other, catalog, hostOf(other, name))).protect;
    expect(['cs40', 'xs-01'].map(isProtected)).toEqual([false, true]);
  });

  test('has the root secret where the site names none', () => {
    const other = siteOf(edited([/  rootPassword.*\n/, '']));
    expect(installOf(resolveInstall(other, catalog, hostOf(other, 'cs40'))).rootPassword).toEqual({ secret: 'root' });
  });
});

describe('no install', () => {
  const noOs: Edit = ['    os: rhel-6.2-x86_64', '    '];
  const noXenOs: Edit = ['    os: xenserver-6.0.2-x86_64', '    '];
  test.each<[string, readonly Edit[], Readonly<Record<string, TreeStatus>>, string, string]>([
    [
      'of a tree that is another than the site says',
      [],
      { rhel6: ready('rhel-6.4-x86_64') },
      'cs40',
      'the tree rhel6 is rhel-6.4-x86_64, the site says rhel-6.2-x86_64',
    ],
    [
      'of a tree of another architecture',
      [],
      { rhel6: ready('rhel-6.2-i386') },
      'cs40',
      'the tree rhel6 is rhel-6.2-i386, the site says rhel-6.2-x86_64',
    ],
    [
      'of a tree that is not there, with nothing said of it',
      [noOs],
      { rhel6: absent() },
      'cs40',
      'the ISO is not there',
    ],
    ['of a tree nobody has looked at', [], {}, 'cs40', 'the tree rhel6 has not been looked at yet'],
    [
      'of Linux where the medium turns out to be XenServer',
      [noOs],
      { rhel6: ready(xen) },
      'cs40',
      `the role cloudstack-management cannot be installed from ${xen}`,
    ],
    [
      'of XenServer where the medium turns out to be Linux',
      [noXenOs],
      { xenserver: ready(rhel) },
      'xs-01',
      `the role xenserver cannot be installed from ${rhel}`,
    ],
    [
      'of XenServer 6.2 under CloudStack 4.0',
      [noXenOs],
      { xenserver: ready('xenserver-6.2.0-x86_64') },
      'xs-01',
      'CloudStack 4.0 refuses XenServer 6.2.0',
    ],
  ])('%s', (_, edits, trees, name, reason) => {
    const site = siteOf(edits.length === 0 ? example : edited(...edits));
    expect(resolveInstall(site, catalogOf(trees), hostOf(site, name))).toMatchObject({
      kind: 'no',
      reason,
      remedy: expect.any(String),
    });
  });

  test.each([
    ['profile', 'the site has no profile called gone'],
    ['network', 'the site has no network called gone'],
  ])('of a host whose %s is not in the site', (key, reason) => {
    expect(resolveInstall(site, catalog, { ...hostOf(site, 'cs40'), [key]: 'gone' })).toMatchObject({
      kind: 'no',
      reason,
    });
  });
});

describe('a pinned install', () => {
  const arming = (pins: Arming['pins']): Arming => ({ token: 't0ken', armedAt: 1, expiresAt: 2, pins, install: 'F' });

  test('has the snapshots and the token of its arming', () => {
    const pinned = pinInstall(management, arming({ cloudstack: '20120901T030000Z' }));
    expect(pinned.token).toBe('t0ken');
    expect(pinned.repos).toEqual([
      {
        name: 'cloudstack',
        url: 'http://192.168.168.26/repos/cloudstack@20120901T030000Z/',
        snapshot: '20120901T030000Z',
        publish: '/4.0/',
      },
    ]);
    expect({ ...pinned, repos: management.repos, token: undefined }).toEqual(management);
  });

  test('keeps a repo that had no snapshot when it was armed', () => {
    expect(pinInstall(management, arming({})).repos).toEqual(management.repos);
  });

  test('takes no pin from what every object has', () => {
    const odd = { ...management, repos: [{ name: 'constructor', url: 'u', snapshot: undefined }] };
    expect(pinInstall(odd, arming({})).repos).toEqual(odd.repos);
  });
});

test('resolve answers, whatever host and catalog it is given', () => {
  const status = fc.constantFrom(ready(rhel), ready(xen), absent(), absent(rhel), absent(xen));
  const trees = fc.dictionary(fc.constantFrom('rhel6', 'xenserver', 'other'), status);
  const name = fc.constantFrom('management', 'hypervisor', 'lab', 'gone', '__proto__', '');
  const host = fc.record({
    profile: name,
    network: name,
    macs: fc.constantFrom<Host['macs']>([], management.host.macs),
  });
  fc.assert(
    fc.property(trees, host, fc.option(fc.string(), { nil: undefined }), (trees, changes, current) => {
      const answer = resolveInstall(site, catalogOf(trees, current), { ...hostOf(site, 'cs40'), ...changes });
      if (!isNo(answer)) expect(answer.host.macs.length).toBe(1);
    }),
  );
});
