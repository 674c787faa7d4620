// The transcript: every kind of stage in words, boots told apart; and whatever stages come, doctor and transcript answer.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { transcriptOf } from '../../../server/doctor/transcript.ts';
import { diagnose } from '../../../server/doctor/verdict.ts';
import type { Stage } from '../../../server/stages.ts';
import type { Told } from './stages.ts';
import {
  START,
  answered,
  armed,
  asked,
  bios,
  content,
  disarmed,
  facts,
  file,
  foreign,
  given,
  lost,
  report,
  script,
  tell,
} from './stages.ts';

test.each<[Stage, string, string]>([
  [asked({ transport: 'http' }), 'DHCP asked', 'UEFI x86_64 over HTTP; discover'],
  [asked({}, 4011), 'DHCP asked (4011)', 'UEFI x86_64; discover'],
  [answered({ file: 'bootx64.efi' }), 'DHCP answered', 'bootx64.efi; address 192.168.168.2; as server'],
  [
    answered({ mode: 'proxy', address: undefined, reason: 'not armed' }),
    'DHCP answered',
    'nothing to boot: not armed; as proxy',
  ],
  [foreign('proxy'), 'DHCP elsewhere', 'it took the offer of 192.168.168.1'],
  [
    file('loader', 'bootx64.efi', {
      gave: 'bootx64.efi of tree rhel9',
      asked: 'blksize=1468',
      granted: 'blksize=1468',
    }),
    'TFTP loader',
    'bootx64.efi → bootx64.efi of tree rhel9: sent, 977 KiB in 0.8 s; asked blksize=1468, granted blksize=1468',
  ],
  [
    file('initrd', 'initrd.img', { via: 'http', outcome: 'closed', bytes: 25_000_000, durationMs: 95_000 }),
    'HTTP initrd',
    'initrd.img: closed, 23.8 MiB of 47.7 MiB in 95 s',
  ],
  [lost('probe', 'x'.repeat(200), { sizeBytes: 0 }), 'TFTP probe', `${'x'.repeat(77)}...: not-found; no such file`],
  [script('install'), 'grub script', 'install'],
  [script('local', 'pxelinux', 'not armed'), 'pxelinux script', 'boot your own disk; not armed'],
  [given(), 'kickstart', 'given'],
  [content('stage2', { bytes: 700_000_000 }), 'stage2', 'stage2.x; 668 MiB'],
  [
    content('package', { count: 1234, name: 'bash.rpm', firstAt: START }),
    'package',
    '1,234 files; 1000 bytes; last bash.rpm; since 2026-11-22 14:00:00 UTC',
  ],
  [content('package', { outcome: 'not-found' }), 'package not-found', 'package.x; 1000 bytes'],
  [report('failed', 'no disk'), 'reported', 'failed; no disk'],
])('%j', (stage, what, detail) => {
  expect(transcriptOf(tell([0, stage]))).toMatchObject([{ at: START, boot: 1, what, detail }]);
});

const rom = { ...bios, isIpxe: true };
const request = (firmware: Parameters<typeof asked>[0]): Stage => ({ ...asked(firmware), type: 'request' }) as Stage;
const leased = answered({ reason: 'no host of the site has this MAC address' });
/** A power-on that is leased an address and given nothing to boot. */
const left = (at: number, firmware: Parameters<typeof asked>[0]): Told => [
  [at, asked(firmware)],
  [at, leased],
  [at + 1, request(firmware)],
  [at + 1, leased],
];
const silent = answered({ mode: 'proxy', address: undefined, reason: 'not answered: no host of the site' });
/** The same beside another DHCP server. */
const passed = (at: number, firmware: Parameters<typeof asked>[0]): Told => [
  [at, asked(firmware)],
  [at, silent],
  [at + 1, request(firmware)],
  [at + 1, foreign('proxy')],
];
const offered = answered({ file: 'http://192.168.168.26/boot/ipxe/52-54-00-a8-a8-02' });

