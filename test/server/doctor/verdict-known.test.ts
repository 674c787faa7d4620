// Failures that fill the trackers of other boot servers, each told as this appliance would see it, and the verdict on it.

import { unarmed } from '../../../server/hosts/lifecycle.ts';
import type { Told } from './stages.ts';
import {
  answered,
  armed,
  asked,
  bios,
  content,
  disarmed,
  file,
  foreign,
  given,
  judged,
  later,
  lost,
  script,
  START,
  toGrub,
  toInitrd,
  toKernel,
  toPackages,
  toScript,
  toShim,
} from './stages.ts';

const stalled = { ...unarmed, phase: 'stalled', attempts: 3 } as const;
const installed = { ...armed(), phase: 'installed', reason: 'its installer reported success' } as const;
const local = [
  [0, asked()],
  [1, answered({ reason: 'installed' })],
] as const;
/** Three installs that came as far as `told`, and the boot that was told to boot its disk. */
const thrice = (told: Told): Told => [
  ...told,
  ...later(400, told),
  ...later(800, told),
  ...later(1200, [
    [0, asked()],
    [1, answered({ reason: 'it came back 3 times' })],
  ]),
];
const throughProxy = [
  [0, asked()],
  [1, answered({ mode: 'proxy', file: 'bootx64.efi' })],
  [2, foreign('proxy')],
] as const;

judged('loops, and machines that never come back', [
  [
    'it installs again and again, its report never comes (cobbler 166, 1374, 2015, 2321, 3329; matchbox 349, 684, 700)',
    thrice(toInitrd),
    { at: 1210, state: stalled },
    'install-loop',
    'wrong',
    /3 times without a report of success and was stopped/,
    /host arm cs40/,
  ],
  [
    'it was installed, and only the report was lost (pixiecore 134, netbootd 8, GoPXE 5)',
    thrice(toPackages),
    { at: 1210, state: stalled },
    'lost-report',
    'wrong',
    /812 packages.*the report was lost/,
    /leave it disarmed and let it boot its disk/,
  ],
  [
    'its installer put the disk first, and it is not seen again (Digital Rebar provision-content 359)',
    [],
    { at: 3600 },
    'armed-but-silent',
    'wrong',
    /booted its disk/,
    /order: network-first/,
  ],
  [
    'each power-on walks through all network entries first (smart-proxy 877)',
    [
      ...local,
      ...later(10, [
        [0, asked({ transport: 'http' })],
        [1, answered({ reason: 'installed' })],
      ]),
    ],
    { at: 30, state: { ...installed, changedAt: START - 1000 } },
    'installed-and-local',
    'fine',
    /left to boot its disk/,
    /order: disk-first/,
  ],
  ['nobody armed it', local, { at: 30, state: disarmed }, 'unarmed-told-local', 'fine'],
]);

