// Wrong site files: networks and ranges. Each row is a small edit of the example, and every problem it has.

import { describe } from 'vitest';
import type { WrongFile } from './example.ts';
import { expectProblems } from './example.ts';

const networks: readonly WrongFile[] = [
  [
    'a subnet with host bits',
    [['subnet: 192.168.168.0/24', 'subnet: 192.168.168.7/24']],
    [
      '19: networks[0].subnet: "192.168.168.7/24" has host bits set; the network is 192.168.168.0/24 — a subnet is a network address and a prefix, such as 192.168.168.0/24',
    ],
  ],
  [
    'a subnet without a prefix',
    [['subnet: 192.168.168.0/24', 'subnet: 192.168.168.0']],
    [
      '19: networks[0].subnet: not a subnet: "192.168.168.0" — a subnet is a network address and a prefix, such as 192.168.168.0/24',
    ],
  ],
  [
    'a multicast subnet',
    [
      ['subnet: 192.168.168.0/24', 'subnet: 224.0.0.0/24'],
      [/    gateway(?:.*\n)+?(?=\nrepos)/, ''],
      [/address: .*?,/g, 'address: 224.0.0.9,'],
      ['range: hypervisors', 'address: 224.0.0.8'],
    ],
    [
      "19: networks[0].subnet: 224.0.0.0/24 holds no machine's address",
      "50: hosts[1].network: lab has no gateway, and a hypervisor's installer wants one — add gateway: … to the network",
      '50: hosts[1].address: 224.0.0.9 is already that of cs40 — choose a free one',
      "51: hosts[2].network: lab has no gateway, and a hypervisor's installer wants one — add gateway: … to the network",
    ],
  ],
  [
    'two networks over each other',
    [['\nrepos:', '  - { name: wide, subnet: 192.168.0.0/16 }\n\nrepos:']],
    ['29: networks[1].subnet: 192.168.0.0/16 overlaps 192.168.168.0/24 of lab — keep subnets apart'],
  ],
  [
    'two networks of one name',
    [['\nrepos:', '  - { name: LAB, subnet: 10.0.0.0/24 }\n\nrepos:']],
    ['29: networks[1].name: LAB is already the name of networks[0] — remove one, or change it'],
  ],
  [
    'a gateway outside',
    [['gateway: 192.168.168.1', 'gateway: 192.168.186.1']],
    ['20: networks[0].gateway: 192.168.186.1 lies outside 192.168.168.0/24 — did you mean 192.168.168.1?'],
  ],
  [
    'a gateway far outside',
    [['gateway: 192.168.168.1', 'gateway: 10.0.0.1']],
    [
      '20: networks[0].gateway: 10.0.0.1 lies outside 192.168.168.0/24 — this network has 192.168.168.1 to 192.168.168.254',
    ],
  ],
  [
    'a gateway at the network address',
    [['gateway: 192.168.168.1', 'gateway: 192.168.168.0']],
    [
      "20: networks[0].gateway: 192.168.168.0 is the network's own address — this network has 192.168.168.1 to 192.168.168.254",
    ],
  ],
  [
    'a gateway with a leading zero',
    [['gateway: 192.168.168.1', 'gateway: 192.168.168.01']],
    [
      '20: networks[0].gateway: not an IPv4 address: "192.168.168.01" — an address is four numbers from 0 to 255, such as 192.168.168.2',
    ],
  ],
  [
    'a name server that lost its first digit',
    [['dns: [192.168.168.1]', 'dns: [92.168.168.1]']],
    ['21: networks[0].dns[0]: 92.168.168.1 lies outside 192.168.168.0/24 — did you mean 192.168.168.1?'],
  ],
  [
    'a name server twice',
    [['dns: [192.168.168.1]', 'dns: [192.168.168.1, 192.168.168.1]']],
    ['21: networks[0].dns[1]: 192.168.168.1 is listed twice — remove one, or change it'],
  ],
  [
    'a gateway that a range gives away',
    [['gateway: 192.168.168.1', 'gateway: 192.168.168.16']],
    [
      '26: networks[0].ranges[3]: private would give away 192.168.168.16, which is the gateway of lab — leave it out of the range',
    ],
  ],
  [
    'a range backwards',
    [['from: 192.168.168.3,  to: 192.168.168.14', 'from: 192.168.168.14,  to: 192.168.168.3']],
    [
      '24: networks[0].ranges[1]: hypervisors begins at 192.168.168.14, behind its end 192.168.168.3 — swap from and to',
    ],
  ],
  [
    'ranges that overlap',
    [['from: 192.168.168.21', 'from: 192.168.168.20']],
    ['27: networks[0].ranges[4]: storage-net overlaps private from 192.168.168.20 on — keep ranges apart'],
  ],
  [
    'a range to the broadcast address',
    [['to: 192.168.168.250', 'to: 192.168.168.255']],
    [
      '28: networks[0].ranges[5].to: 192.168.168.255 is the broadcast address — this network has 192.168.168.1 to 192.168.168.254',
    ],
  ],
  [
    'a range for nobody known',
    [['use: cloudstack-guest', 'use: cloudstack-gest']],
    ['28: networks[0].ranges[5].use: "cloudstack-gest" is not known here — did you mean cloudstack-guest?'],
  ],
  [
    'a range without a use',
    [['use: cloudstack-guest,  ', '']],
    [
      '28: networks[0].ranges[5].use: is missing — one of hosts, cloudstack-private, cloudstack-storage, cloudstack-guest, dynamic, reserved',
    ],
  ],
  [
    'two ranges of one name',
    [['name: guest,', 'name: private,']],
    ['28: networks[0].ranges[5].name: private is already the name of networks[0].ranges[3] — remove one, or change it'],
  ],
  [
    'a range with one end',
    [[', to: 192.168.168.250', '']],
    ['28: networks[0].ranges[5].to: is missing — add it, such as 192.168.168.2'],
  ],
];

describe('networks', () => expectProblems(networks));
