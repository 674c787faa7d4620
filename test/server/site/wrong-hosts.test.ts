// Wrong site files: hosts. Each row is a small edit of the example, and every problem it has.

import { describe } from 'vitest';
import type { WrongFile } from './example.ts';
import { expectProblems } from './example.ts';

const xs02 = 'network: lab, range: hypervisors,     macs: ["52:54:00:a8:a8:04"]';
const cs40 = 'network: lab, address: 192.168.168.2, macs: ["52:54:00:a8:a8:02"]';

const hosts: readonly WrongFile[] = [
  [
    'a profile that is not there',
    [['xs-01, profile: hypervisor', 'xs-01, profile: hypervizor']],
    ['59: hosts[1].profile: there is no profile called hypervizor — did you mean hypervisor?'],
  ],
  [
    'a network that is not there',
    [[cs40, 'network: lan, address: 192.168.168.2, macs: ["52:54:00:a8:a8:02"]']],
    ['58: hosts[0].network: there is no network called lan — did you mean lab?'],
  ],
  [
    'a range that is not there',
    [['range: hypervisors', 'range: hypervisor']],
    ['60: hosts[2].range: this network has no range called hypervisor — did you mean hypervisors?'],
  ],
  [
    'a range for guests',
    [['range: hypervisors', 'range: guest']],
    ['60: hosts[2].range: guest is for cloudstack-guest, not for hosts — for hosts: management, hypervisors, storage'],
  ],
  [
    'neither address nor range',
    [[xs02, 'network: lab,      macs: ["52:54:00:a8:a8:04"]']],
    ['60: hosts[2]: has neither an address nor a range — add an address, or the range to take one of'],
  ],
  [
    'both address and range',
    [[xs02, 'network: lab, address: 192.168.168.9, range: hypervisors,     macs: ["52:54:00:a8:a8:04"]']],
    ['60: hosts[2]: has both an address and a range — keep one of them'],
  ],
  ['no MAC', [['macs: ["52:54:00:a8:a8:04"]', 'macs: []']], ['60: hosts[2].macs: must not be empty']],
  [
    'a MAC with too little',
    [['"52:54:00:a8:a8:04"', '"52:54:00:a8:a8"']],
    [
      '60: hosts[2].macs[0]: not a MAC address: "52:54:00:a8:a8" — a MAC address is six pairs of hex digits, such as "52:54:00:a8:a8:02"',
    ],
  ],
  [
    'a MAC of a group',
    [['"52:54:00:a8:a8:04"', '"53:54:00:a8:a8:04"']],
    [
      '60: hosts[2].macs[0]: a group address is no machine\'s MAC: "53:54:00:a8:a8:04" — a MAC address is six pairs of hex digits, such as "52:54:00:a8:a8:02"',
    ],
  ],
  [
    'a MAC of two hosts, spelt differently',
    [['"52:54:00:a8:a8:04"', '"52-54-00-A8-A8-02"']],
    ['60: hosts[2].macs[0]: the MAC 52:54:00:a8:a8:02 is already that of cs40 — remove one, or change it'],
  ],
  [
    'a name of two hosts',
    [['name: xs-02', 'name: XS-01']],
    ['60: hosts[2].name: XS-01 is already the name of hosts[1] — remove one, or change it'],
  ],
  [
    'a name with a dot',
    [['name: cs40', 'name: cs40.cs-cloud.com']],
    ['58: hosts[0].name: "cs40.cs-cloud.com" is no host name — letters, digits and inner dashes, without the domain'],
  ],
  [
    'a name that is a number',
    [['name: cs40', 'name: "40"']],
    ['58: hosts[0].name: "40" is a number, not a host name — add a letter'],
  ],
  [
    "a name that is the site's bundle",
    [['name: cs40', 'name: site']],
    ['58: hosts[0].name: no host can be called "site" — choose another name'],
  ],
  [
    'a name too long with its domain',
    [['name: cs40', 'name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']],
    [
      '58: hosts[0].name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.cs-cloud.com has 65 characters; Linux takes 64 — shorten the name',
    ],
  ],
  [
    'an address outside',
    [['address: 192.168.168.3', 'address: 92.168.168.3']],
    ['59: hosts[1].address: 92.168.168.3 lies outside 192.168.168.0/24 — did you mean 192.168.168.3?'],
  ],
  [
    'an address of two hosts',
    [['address: 192.168.168.3', 'address: 192.168.168.2']],
    ['59: hosts[1].address: 192.168.168.2 is already that of cs40 — choose a free one'],
  ],
  [
    "the gateway's address",
    [['address: 192.168.168.3', 'address: 192.168.168.1']],
    ['59: hosts[1].address: 192.168.168.1 is already that of the gateway of lab — choose a free one'],
  ],
  [
    "the appliance's address",
    [['address: 192.168.168.3', 'address: 192.168.168.26']],
    ['59: hosts[1].address: 192.168.168.26 is already that of the appliance — choose a free one'],
  ],
  [
    'the broadcast address',
    [['address: 192.168.168.3', 'address: 192.168.168.255']],
    [
      '59: hosts[1].address: 192.168.168.255 is the broadcast address — this network has 192.168.168.1 to 192.168.168.254',
    ],
  ],
  [
    'an address in a range for system VMs',
    [['address: 192.168.168.3', 'address: 192.168.168.17']],
    [
      '59: hosts[1].address: 192.168.168.17 lies in private, which is for cloudstack-private — choose one outside that range',
    ],
  ],
  [
    'a range that is full',
    [['from: 192.168.168.3,  to: 192.168.168.14', 'from: 192.168.168.3,  to: 192.168.168.3']],
    ['60: hosts[2].range: hypervisors is full: every address is taken — widen the range'],
  ],
  [
    'a name that cannot be is not a missing one too',
    [
      ['- name: hypervisor\n', '- name: hyper visor\n'],
      [/profile: hypervisor/g, 'profile: hyper visor'],
    ],
    [
      '52: profiles[1].name: "hyper visor" is no name — letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63 characters',
      '59: hosts[1].profile: "hyper visor" is no name — letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63 characters',
      '60: hosts[2].profile: "hyper visor" is no name — letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63 characters',
    ],
  ],
  [
    'everything at once',
    [
      ['"4.0"', '4.0'],
      ['keep: 3', 'keep: 0'],
      ['tree: rhel6', 'tree: rhel5'],
      ['address: 192.168.168.3', 'address: 192.168.168.2'],
      ['from: 192.168.168.30', 'from: 92.168.168.30'],
      ['keyboard: us', 'keyboad: us'],
    ],
    [
      '13: site.keyboad: unknown key — did you mean keyboard?',
      '28: networks[0].ranges[5].from: 92.168.168.30 lies outside 192.168.168.0/24 — did you mean 192.168.168.30?',
      '35: repos[0].keep: must be at least 1',
      '47: profiles[0].tree: there is no tree called rhel5 — did you mean rhel6?',
      '51: profiles[0].cloudstack.version: 4.0 without quotes is read as the number 4 — put it in quotes: "4.0"',
      '59: hosts[1].address: 192.168.168.2 is already that of cs40 — choose a free one',
    ],
  ],
];

describe('hosts', () => expectProblems(hosts));
