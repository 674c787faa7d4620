// Wrong site files: profiles. Each row is a small edit of the example, and every problem it has.

import { describe } from 'vitest';
import type { WrongFile } from './example.ts';
import { expectProblems } from './example.ts';

const profiles: readonly WrongFile[] = [
  [
    'a tree that is not there',
    [['tree: rhel6', 'tree: rhel5']],
    ['47: profiles[0].tree: there is no tree called rhel5 — did you mean rhel6?'],
  ],
  [
    'a tree like no other',
    [['tree: rhel6', 'tree: solaris']],
    ['47: profiles[0].tree: there is no tree called solaris — known: rhel6, xenserver'],
  ],
  [
    'a repo that is not there',
    [['repos: [cloudstack]', 'repos: [clodstack]']],
    ['49: profiles[0].repos[0]: there is no repo called clodstack — did you mean cloudstack?'],
  ],
  [
    'a repo twice',
    [['repos: [cloudstack]', 'repos: [cloudstack, cloudstack]']],
    ['49: profiles[0].repos[1]: cloudstack is listed twice — remove one, or change it'],
  ],
  [
    'a role misspelt',
    [['role: xenserver', 'role: xenservr']],
    ['54: profiles[1].role: "xenservr" is not known here — did you mean xenserver?'],
  ],
  [
    'XenServer from a Linux tree',
    [['tree: xenserver', 'tree: rhel6']],
    [
      '53: profiles[1].tree: the role xenserver cannot be installed from rhel-6.2-x86_64 — name a XenServer or XCP-ng tree',
    ],
  ],
  [
    'Linux from a XenServer tree',
    [['tree: rhel6', 'tree: xenserver']],
    [
      '47: profiles[0].tree: the role cloudstack-management cannot be installed from xenserver-6.0.2-x86_64 — name a Linux tree',
    ],
  ],
  [
    'XenServer 6.2 under CloudStack 4.0',
    [['os: xenserver-6.0.2', 'os: xenserver-6.2.0']],
    ['43: trees[1].os: CloudStack 4.0 refuses XenServer 6.2.0 — it accepts XenServer 5.6, 6.0 and 6.0.2'],
  ],
  [
    'XenServer 6.1 under CloudStack 4.0.2',
    [
      ['os: xenserver-6.0.2', 'os: xenserver-6.1'],
      ['"4.0"', '"4.0.2"'],
    ],
    ['43: trees[1].os: CloudStack 4.0.2 refuses XenServer 6.1 — it accepts XenServer 5.6, 6.0 and 6.0.2'],
  ],
  [
    'XCP-ng under CloudStack 4.0',
    [['os: xenserver-6.0.2', 'os: xcp-ng-8.3']],
    ['43: trees[1].os: CloudStack 4.0 refuses XCP-ng 8.3 — it accepts XenServer 5.6, 6.0 and 6.0.2'],
  ],
  [
    'a version without quotes',
    [['"4.0"', '4.0']],
    ['51: profiles[0].cloudstack.version: 4.0 without quotes is read as the number 4 — put it in quotes: "4.0"'],
  ],
  [
    'a version without quotes that keeps its digits',
    [['"4.0"', '4.1']],
    ['51: profiles[0].cloudstack.version: 4.1 without quotes is read as the number 4.1 — put it in quotes: "4.1"'],
  ],
  [
    'a version that is a word',
    [['"4.0"', 'latest']],
    ['51: profiles[0].cloudstack.version: "latest" is no CloudStack version — such as "4.0"'],
  ],
  [
    'a hypervisor misspelt',
    [['hypervisor: xenserver }', 'hypervisor: xen }']],
    ['51: profiles[0].cloudstack.hypervisor: "xen" is not known here — known: xenserver, kvm, vmware'],
  ],
  [
    'a management server without CloudStack',
    [[/    cloudstack: \{.*\n/, '']],
    [
      '46: profiles[0].cloudstack: is missing: the role cloudstack-management needs it — such as cloudstack: { version: "4.0", hypervisor: xenserver }',
    ],
  ],
  [
    'a CloudStack for another release',
    [['version: "4.0"', 'version: "4.20"']],
    [
      '43: trees[1].os: CloudStack 4.20 does not know XenServer 6.0.2 — it knows XenServer from 7.0 and XCP-ng from 7.4',
      '47: profiles[0].tree: CloudStack 4.20 has no packages for rhel-6.2-x86_64 — name a tree of RHEL 8 or 9 or its kin, or another version',
    ],
  ],
  [
    'a CloudStack that nobody has tried',
    [['version: "4.0"', 'version: "4.19"']],
    ['51: profiles[0].cloudstack: CloudStack 4.19 is not known here — known are 4.0 to 4.11 and 4.20 to 4.22'],
  ],
  [
    'an agent without CloudStack',
    [
      ['role: cloudstack-management', 'role: kvm-agent'],
      [/    cloudstack: \{.*\n/, ''],
    ],
    [
      '46: profiles[0].cloudstack: is missing: the role kvm-agent needs it — such as cloudstack: { version: "4.0", hypervisor: kvm }',
    ],
  ],
  [
    'an agent of another hypervisor',
    [['role: cloudstack-management', 'role: kvm-agent']],
    ['51: profiles[0].cloudstack: a kvm-agent serves no CloudStack of xenserver — write hypervisor: kvm'],
  ],
  [
    'a copy of the repos where there is no web server',
    [
      ['role: cloudstack-management', 'role: kvm-agent'],
      ['hypervisor: xenserver }', 'hypervisor: kvm, mirror-on-host: true }'],
    ],
    ['51: profiles[0].cloudstack.mirror-on-host: the role kvm-agent keeps no copy of its repos — leave it out'],
  ],
  [
    'a mirror of one disk',
    [['disks: [sda, sdb]', 'disks: [sda]']],
    ['50: profiles[0].storage.disks: raid1 needs at least two disks — name a second one, or write layout: whole'],
  ],
  [
    'a mirror of one disk twice',
    [['disks: [sda, sdb]', 'disks: [sda, sda]']],
    ['50: profiles[0].storage.disks[1]: sda is listed twice — remove one, or change it'],
  ],
  [
    'RAID 10 of two disks',
    [['layout: raid1', 'layout: raid10']],
    ['50: profiles[0].storage.disks: raid10 needs at least four disks — name 4, or write layout: raid1'],
  ],
  [
    'a disk for two things',
    [['disks: [sda, sdb]', 'disks: [sda, sdb], data: [{ at: /export, layout: raid1, disks: [sdc, sdb] }]']],
    ['50: profiles[0].storage.data[0].disks[1]: sdb already holds the system — name another disk'],
  ],
  [
    'half a mirror of data',
    [['disks: [sda, sdb]', 'disks: [sda, sdb], data: [{ at: /export, layout: raid1, disks: [sdc] }]']],
    [
      '50: profiles[0].storage.data[0].disks: raid1 needs at least two disks — name a second one, or write layout: whole',
    ],
  ],
  [
    'a place that is no mount point, and one mounted twice',
    [
      [
        'disks: [sda, sdb]',
        'disks: [sda, sdb], mounts: [{ at: /usr, size: 9G }, { at: /srv, size: 1G }, { at: /srv, size: 1G }, { at: srv, size: 1G }]',
      ],
    ],
    [
      '50: profiles[0].storage.mounts[0].at: /usr cannot be a file system of its own here — such as /export, /srv, /var or /home',
      '50: profiles[0].storage.mounts[3].at: "srv" is no mount point — an absolute path of plain names, such as /export',
      '50: profiles[0].storage.mounts[2].at: /srv is mounted already — mount it once',
    ],
  ],
  [
    'the rest for two',
    [['disks: [sda, sdb]', 'disks: [sda, sdb], mounts: [{ at: /srv, size: rest }]']],
    [
      '50: profiles[0].storage.mounts[0].size: the rest is taken by / where that has no size — write root: 20G beside it, or a size here',
    ],
  ],
  [
    'a size that is none',
    [['disks: [sda, sdb]', 'disks: [sda, sdb], root: "20"']],
    ['50: profiles[0].storage.root: "20" is no size — a whole number with M, G or T, from 512M on, such as 20G'],
  ],
  [
    'file systems under XenServer',
    [['disks: [sda], guest', 'disks: [sda], mounts: [{ at: /srv, size: 1G }], guest']],
    [
      '55: profiles[1].storage.mounts: the installer of a hypervisor knows no mounts — leave it out, or write layout: whole',
    ],
  ],
  [
    'a whole of two disks',
    [['disks: [sda], guest', 'disks: [sda, sdb], guest']],
    ['55: profiles[1].storage.disks: whole takes one disk, not 2 — keep one, or write layout: raid1'],
  ],
  ['no disk', [['disks: [sda], guest', 'disks: [], guest']], ['55: profiles[1].storage.disks: must not be empty']],
  [
    'a disk under /dev',
    [['disks: [sda], guest', 'disks: [/dev/sda], guest']],
    ['55: profiles[1].storage.disks[0]: a disk is named without /dev/ — write sda'],
  ],
  [
    'a partition',
    [['disks: [sda], guest', 'disks: [sda1], guest']],
    ['55: profiles[1].storage.disks[0]: sda1 is a partition, not a disk — did you mean sda?'],
  ],
  [
    'a partition of an NVMe disk',
    [['disks: [sda], guest', 'disks: [nvme0n1p2], guest']],
    ['55: profiles[1].storage.disks[0]: nvme0n1p2 is a partition, not a disk — did you mean nvme0n1?'],
  ],
  [
    'a disk with a command in it',
    [['disks: [sda], guest', 'disks: ["sda; reboot"], guest']],
    ['55: profiles[1].storage.disks[0]: "sda; reboot" is no disk — its name under /dev, such as sda'],
  ],
  [
    'a guest disk that holds a Linux system',
    [['disks: [sda, sdb]', 'disks: [sda, sdb], guest: [sdb]']],
    ['50: profiles[0].storage.guest[0]: sdb already holds the system — name another disk, or leave it out'],
  ],
  [
    'a mirror under XenServer 6',
    [['layout: whole, disks: [sda]', 'layout: raid1, disks: [sda, sdb]']],
    ['55: profiles[1].storage.layout: the installer of XenServer 6.0.2 makes no software RAID — write layout: whole'],
  ],
  ['no storage', [[/    storage: \{ layout: whole.*\n/, '']], ['52: profiles[1].storage: is missing — add it']],
  [
    'a package with a command in it',
    [
      [
        '    repos: [cloudstack]',
        '    repos: [cloudstack]\n    packages: ["vim;reboot", "@core", "-iwl100-firmware", "@Development Tools"]',
      ],
    ],
    [
      '50: profiles[0].packages[0]: "vim;reboot" is no package — a package such as vim, a group such as @core, or -name to leave one out',
    ],
  ],
];

describe('profiles', () => expectProblems(profiles));
