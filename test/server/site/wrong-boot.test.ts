// Wrong site files: how machines are booted, leases, protection, and addresses for strangers.

import { describe } from 'vitest';
import type { Edit, WrongFile } from './example.ts';
import { expectProblems } from './example.ts';

const siteBoot = (boot: string): Edit => ['  keyboard: us', `  keyboard: us\n  boot: ${boot}`];
const hostBoot = (boot: string): Edit => [
  'macs: ["52:54:00:a8:a8:02"] }',
  `macs: ["52:54:00:a8:a8:02"], boot: ${boot} }`,
];

const boots: readonly WrongFile[] = [
  [
    'a loader of the other firmware',
    [siteBoot('{ bios: grub }')],
    ['14: site.boot.bios: "grub" is not known here — known: auto, pxelinux, ipxe'],
  ],
  [
    'a misspelt loader',
    [siteBoot('{ uefi: grubb }')],
    ['14: site.boot.uefi: "grubb" is not known here — did you mean grub?'],
  ],
  [
    'a misspelt order',
    [hostBoot('{ order: disk-frist }')],
    ['58: hosts[0].boot.order: "disk-frist" is not known here — did you mean disk-first?'],
  ],
  ['a misspelt key', [hostBoot('{ ufei: grub }')], ['58: hosts[0].boot.ufei: unknown key — did you mean uefi?']],
  ['a boot that is one word', [hostBoot('ipxe')], ['58: hosts[0].boot: must be a mapping with keys, not a text']],
  ['a key without its value', [siteBoot('{ bios: }')], ['14: site.boot.bios: must be one of auto, pxelinux, ipxe']],
  [
    'protection in a word YAML knows no more',
    [['    role: xenserver\n', '    role: xenserver\n    protect: yes\n']],
    ['55: profiles[1].protect: must be true or false, not a text'],
  ],
];

const lease = (text: string): Edit => ['    gateway:', `    lease: ${text}\n    gateway:`];

const leases: readonly WrongFile[] = [
  [
    'a lease that is none',
    [lease('soon')],
    ['20: networks[0].lease: "soon" is no length of time — write it like 30m, 12h or 1d'],
  ],
  ['a lease too short', [lease('119s')], ['20: networks[0].lease: a lease of 119s is too short — from 2m to 7d']],
  ['a lease too long', [lease('8d')], ['20: networks[0].lease: a lease of 8d is too long — from 2m to 7d']],
  [
    'a lease as a number',
    [lease('3600')],
    ['20: networks[0].lease: 3600 without quotes is read as the number 3600 — put it in quotes: "3600"'],
  ],
];

const dynamic: Edit = ['{ name: guest,       use: cloudstack-guest,', '{ name: strangers, use: dynamic,'];

const strangers: readonly WrongFile[] = [
  [
    'a range for strangers over one for hosts',
    [dynamic, ['from: 192.168.168.30', 'from: 192.168.168.14']],
    [
      '28: networks[0].ranges[5]: strangers overlaps hypervisors from 192.168.168.14 on — keep ranges apart',
      '28: networks[0].ranges[5]: strangers overlaps storage from 192.168.168.15 on — keep ranges apart',
      '28: networks[0].ranges[5]: strangers overlaps private from 192.168.168.16 on — keep ranges apart',
      '28: networks[0].ranges[5]: strangers overlaps storage-net from 192.168.168.21 on — keep ranges apart',
      '28: networks[0].ranges[5]: strangers would give away 192.168.168.26, which is the appliance — leave it out of the range',
    ],
  ],
  [
    'a host among strangers',
    [dynamic, ['address: 192.168.168.2,', 'address: 192.168.168.77,']],
    ['58: hosts[0].address: 192.168.168.77 lies in strangers, which is for dynamic — choose one outside that range'],
  ],
  [
    "a host that takes a stranger's address",
    [dynamic, ['range: hypervisors', 'range: strangers']],
    ['60: hosts[2].range: strangers is for dynamic, not for hosts — for hosts: management, hypervisors, storage'],
  ],
  [
    'strangers given the gateway, which is the name server and the time server too',
    [dynamic, ['from: 192.168.168.30', 'from: 192.168.168.100'], [/192\.168\.168\.1(?=[\]\n])/g, '192.168.168.110']],
    [
      '28: networks[0].ranges[5]: strangers would give away 192.168.168.110, which is the gateway of lab — leave it out of the range',
    ],
  ],
  [
    'strangers given the time server',
    [dynamic, ['ntp: [192.168.168.1]', 'ntp: [pool.ntp.org, 192.168.168.40]']],
    [
      '28: networks[0].ranges[5]: strangers would give away 192.168.168.40, which is a time server — leave it out of the range',
    ],
  ],
  [
    'strangers given the broadcast address',
    [dynamic, ['to: 192.168.168.250', 'to: 192.168.168.255']],
    [
      '28: networks[0].ranges[5].to: 192.168.168.255 is the broadcast address — this network has 192.168.168.1 to 192.168.168.254',
    ],
  ],
  [
    'the name server of another network among strangers',
    [dynamic, ['\nrepos:', '  - { name: dmz, subnet: 10.0.0.0/24, dns: [192.168.168.99] }\n\nrepos:']],
    [
      '28: networks[0].ranges[5]: strangers would give away 192.168.168.99, which is a name server of dmz — leave it out of the range',
    ],
  ],
];

describe('boot', () => expectProblems(boots));
describe('leases', () => expectProblems(leases));
describe('addresses for strangers', () => expectProblems(strangers));
