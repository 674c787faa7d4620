// Random sites, right and wrong: reading one never throws, each host of a right one resolves, and what is rendered lints clean.

import fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, test } from 'vitest';
import { renderAnswerfile } from '../../kickstart/answerfile.ts';
import { bundleContents } from '../../kickstart/bundle/contents.ts';
import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import { lintKickstart } from '../../kickstart/lint/lint.ts';
import { releaseOf } from '../../kickstart/lint/release.ts';
import { renderKickstart } from '../../kickstart/render.ts';
import type { Install, Site } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { installFingerprint } from '../../server/site/fingerprint.ts';
import { parseSite } from '../../server/site/parse.ts';
import { renderProblems } from '../../server/site/problems.ts';
import { resolveInstall } from '../../server/site/resolve.ts';
import { renderSite } from '../../server/site/show.ts';
import { readyCatalog } from '../support/example.ts';
import { ROOT_HASH } from '../support/installs.ts';

const LINUX = [
  'rhel-6.2',
  'centos-6.10',
  'rhel-7.9',
  'centos-7.6',
  'rocky-8.10',
  'almalinux-9.4',
  'oracle-9.6',
  'rhel-10.0',
];
const XEN = ['xenserver-6.0.2', 'xenserver-6.5.0', 'xenserver-7.1', 'xenserver-8.4', 'xcp-ng-8.2', 'xcp-ng-8.3'];
const KEY = `ssh-ed25519 ${'A'.repeat(68)} ops`;

/** Mostly right; now and then something that no site may say. */
const rarely = <T>(wrong: readonly T[], right: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  wrong.length === 0
    ? right
    : fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: fc.constantFrom(...wrong) });

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const disks = fc.constantFrom(['sda'], ['nvme0n1'], ['disk/by-id/wwn-0x5000'], ['400G-600G']);
const storage = fc.oneof(
  fc.record({ layout: fc.constantFrom('whole', 'lvm'), disks }),
  fc.record({
    layout: fc.constantFrom('raid1', 'lvm'),
    disks: fc.constantFrom(['sda', 'sdb'], ['400G-600G', '400G-600G#2']),
    root: optional(fc.constantFrom('20G', '1T')),
    data: optional(fc.constant([{ at: '/srv', layout: 'whole', disks: ['sdz'] }])),
  }),
  fc.constant({ layout: 'raid10', disks: ['sda', 'sdb', 'sdc', 'sdd'], mounts: [{ at: '/export', size: '100G' }] }),
);

const custom = fc.record(
  {
    link: fc.record(
      {
        bootproto: fc.constantFrom('static', 'dhcp'),
        bond: rarely(['no-such-mode'], fc.constantFrom('active-backup', '802.3ad')),
        vlan: rarely([0, 4095], fc.integer({ min: 1, max: 4094 })),
        bridge: rarely(['eth0', 'a bridge'], fc.constant('cloudbr0')),
      },
      { requiredKeys: [] },
    ),
    users: fc.constantFrom(
      [{ name: 'ops', groups: ['wheel'], sshKeys: [KEY] }],
      [{ name: 'ops', password: { secret: 'root' } }],
    ),
    sshKeys: rarely([['no key']], fc.constant([KEY])),
    services: fc.constant({ enabled: ['httpd'], disabled: ['postfix'] }),
    firewall: fc.constant({ services: ['http'], ports: ['8443/tcp', '5900-5999/udp'] }),
    selinux: fc.constantFrom('permissive', 'enforcing', 'disabled'),
    kernelArguments: fc.constant(['console=ttyS0', 'quiet']),
    steps: rarely(
      [[{ name: 'files', run: 'x' }]],
      fc.constant<{ name: string; run: string }[]>([{ name: 'motd', run: "echo 'it''s' > /etc/motd\n%end\n" }]),
    ),
    packages: fc.subarray(['vim-enhanced', '@core', '-postfix', 'kernel*']),
    protect: fc.boolean(),
  },
  { requiredKeys: [] },
);

const linuxRole = fc.constantFrom('minimal', 'nfs-storage', 'cloudstack-management', 'kvm-agent');
const version = rarely(['3.0', '9.9'], fc.constantFrom('4.0', '4.0.2', '4.9', '4.20', '4.22.0'));

const linuxProfile = fc
  .record({
    role: linuxRole,
    os: fc.constantFrom(...LINUX),
    storage,
    custom,
    version,
    hypervisor: fc.constantFrom('kvm', 'xenserver'),
  })
  .map(({ custom: own, role, os, version: of, hypervisor, ...rest }) => {
    const cloud = role === 'cloudstack-management' || role === 'kvm-agent';
    const cloudstack = cloud ? { version: of, hypervisor: role === 'kvm-agent' ? 'kvm' : hypervisor } : undefined;
    return { os, profile: { role, ...rest, ...own, cloudstack } };
  });

const xenProfile = fc
  .record({
    os: fc.constantFrom(...XEN),
    guest: fc.constantFrom(['sda'], ['sdb'], []),
    xenserver: optional(fc.constantFrom({ labels: { eth0: 'cloud-private' } }, { srType: 'ext' })),
  })
  .map(({ os, guest, xenserver }) => ({
    os,
    profile: { role: 'xenserver', storage: { layout: 'whole', disks: ['sda'], guest }, xenserver },
  }));

