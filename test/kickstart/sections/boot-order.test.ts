// The boot order that %post leaves behind: tables of before and after, run for real against an efibootmgr that keeps a file.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderKickstart } from '../../../kickstart/render.ts';
import type { Install } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import type { Chroot } from '../../support/chroot.ts';
import { chrootWorks, makeChroot } from '../../support/chroot.ts';
import { minimal, secrets } from '../../support/installs.ts';
import { bodyOf } from '../../support/kickstart-text.ts';

const inCi = process.env['CI'] !== undefined;

// Lines as efibootmgr prints them: 17 and 18 under OVMF and on servers, 0.5.4 (RHEL 6) without slashes between nodes.
const DISK =
  'Boot0000* Red Hat Enterprise Linux\tHD(1,GPT,6f7b1c1e-0001-4a4a-8a8a-000000000001,0x800,0x64000)/File(\\EFI\\redhat\\shimx64.efi)';
const OTHER_DISK =
  'Boot0007* Rocky Linux\tHD(1,GPT,6f7b1c1e-0007-4a4a-8a8a-000000000007,0x800,0x64000)/File(\\EFI\\rocky\\shimx64.efi)';
const PXE4 = 'Boot0003* UEFI PXEv4 (MAC:525400A8A806)\tPciRoot(0x0)/Pci(0x1,0x0)/MAC(525400a8a806,1)/IPv4(0.0.0.0)';
const PXE6 =
  'Boot0004* UEFI PXEv6 (MAC:525400A8A806)\tPciRoot(0x0)/Pci(0x1,0x0)/MAC(525400a8a806,1)/IPv6([::]:<->[::]:,0,0)';
const HTTP4 =
  'Boot0005* UEFI HTTPv4 (MAC:525400A8A806)\tPciRoot(0x0)/Pci(0x1,0x0)/MAC(525400a8a806,1)/IPv4(0.0.0.0)/Uri()';
const OTHER_CARD =
  'Boot0002* UEFI: PXE IPv4 Intel(R) Network\tPciRoot(0x0)/Pci(0x2,0x0)/MAC(020000000001,0)/IPv4(0.0.0.0)';
const VENDOR = 'Boot000A* PXE Device 1: Integrated NIC 1 Port 1\tVenHw(3a191845-5f86-4e78-8fce-c4cff59f9daa)';
const OLD_PXE = 'Boot0003* EFI Network\tACPI(a0341d0,0)PCI(1c,0)PCI(0,0)MAC(525400a8a806,0)';
const OLD_DISK =
  'Boot0000* Red Hat Enterprise Linux\tHD(1,800,64000,6f7b1c1e-0001-4a4a-8a8a-000000000001)File(\\EFI\\redhat\\grub.efi)';
const SHELL = 'Boot0001* EFI Internal Shell\tFvVol(7cb8bdc9)/FvFile(7c04a583)';
const ISCSI = 'Boot0006* SAN\tPciRoot(0x0)/Pci(0x1,0x0)/MAC(525400a8a806,1)/IPv4(0.0.0.0)/iSCSI(iqn.x,0x0,0x0,None)';
const ASLEEP = 'Boot0003  UEFI PXEv4 (MAC:525400A8A806)\tPciRoot(0x0)/Pci(0x1,0x0)/MAC(525400a8a806,1)/IPv4(0.0.0.0)';

type Order = Install['boot']['order'];
type Row = readonly [
  what: string,
  order: Order,
  now: { readonly current?: string; readonly entries: readonly string[]; readonly before: string },
  after: string,
];

const rows: readonly Row[] = [
  [
    'the installer put its entry first',
    'network-first',
    { current: '0003', entries: [DISK, PXE4], before: '0000,0003' },
    '0003,0000',
  ],
  ['the same', 'disk-first', { current: '0003', entries: [DISK, PXE4], before: '0000,0003' }, '0000,0003'],
  ['the network was first', 'disk-first', { current: '0003', entries: [DISK, PXE4], before: '0003,0000' }, '0000,0003'],
  ['it is so already', 'network-first', { current: '0003', entries: [DISK, PXE4], before: '0003,0000' }, '0003,0000'],
  [
    'of several network entries the one that was booted',
    'network-first',
    { current: '0005', entries: [DISK, SHELL, OTHER_CARD, PXE4, PXE6, HTTP4], before: '0000,0001,0002,0003,0004,0005' },
    '0005,0000,0001,0002,0003,0004',
  ],
  [
    'the shell between them keeps its place behind',
    'disk-first',
    { current: '0003', entries: [DISK, SHELL, PXE4], before: '0001,0003,0000' },
    '0000,0003,0001',
  ],
  [
    'booted from a stick: the card of this host, not the first one',
    'network-first',
    { current: '0009', entries: [DISK, OTHER_CARD, PXE4], before: '0000,0002,0003' },
    '0003,0000,0002',
  ],
  [
    'booted from what the firmware does not say: the first network entry',
    'network-first',
    { entries: [DISK, OTHER_CARD], before: '0000,0002' },
    '0002,0000',
  ],
  [
    'the booted entry is in no order yet',
    'network-first',
    { current: '0003', entries: [DISK, PXE4], before: '0000' },
    '0003,0000',
  ],
  [
    'a vendor that hides its device paths',
    'network-first',
    { current: '000A', entries: [DISK, VENDOR], before: '0000,000A' },
    '000A,0000',
  ],
  [
    'of two disks the one this system boots from',
    'disk-first',
    { current: '0003', entries: [OTHER_DISK, DISK, PXE4], before: '0007,0003,0000' },
    '0000,0003,0007',
  ],
  ['RHEL 6', 'network-first', { current: '0003', entries: [OLD_DISK, OLD_PXE], before: '0000,0003' }, '0003,0000'],
  ['RHEL 6', 'disk-first', { current: '0003', entries: [OLD_DISK, OLD_PXE], before: '0003,0000' }, '0000,0003'],
];