test.each<[string, Told, readonly number[]]>([
  [
    'a loader was asked for, then DHCP again',
    [
      [0, asked()],
      [1, file('loader', 'a.efi')],
      [60, asked()],
      [61, file('loader', 'a.efi')],
    ],
    [2, 2],
  ],
  [
    'iPXE in ROM was leased an address and nothing to boot, and starts again',
    [...left(0, rom), ...left(8, rom)],
    [4, 4],
  ],
  ['so was other firmware', [...left(0, bios), ...left(30, bios)], [4, 4]],
  [
    'told of a file that is not there',
    [...left(0, {}), [2, lost('own-disk', 'boot-your-own-disk')], [9, asked()]],
    [5, 1],
  ],
  [
    'it asks for a lease that is refused, and anew',
    [
      [0, asked(rom)],
      [0, offered],
      [1, request(rom)],
      [1, answered({ address: undefined, reason: 'refused: it is taken' })],
      [2, asked(rom)],
    ],
    [5],
  ],
  [
    'firmware that is offered nothing repeats its question',
    [
      [0, asked()],
      [0, leased],
      [4, asked()],
      [4, leased],
      [12, asked()],
    ],
    [5],
  ],
  ['firmware found nothing, and starts an iPXE from elsewhere', [...left(0, bios), [6, asked(rom)], [6, offered]], [6]],
  [
    'iPXE was told to boot its disk',
    [
      [0, asked(rom)],
      [1, script('local', 'ipxe')],
      [1, file('config', 'ipxe/52-54-00-a8-a8-02')],
      [8, asked(rom)],
    ],
    [3, 1],
  ],
  [
    'its script asks over DHCP',
    [
      [0, asked(rom)],
      [1, file('config', 'autoexec.ipxe')],
      [2, asked(rom)],
      [2, offered],
    ],
    [4],
  ],
  ['beside another server, whose script asks over DHCP', [...passed(0, rom), [6, asked(rom)]], [5]],
  ['beside another server, and started again', [...passed(0, rom), [31, asked(rom)]], [4, 1]],
])('boots are told apart: %s', (_name, told, lengths) => {
  const boots = Map.groupBy(transcriptOf(tell(...told)), ({ boot }) => boot);
  expect([...boots.values()].map((lines) => lines.length)).toEqual(lengths);
});

const stages: readonly Stage[] = [
  asked(),
  asked(bios),
  asked({ isIpxe: true }),
  answered({ file: 'bootx64.efi' }),
  answered({ mode: 'proxy' }),
  foreign('server'),
  ...(['loader', 'second-loader', 'module', 'config', 'kernel', 'initrd', 'xen', 'probe', 'unknown'] as const).flatMap(
    (role) => [
      file(role, 'grubx64.efi'),
      file(role, 'trees/x', { via: 'http', outcome: 'closed', bytes: 1 }),
      file(role, 'snponly.efi', { outcome: 'timed-out' }),
      file(role, 'initrd.img', { outcome: 'sending' }),
      lost(role, 'pxelinux.0'),
    ],
  ),
  script('install'),
  script('local'),
  given(),
  { kind: 'instructions', what: 'kickstart', outcome: 'refused', reason: '' },
  ...(['treeinfo', 'stage2', 'metadata', 'package', 'other'] as const).map((what) => content(what)),
  content('stage2', { outcome: 'broken-off' }),
  report('installed'),
  report('failed'),
];

test('whatever comes, there is one verdict in plain words, and what is wrong has a remedy', () => {
  const told = fc.array(fc.tuple(fc.nat(3600), fc.constantFrom(...stages)), { maxLength: 40 });
  const phases = ['armed', 'booting', 'installing', 'installed', 'failed', 'stalled'] as const;
  const states = [disarmed, 'unknown' as const, ...phases.map((phase) => armed({ phase }))];
  fc.assert(
    fc.property(told, fc.nat(7200), fc.constantFrom(...states), (unsorted, at, state) => {
      const records = tell(...unsorted.toSorted(([one], [other]) => one - other));
      const verdict = diagnose(facts(records, { at, state }));
      expect(verdict.summary).toMatch(/^[\x20-\x7e]+$/);
      expect(verdict.summary).not.toMatch(/undefined|NaN|Infinity/);
      expect(verdict.remedy ?? '').toMatch(/^[\x20-\x7e]*$/);
      if (verdict.health === 'wrong') expect(verdict.remedy).toBeTruthy();
      expect(transcriptOf(records)).toHaveLength(records.length);
    }),
    { numRuns: 300 },
  );
});