judged("UEFI's paths", [
  [
    'shim asks for a bare grubx64.efi, which is that of its tree (shim 300, 524; Foreman 9648)',
    [...toShim, [4, file('second-loader', 'grubx64.efi', { gave: 'grubx64.efi of tree el8' })], [5, script('install')]],
    { at: 8 },
    'waiting',
    'waiting',
    /should ask for the kernel/,
  ],
  [
    'shim asks another server than the proxy (shim 137, 165)',
    [...throughProxy, [3, file('loader', 'bootx64.efi')]],
    { at: 60, dhcpMode: 'proxy' },
    'shim-could-not-find-grub',
    'wrong',
    /another server/,
    /next-server/,
  ],
  [
    'shim 15.8 asks for a name that it made of rubbish (shim 696)',
    [...toShim, [4, lost('unknown', 'grub/?Onboard')]],
    { at: 5 },
    'shim-could-not-find-grub',
    'wrong',
    /Onboard/,
  ],
  [
    'shim fetches GRUB in blocks of 512 bytes (shim 618)',
    [
      ...toShim,
      [45, file('second-loader', 'grubx64.efi', { sizeBytes: 2_500_000, durationMs: 41_000, granted: 'blksize=512' })],
    ],
    { at: 50 },
    'slow-tftp',
    'waiting',
    /grubx64\.efi comes slowly.*41 s.*blksize=512/,
    /UEFI HTTP boot|uefi: ipxe/,
  ],
  [
    'GRUB drops to its shell without a configuration (cobbler 3369, 3862)',
    [...toGrub, [5, lost('config', 'grub.cfg-01-52-54-00-00-00-99')]],
    { at: 60 },
    'config-not-found',
    'wrong',
    /none was found/,
    /by their MAC/,
  ],
  [
    'GRUB knows no linuxefi and stops (cobbler 3975, 4087)',
    toScript,
    { at: 200 },
    'config-asked-no-kernel',
    'wrong',
    /never asked for a kernel/,
    /linuxefi/,
  ],
  [
    'the DHCP server names the GRUB of another product (cobbler 1766, 2158, 2660; xcat-core 4730, 4830, 6518)',
    [
      [0, asked()],
      [3, lost('unknown', 'grub/grub-x86_64.efi')],
    ],
    { at: 8, dhcpMode: 'off' },
    'foreign-boot-file',
    'wrong',
    /Cobbler/,
  ],
  [
    'one file name for every architecture (puppet-dhcp 217)',
    [
      [0, asked()],
      [3, file('loader', 'pxelinux.0')],
    ],
    { at: 5, dhcpMode: 'off' },
    'bios-loader-on-uefi',
    'wrong',
    /option 93/,
  ],
  [
    'GRUB asks the address server for its files (rhboot/grub2 56, 82, 87)',
    [...throughProxy, [3, file('loader', 'bootx64.efi')], [4, file('second-loader', 'grubx64.efi')]],
    { at: 60, dhcpMode: 'proxy' },
    'grub-went-elsewhere',
    'wrong',
    /192\.168\.168\.1/,
    /uefi: ipxe/,
  ],
  [
    "old firmware drops the proxy's offers (edk2 6944)",
    throughProxy.slice(0, 2),
    { at: 60, dhcpMode: 'proxy' },
    'offered-but-never-asked',
    'wrong',
    /never asked for that file/,
    /drops a proxy's offers/,
  ],
]);

judged('slow and lossy ways', [
  [
    'blocks of 512 bytes for an initrd (Tinkerbell; bluebanquise 854)',
    [...toKernel, [9, file('initrd', 'initrd.img', { outcome: 'sending', asked: '', granted: '' })]],
    { at: 130 },
    'slow-tftp',
    'waiting',
    /steps of 512 bytes/,
    /iPXE or GRUB over HTTP/,
  ],
  [
    '60 KB a second over a long way (go-via 4)',
    [...toKernel, [9, file('initrd', 'initrd.img', { outcome: 'sending', granted: 'blksize=1408' })]],
    { at: 500 },
    'slow-tftp',
    'waiting',
    /blksize=1408/,
  ],
  [
    "the server's own port is behind a firewall (Tinkerbell 728, smee 504)",
    [
      [0, asked(bios)],
      [20, file('loader', 'pxelinux.0', { outcome: 'timed-out', bytes: 0 })],
    ],
    { at: 30 },
    'loader-transfer-broken',
    'wrong',
    /before its first block arrived/,
    /port of its own/,
  ],
  [
    'iPXE stops where it finds no autoexec.ipxe (smee 424)',
    [
      [0, asked()],
      [1, answered({ file: 'snponly.efi' })],
      [3, file('loader', 'snponly.efi')],
      [4, lost('config', 'autoexec.ipxe')],
    ],
    { at: 60 },
    'loader-went-silent',
    'wrong',
    /nothing more after autoexec\.ipxe/,
  ],
  [
    'one transfer in two times out (MAAS discourse 4736)',
    [
      ...[5, 10, 15].map((at) => [at, file('loader', 'pxelinux.0', { outcome: 'timed-out' })] as const),
      [20, file('loader', 'pxelinux.0')],
    ],
    { at: 60 },
    'many-retries',
    'wrong',
    /4 times.*loses packets/,
  ],
  [
    'a crowd shares the server, and its transfers break (coinboot 67, iPXE 643)',
    [...toKernel, [90, file('initrd', 'initrd.img', { outcome: 'timed-out', bytes: 9_000_000, durationMs: 80_000 })]],
    { at: 95 },
    'initrd-broken',
    'wrong',
    /8\.6 MiB of 47\.7 MiB/,
    /iPXE over HTTP bears loss/,
  ],
  [
    'large images fill the link, and an installer stands still (MAAS discourse 11707)',
    [...toInitrd, [30, given()], [400, content('stage2', { outcome: 'broken-off', bytes: 90_000_000 })]],
    { at: 500, state: armed({ phase: 'installing' }) },
    'stage2-broken',
    'wrong',
    /gave up its second stage.*after 85\.8 MiB/,
  ],
]);