const site = fc
  .record({
    profiles: fc.array(fc.oneof({ weight: 3, arbitrary: linuxProfile }, { weight: 1, arbitrary: xenProfile }), {
      minLength: 1,
      maxLength: 4,
    }),
    hosts: fc.array(
      fc.record({
        profile: fc.nat(9),
        cards: fc.integer({ min: 1, max: 3 }),
        address: rarely(['192.168.168.1', '10.0.0.1'], fc.constant('')),
      }),
      {
        minLength: 1,
        maxLength: 8,
      },
    ),
    domain: rarely(['local'], fc.constantFrom('cs-cloud.com', 'a.b.example')),
    gateway: optional(rarely(['192.168.169.1'], fc.constant('192.168.168.1'))),
    ntp: fc.constantFrom<readonly string[]>([], ['192.168.168.1']),
    timezone: rarely(['Mars/Phobos'], fc.constantFrom('UTC', 'Asia/Shanghai')),
  })
  .map(({ profiles, hosts, domain, gateway, ntp, timezone }) => ({
    site: { name: 'random', domain, appliance: '192.168.168.26', timezone, ntp },
    networks: [
      {
        name: 'lab',
        subnet: '192.168.168.0/24',
        gateway,
        dns: gateway === undefined ? undefined : [gateway],
        ranges: [
          { name: 'hosts', use: 'hosts', from: '192.168.168.40', to: '192.168.168.60' },
          { name: 'private', use: 'cloudstack-private', from: '192.168.168.61', to: '192.168.168.70' },
          { name: 'guest', use: 'cloudstack-guest', from: '192.168.168.100', to: '192.168.168.200' },
        ],
      },
    ],
    repos: [{ name: 'cloudstack', upstream: 'http://mirror.example/4.0/', publish: '/4.0/' }],
    trees: profiles.map(({ os }, index) => ({ name: `tree-${index}`, iso: `${os}.iso`, os: `${os}-x86_64` })),
    profiles: profiles.map(({ profile }, index) => ({
      name: `profile-${index}`,
      tree: `tree-${index}`,
      ...profile,
      repos: profile.role === 'xenserver' ? undefined : ['cloudstack'],
    })),
    hosts: hosts.map(({ profile, cards, address }, index) => ({
      name: `host-${index}`,
      profile: `profile-${profile % profiles.length}`,
      network: 'lab',
      ...(address === '' ? { range: 'hosts' } : { address }),
      macs: Array.from({ length: cards }, (_, card) => `52:54:00:00:0${index}:0${card}`),
    })),
  }));

const secrets = (name: string): string => (name === 'root' ? ROOT_HASH : `Secret.${name}`);

/** The site of a text; what is wrong with it must be told, with a place. */
function read(text: string): Site | undefined {
  const parsed = parseSite(text, 'site.yaml');
  if (parsed.kind === 'site') return parsed.site;
  expect(parsed.problems.length).toBeGreaterThan(0);
  for (const { line, message } of parsed.problems)
    expect([typeof line, message]).toEqual(['number', expect.any(String)]);
  expect(renderProblems(parsed.problems, 'site.yaml')).not.toBe('');
  return undefined;
}

function expectRendered(install: Install): void {
  const isXen = install.tree.facts.boot.kind === 'xen';
  const text = isXen ? renderAnswerfile(install, secrets) : renderKickstart(install, secrets);
  if (isNo(text)) {
    expect(text.reason).not.toBe('');
    return;
  }
  expect(isNo(installerArguments(install))).toBe(false);
  const release = releaseOf(install.os);
  if (!isXen && release !== undefined)
    expect(lintKickstart(text, release).filter(({ severity }) => severity === 'error')).toEqual([]);
}

describe('a random site', () => {
  const seen = { right: 0, wrong: 0 };
  test('is read, resolved, rendered and bundled, and nothing throws', () => {
    fc.assert(
      fc.property(site, (file) => {
        const own = read(stringify(file));
        if (own === undefined) {
          seen.wrong += 1;
          return;
        }
        seen.right += 1;
        expect(read(renderSite(own))).toEqual(own);
        const catalog = readyCatalog(own);
        for (const host of own.hosts) {
          const install = resolveInstall(own, catalog, host);
          if (isNo(install)) throw new Error(`${host.name}: ${install.reason}`);
          expect(installFingerprint(install)).toMatch(/^[\w-]{22}$/);
          expectRendered(install);
          const bundled = { host: host.name, install, bootEntries: [] };
          const bundle = bundleContents({
            siteName: own.name,
            content: { kind: 'host', host: bundled },
            renderAnswer: () => ({ name: 'kickstart.ks', text: '' }),
            secrets: undefined,
          });
          expect(bundle.entries.length).toBeGreaterThan(2);
        }
      }),
      { numRuns: 150 },
    );
    // Neither kind may have died out.
    expect(seen.right).toBeGreaterThan(10);
    expect(seen.wrong).toBeGreaterThan(10);
  });
});