const unchanged: readonly Row[] = [
  [
    'no network entry',
    'network-first',
    { current: '0001', entries: [DISK, SHELL], before: '0000,0001' },
    'network entry',
  ],
  [
    'a disk over the network is none',
    'network-first',
    { current: '0006', entries: [DISK, ISCSI], before: '0000,0006' },
    'network entry',
  ],
  [
    'one that is switched off is none',
    'network-first',
    { entries: [DISK, ASLEEP], before: '0000,0003' },
    'network entry',
  ],
  ['no disk entry', 'disk-first', { current: '0003', entries: [PXE4], before: '0003' }, 'disk entry'],
];

describe.skipIf(!chrootWorks() && !inCi)('%post on a UEFI machine', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['curl', 'sleep']) root.stub(command);
    root.stub('blkid', 'echo ID_PART_ENTRY_UUID=6f7b1c1e-0001-4a4a-8a8a-000000000001');
    root.put('/proc/mounts', '/dev/sda2 / xfs rw 0 0\n/dev/sda1 /boot/efi vfat rw 0 0\n');
    root.put('/sys/firmware/efi/fw_platform_size', '64\n');
  });
  afterEach(() => root.remove());

  const firmware = (now: Row[2], set = 'echo "$3" >/order'): void => {
    root.put('/order', `${now.before}\n`);
    root.put('/entries', `${now.entries.join('\n')}\n`);
    const current = now.current === undefined ? ':' : `echo 'BootCurrent: ${now.current}'`;
    root.stub(
      'efibootmgr',
      `case $* in -v) ${current}; echo "Timeout: 0 seconds"; echo "BootOrder: $(cat /order)"; cat /entries ;; "-q -o "*) ${set} ;; *) exit 9 ;; esac`,
    );
  };

  /** Runs %post; what it said of the boot order, whether it went on to its end, and the order that is left. */
  const run = (order: Order): { readonly told: string; readonly status: number; readonly last: string } => {
    const install = minimal('9.6');
    const text = renderKickstart({ ...install, boot: { ...install.boot, order } }, secrets);
    if (isNo(text)) throw new Error(text.reason);
    root.put('/post', bodyOf(text, 'post'));
    const status = root.run('/post');
    const reports = root.calls().filter((call) => call.startsWith('curl'));
    const told = reports.map((call) => /stage=post-bootorder&message=(.*)$/.exec(call)?.[1]).find(Boolean) ?? '';
    return { told: told.replaceAll('+', ' '), status, last: reports.at(-1)?.replace(/^.*&stage=/, '') ?? '' };
  };
  const orderNow = (): string => root.read('/order').trim();

  test.each(rows)('%s, %s', (_, order, now, after) => {
    firmware(now);
    expect(run(order)).toEqual({ told: `${order}: ${after}, was ${now.before}`, status: 0, last: 'installed' });
    expect(orderNow()).toBe(after);
  });

  test.each(rows)('%s, %s: nothing is deleted, nothing made', (_, order, now) => {
    firmware(now);
    run(order);
    const kept = now.before.split(',').filter((number) => !orderNow().split(',').includes(number));
    expect(kept).toEqual([]);
    expect(root.read('/entries').trim().split('\n')).toEqual(now.entries);
  });

  test.each(unchanged)('%s: unchanged, and said so', (_, order, now, why) => {
    firmware(now);
    const outcome = run(order);
    expect(outcome).toMatchObject({ status: 0, last: 'installed' });
    expect(outcome.told).toMatch(/^warning: unchanged: /);
    expect(outcome.told).toContain(why);
    expect(orderNow()).toBe(now.before);
  });

  describe('what ends no installation', () => {
    const now = { current: '0003', entries: [DISK, PXE4], before: '0000,0003' };

    test('there is no efibootmgr', () =>
      expect(run('network-first').told).toBe('warning: unchanged: there is no efibootmgr'));

    test('the variables cannot be read', () => {
      root.stub('efibootmgr', 'echo "EFI variables are not supported on this system." >&2; exit 2');
      expect(run('network-first')).toEqual({
        told: 'warning: unchanged: efibootmgr cannot read the boot order',
        status: 0,
        last: 'installed',
      });
    });

    test('they cannot be written', () => {
      firmware(now, 'exit 5');
      expect(run('network-first')).toEqual({
        told: 'warning: unchanged: efibootmgr could not set 0003,0000',
        status: 0,
        last: 'installed',
      });
    });

    test('the firmware has its own mind', () => {
      firmware(now, ':');
      expect(run('network-first').told).toBe('warning: the firmware keeps 0000,0003 and not 0003,0000');
    });
  });
});

describe.skipIf(!chrootWorks() && !inCi)('%post on a BIOS machine', () => {
  test('asks for no boot order', () => {
    const root = makeChroot();
    try {
      for (const command of ['curl', 'sleep', 'efibootmgr']) root.stub(command);
      const text = renderKickstart(minimal('9.6'), secrets);
      if (isNo(text)) throw new Error(text.reason);
      root.put('/post', bodyOf(text, 'post'));
      expect(root.run('/post')).toBe(0);
      expect(root.calls().join('\n')).not.toMatch(/bootorder|efibootmgr/);
    } finally {
      root.remove();
    }
  });
});
