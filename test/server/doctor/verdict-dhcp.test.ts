// Boots that came no further than DHCP, and what the boot doctor says of each.

import { judged, answered, asked, foreign, disarmed, bios, lost } from './stages.ts';

judged('a boot that came no further than DHCP', [
  ['asked just now', [[0, asked()]], { at: 2 }, 'waiting', 'waiting', /UEFI x86_64/],
  [
    'asked and unanswered',
    [
      [0, asked()],
      [4, asked()],
    ],
    { at: 60 },
    'dhcp-unanswered',
    'wrong',
    /2 times.*not answered/,
  ],
  [
    'no address is free',
    [
      [0, asked()],
      [1, answered({ address: undefined, reason: 'not answered: no address is free' })],
    ],
    { at: 60, state: 'unknown' },
    'dhcp-unanswered',
    'wrong',
    /no address is free/,
  ],
  [
    'offered, a moment ago',
    [
      [0, asked()],
      [1, answered({ file: 'bootx64.efi' })],
    ],
    { at: 5 },
    'waiting',
    'waiting',
    /bootx64\.efi/,
  ],
  [
    'offered, never asked',
    [
      [0, asked()],
      [1, answered({ file: 'bootx64.efi' })],
    ],
    { at: 60 },
    'offered-but-never-asked',
    'wrong',
    /never asked for that file/,
    /UDP port 69/,
  ],
  [
    'offered a URL, never asked',
    [
      [0, asked({ transport: 'http' })],
      [1, answered({ file: 'http://192.168.168.26/boot/bootx64.efi' })],
    ],
    { at: 60 },
    'offered-but-never-asked',
    'wrong',
    /plain HTTP/,
  ],
  [
    'proxy, UEFI never asks 4011 (edk2#6944)',
    [
      [0, asked()],
      [1, answered({ mode: 'proxy', file: 'snponly.efi' })],
    ],
    { at: 60, dhcpMode: 'proxy' },
    'offered-but-never-asked',
    'wrong',
    /4011/,
    /--dhcp server/,
  ],
  [
    'proxy, BIOS',
    [
      [0, asked(bios)],
      [1, answered({ mode: 'proxy', file: 'pxelinux.0' })],
      [2, foreign('proxy')],
    ],
    { at: 60 },
    'offered-but-never-asked',
    'wrong',
    /own DHCP server may name a boot file/,
  ],
  [
    'a rogue in server mode',
    [
      [0, asked()],
      [1, answered({ file: 'bootx64.efi' })],
      [2, foreign('server')],
    ],
    { at: 60 },
    'took-foreign-server',
    'wrong',
    /192\.168\.168\.1,/,
  ],
  [
    'arm64 without a tree',
    [
      [0, asked({ arch: 'aarch64' })],
      [1, answered({ reason: 'its tree rhel6 is x86_64' })],
    ],
    { at: 60 },
    'no-loader-for-arch',
    'wrong',
    /UEFI aarch64.*rhel6 is x86_64/,
  ],
  [
    'an architecture nobody has',
    [
      [0, asked({ arch: 'other' })],
      [1, answered({ reason: 'no tree' })],
    ],
    { at: 60 },
    'no-loader-for-arch',
    'wrong',
    /code 7/,
  ],
  [
    'armed, no loader',
    [
      [0, asked()],
      [1, answered({ reason: 'no pxelinux was found' })],
    ],
    { at: 60 },
    'no-boot-file',
    'wrong',
    /no pxelinux was found/,
    /kickstand doctor/,
  ],
  [
    'not armed',
    [
      [0, asked()],
      [1, answered({ reason: 'disarmed' })],
    ],
    { at: 60, state: disarmed },
    'unarmed-told-local',
    'fine',
    /the arming has ended/,
    /host arm cs40/,
  ],
  [
    'nobody armed, sent on by a file that is not there',
    [
      [0, asked()],
      [1, answered({ reason: 'disarmed' })],
      [5, lost('own-disk', 'boot-your-own-disk')],
    ],
    { at: 6, state: disarmed },
    'unarmed-told-local',
    'fine',
    /the arming has ended/,
    /host arm cs40/,
  ],
  [
    'nobody',
    [
      [0, asked()],
      [1, answered({ reason: 'no host' })],
    ],
    { at: 60, state: 'unknown' },
    'unknown-machine',
    'fine',
    /no host of the site/,
  ],
]);
