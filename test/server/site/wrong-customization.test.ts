// Wrong site files: what a profile says beyond its role. Each row is a small edit of the example, and every problem it has.

import { expect, test } from 'vitest';
import type { Edit } from './example.ts';
import { edited, problemsOf } from './example.ts';

const MANAGEMENT = '    role: cloudstack-management\n';
const KEY = `ssh-ed25519 ${'A'.repeat(68)} ops`;

function add(line: string): readonly Edit[] {
  return [[MANAGEMENT, `${MANAGEMENT}    ${line}\n`]];
}

const rows: readonly (readonly [string, readonly Edit[], readonly [RegExp]])[] = [
  [
    'a bond of one card',
    add('link: { bond: active-backup }'),
    [/hosts\[0\]\.macs: cs40 has one card, and its profile makes a bond/],
  ],
  [
    'a mode that no bond has',
    add('link: { bond: failover }'),
    [/profiles\[0\]\.link\.bond: "failover" is not known here/],
  ],
  ['a VLAN beyond the last', add('link: { vlan: 4095 }'), [/profiles\[0\]\.link\.vlan: must be at most 4094/]],
  ['a bridge called like a card', add('link: { bridge: eth0 }'), [/link\.bridge: eth0 is the name of another kind/]],
  ['root as an account', add('users: [{ name: root }]'), [/users\[0\]\.name: root is there already/]],
  ['an account twice', add('users: [{ name: ops }, { name: ops }]'), [/users\[1\]\.name: ops is already an account/]],
  [
    'a password in the open',
    add('users: [{ name: ops, password: hunter2 }]'),
    [/users\[0\]\.password: must name a secret, not hold it/],
  ],
  ['a key that is none', add('sshKeys: [hello]'), [/sshKeys\[0\]: is no public key of ssh/]],
  ['a private key', add('sshKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"]'), [/sshKeys\[0\]: is a private key/]],
  ['a key with a command', add(`sshKeys: ['command="id" ${KEY}']`), [/sshKeys\[0\]: is no public key of ssh/]],
  ['a port without a protocol', add('firewall: { ports: ["8443"] }'), [/firewall\.ports\[0\]: "8443" is no port/]],
  ['ports the wrong way round', add('firewall: { ports: ["90-80/tcp"] }'), [/"90-80\/tcp" is no port/]],
  ['a port beyond the last', add('firewall: { ports: ["70000/tcp"] }'), [/"70000\/tcp" is no port/]],
  ['an argument of two words', add('kernelArguments: ["a b"]'), [/"a b" is no kernel argument/]],
  ['an empty step', add('steps: [{ name: motd, run: " " }]'), [/steps\[0\]\.run: is empty/]],
  [
    'a step twice',
    add('steps: [{ name: a, run: "true" }, { name: a, run: "true" }]'),
    [/steps\[1\]\.name: a is already/],
  ],
  ['a step of its own', add('steps: [{ name: files, run: "true" }]'), [/files is a step of Kickstand's own/]],
  ["a step of a role's own", add('steps: [{ name: libvirt, run: "true" }]'), [/libvirt is a step of Kickstand's own/]],
  ['a service on and off', add('services: { enabled: [httpd], disabled: [httpd] }'), [/httpd is enabled as well/]],
  [
    'SELinux that CloudStack does not take',
    add('selinux: enforcing'),
    [/CloudStack is not set up while SELinux enforces/],
  ],
  [
    'the secret of the appliance itself',
    add('secrets: [operator]'),
    [/the secret operator opens the appliance itself/],
  ],
  ['a template that is a path', add('template: ../../etc/passwd'), [/template: "\.\.\/\.\.\/etc\/passwd" is no name/]],
  ['a size that is none', [['disks: [sda, sdb]', 'disks: ["600G-400G", sdb]']], [/"600G-400G" is no size of disks/]],
  [
    'sizes that overlap',
    [['disks: [sda, sdb]', 'disks: [400G-600G, 500G-1T]']],
    [/a disk may be both 400G-600G and 500G-1T/],
  ],
  [
    'the second of a size and no first',
    [['disks: [sda, sdb]', 'disks: ["400G-600G#2", sdb]']],
    [/there is no number 1 of this size/],
  ],
  [
    'the same disk of a size in other words',
    [['disks: [sda, sdb]', 'disks: [1T-2T, 1024G-2048G]']],
    [/disks\[1\]: 1024G-2048G is the same disk as 1T-2T/],
  ],
  [
    'the first of a size twice',
    [['disks: [sda, sdb]', 'disks: [1T-2T, "1T-2T#1"]']],
    [/disks\[1\]: 1T-2T#1 is the same disk as 1T-2T/],
  ],
  [
    'disks that are too small for what goes on them',
    [['disks: [sda, sdb]', 'disks: [100G-200G, "100G-200G#2"], mounts: [{ at: /export, size: 300G }]']],
    [/storage\.disks: the largest of these disks hold 200\.0 GiB as raid1, and the profile takes 305\.7 GiB/],
  ],
  [
    'a hypervisor in a network without a gateway',
    [
      ['    gateway: 192.168.168.1\n', ''],
      [/.*name: xs-02.*\n/, ''],
    ],
    [/hosts\[1\]\.network: lab has no gateway, and a hypervisor's installer wants one/],
  ],
  [
    'a size for a hypervisor',
    [['disks: [sda], guest: [sda]', 'disks: [400G-600G]']],
    [/an answerfile names its disks/],
  ],
];

test.each(rows.map((row) => [...row] as const))('%s: one problem', (_, edits, [problem]) => {
  const found = problemsOf(edited(...edits));
  expect(found).toEqual([expect.stringMatching(problem)]);
});
