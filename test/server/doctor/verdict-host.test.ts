// What the boot doctor says where a host's state, or the boot before, tells more than the last boot does.

import type { HostState } from '../../../server/domain.ts';
import { unarmed } from '../../../server/hosts/lifecycle.ts';
import type { Told } from './stages.ts';
import {
  judged,
  START,
  answered,
  armed,
  asked,
  file,
  report,
  script,
  toGrub,
  toInitrd,
  toKernel,
  toPackages,
  toScript,
  toShim,
  toStage2,
  later,
} from './stages.ts';

const loop: Told = [
  ...toInitrd,
  ...later(400, toInitrd),
  ...later(800, toInitrd),
  [1200, asked()],
  [1204, script('local')],
];
const after = START + 600_000;
const installed: HostState = {
  ...armed(),
  phase: 'installed',
  changedAt: after,
  reason: 'its installer reported success',
};
const away = [
  [-90_000, asked()],
  [-89_990, script('local')],
] as const;
function armedAt(seconds: number): HostState {
  const state = armed();
  const at = START + seconds * 1000;
  return { ...state, arming: state.arming === undefined ? undefined : { ...state.arming, armedAt: at }, changedAt: at };
}

judged('what the state of the host says', [
  ['never seen', [], { at: 0, state: unarmed }, 'nothing-seen', 'fine', /never armed/, /host arm cs40/],
  ['a machine never seen', [], { at: 0, state: 'unknown' }, 'nothing-seen', 'fine'],
  ['armed a minute ago', [], { at: 0 }, 'armed-but-silent', 'waiting', /boot it from the network/],
  [
    'armed, its disk boots first (DRP#359)',
    away,
    { at: 3600 },
    'armed-but-silent',
    'wrong',
    /2026-11-22 13:59:00 UTC/,
    /one-time network boot/,
    /network-first/,
  ],
  ['armed, and DHCP is somebody else', [], { at: 3600, dhcpMode: 'off' }, 'armed-but-silent', 'wrong', /next-server/],
  [
    'stopped in a loop, with the cause',
    loop,
    { at: 1210, state: { ...unarmed, phase: 'stalled', attempts: 3 } },
    'install-loop',
    'wrong',
    /3 times without a report.*found no network card/,
  ],
  [
    'came back after its packages: stopped',
    [...toPackages, [900, asked()], [904, script('local')]],
    { at: 910, state: { ...unarmed, phase: 'stalled', attempts: 3 } },
    'lost-report',
    'wrong',
    /812 packages/,
    /\/hosts\/cs40\/events/,
  ],
  [
    'came back after its packages: installs again',
    [...toPackages, ...later(900, toScript)],
    { at: 910, state: armed({ phase: 'booting', attempts: 2 }) },
    'lost-report',
    'wrong',
    /without a report of success/,
  ],
  [
    '… and installs',
    [...toPackages, ...later(900, toPackages)],
    { at: 1205, state: armed({ phase: 'installing', attempts: 2 }) },
    'installing',
    'fine',
  ],
  [
    'installed before, now stopped for another cause',
    [...toPackages, [600, report('installed')], ...later(900, toInitrd), [1300, asked()], [1304, script('local')]],
    { at: 1310, state: { ...unarmed, phase: 'stalled', attempts: 3 } },
    'install-loop',
    'wrong',
  ],
  [
    'failed',
    [...toStage2, [90, report('failed', 'sda carries data')]],
    { at: 91, state: { ...armed(), phase: 'failed' } },
    'reported-failure',
    'wrong',
    /sda carries data \(2026-11-22 14:01:30 UTC\)/,
    /host arm cs40/,
  ],
  [
    'failed, and booted its disk since',
    [
      [90, report('failed', 'no disk')],
      [200, asked()],
      [204, script('local')],
    ],
    { at: 300, state: { ...armed(), phase: 'failed' } },
    'reported-failure',
    'wrong',
    /no disk/,
  ],
  [
    'failed, its stages forgotten',
    [],
    { at: 300, state: { ...armed(), phase: 'failed', reason: 'its installer reported failure: no disk' } },
    'reported-failure',
    'wrong',
    /no disk/,
  ],
  [
    'installed',
    [...toPackages, [600, report('installed')]],
    { at: 601, state: installed },
    'installed',
    'fine',
    /14:10:00/,
  ],
  [
    'installed, and left to its disk since',
    [...toPackages, [600, report('installed')], [660, asked()], [663, script('local')]],
    { at: 700, state: installed },
    'installed-and-local',
    'fine',
  ],
  [
    'installed, offered nothing by DHCP since',
    [...toPackages, [600, report('installed')], [660, asked()], [661, answered({ reason: 'installed' })]],
    { at: 700, state: installed },
    'installed-and-local',
    'fine',
  ],
  [
    'installed, its first boot failed',
    [...toPackages, [600, report('installed')], [700, report('failed', 'cloud-setup-databases')]],
    { at: 701, state: installed },
    'first-boot-failed',
    'wrong',
    /cloud-setup-databases/,
  ],
]);

judged('boots that follow each other', [
  [
    'firmware tries its next entry: the one that failed is told',
    [...toGrub, [12, asked({ transport: 'http' })], [13, answered({ file: 'http://192.168.168.26/boot/bootx64.efi' })]],
    { at: 15 },
    'secure-boot-rejected-grub',
    'wrong',
  ],
  [
    'the next try runs: both are told',
    [...toInitrd, ...later(300, toShim)],
    { at: 304 },
    'waiting',
    'waiting',
    /bootx64\.efi.*The boot before: .*no network card/,
    /driver/,
  ],
  [
    'a transfer cut off by a reset is given up when the next boot runs',
    [
      ...toKernel,
      ...later(20, toShim),
      [24, file('initrd', 'initrd.img', { outcome: 'timed-out', bytes: 1, durationMs: 15_000 })],
    ],
    { at: 25 },
    'waiting',
    'waiting',
    /^it had bootx64\.efi.*The boot before: the transfer of initrd\.img broke off/,
  ],
  [
    'what was told before the arming is no fault of it',
    [
      [0, asked()],
      [4, script('local')],
      [200, asked()],
      [201, answered({ file: 'bootx64.efi' })],
    ],
    { at: 202, state: armedAt(100) },
    'waiting',
    'waiting',
    /^(?!.*The boot before)/,
  ],
  [
    'what was offered before the arming neither',
    [
      [0, asked()],
      [1, answered({ reason: 'not armed' })],
      [200, asked()],
    ],
    { at: 201, state: armedAt(100) },
    'waiting',
    'waiting',
    /^(?!.*The boot before)/,
  ],
  [
    'packages of an earlier arming are no lost report',
    [...toPackages, ...later(900, toScript)],
    { at: 910, state: { ...armedAt(600), phase: 'booting', attempts: 1 } },
    'waiting',
    'waiting',
  ],
  [
    'a good boot forgets the bad one',
    [...toGrub, ...later(3600, toPackages)],
    { at: 3905, state: armed({ phase: 'installing' }) },
    'installing',
    'fine',
  ],
  [
    'a bad boot of yesterday explains nothing',
    [...toGrub, ...later(80_000, toShim)],
    { at: 80_005 },
    'waiting',
    'waiting',
    /^(?!.*The boot before)/,
  ],
  [
    'a lease renewed by the running system is no boot',
    [...toInitrd, [390, answered({})]],
    { at: 400 },
    'kernel-started-nothing-after',
    'wrong',
  ],
]);
