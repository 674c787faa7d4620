// Disks that a profile names by their size: %pre run for real on machines made of files, and what it lets the installer wipe.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lintRendered } from '../../../kickstart/lint/lint.ts';
import { renderKickstart } from '../../../kickstart/render.ts';
import type { Install } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import type { Chroot } from '../../support/chroot.ts';
import { chrootWorks, makeChroot } from '../../support/chroot.ts';
import { minimal, mirror, oneDisk, secrets } from '../../support/installs.ts';
import { bodyOf } from '../../support/kickstart-text.ts';

const inCi = process.env['CI'] !== undefined;
const GIB = 2_097_152;

/** Sizes in GiB by name; `removable` and `ro` where they are. */
type Machine = Readonly<Record<string, { readonly size: number; readonly removable?: true; readonly ro?: true }>>;

const TWO: Machine = {
  sda: { size: 500 },
  sdb: { size: 500 },
  sdc: { size: 4000 },
  sdd: { size: 16, removable: true },
};

function textOf(install: Install): string {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

describe.skipIf((!chrootWorks() || process.getuid?.() !== 0) && !inCi)('%pre', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['curl', 'sleep']) root.stub(command);
    root.put('/proc/mounts', '');
  });
  afterEach(() => root.remove());

  const machine = (disks: Machine): void => {
    for (const [index, [name, { size, removable, ro }]] of Object.entries(disks).entries()) {
      const block = `/sys/block/${name.replaceAll('/', '!')}`;
      mkdirSync(join(root.path, block, 'device'), { recursive: true });
      root.put(`${block}/removable`, removable ? '1\n' : '0\n');
      root.put(`${block}/ro`, ro ? '1\n' : '0\n');
      root.put(`${block}/size`, `${size * GIB}\n`);
      root.put(`/sys/class/block/${name.split('/').at(-1)}/size`, `${size * GIB}\n`);
      mkdirSync(join(root.path, 'dev', name, '..'), { recursive: true });
      execFileSync('mknod', [join(root.path, 'dev', name), 'b', '7', String(100 + index)]);
    }
    // Neither is a disk that anybody installs on.
    for (const name of ['loop0', 'md127']) root.put(`/sys/block/${name}/size`, `${500 * GIB}\n`);
  };
  const run = (install: Install): { status: number; checked: string; last: string } => {
    root.put('/pre', bodyOf(textOf(install), 'pre'));
    const status = root.run('/pre');
    const checked = root.has('/tmp/kickstand-checked.ks') ? root.read('/tmp/kickstand-checked.ks') : '';
    return {
      status,
      checked,
      last:
        root
          .calls()
          .at(-1)
          ?.replace(/^.*\/events\?token=[^&]*&/, '') ?? '',
    };
  };

  test('finds the two of a mirror, and lets them alone be wiped', () => {
    machine(TWO);
    const { status, checked } = run(minimal('9.6', mirror('400G-600G', '400G-600G#2')));
    expect(status).toBe(0);
    expect(checked).toContain('\nignoredisk --only-use=sda,sdb\n');
    expect(checked).toContain('\nclearpart --all --initlabel --drives=sda,sdb\n');
    expect(new Set([...checked.matchAll(/--ondisk=(\S+)/g)].map(([, disk]) => disk))).toEqual(new Set(['sda', 'sdb']));
    expect(checked).not.toContain('@');
  });

  test('finds the two of a mirror whose size is written in two ways', () => {
    machine(TWO);
    const { status, checked } = run(minimal('9.6', mirror('1G-1T', '1024M-1024G#2')));
    expect(status).toBe(0);
    expect(checked).toContain('\nignoredisk --only-use=sda,sdb\n');
  });

  test('finds the system by its name and the data by its size', () => {
    machine(TWO);
    const storage = { ...oneDisk('sdb'), data: [{ at: '/export', layout: 'whole' as const, disks: ['2T-5T'] }] };
    const { status, checked } = run(minimal('8.10', storage));
    expect(status).toBe(0);
    expect(checked).toContain('\nignoredisk --only-use=sdb,sdc\n');
    expect(checked).toMatch(/\npart \/export .*--ondisk=sdc\n/);
  });

  test('on RHEL 6, a UEFI partition included', () => {
    machine(TWO);
    mkdirSync(join(root.path, 'sys/firmware/efi'), { recursive: true });
    const { status, checked } = run(minimal('6.2', mirror('400G-600G', '400G-600G#2')));
    expect(status).toBe(0);
    expect(checked).toMatch(/\npart \/boot\/efi .*--ondisk=sda\n/);
  });

  test('a disk below a controller of old', () => {
    machine({ 'cciss/c0d0': { size: 300 } });
    expect(run(minimal('6.2', oneDisk('200G-400G'))).checked).toContain('--only-use=cciss/c0d0\n');
  });

  test.each<[string, Machine]>([
    ['one too few', { sda: { size: 500 } }],
    ['one too many', { ...TWO, sde: { size: 450 } }],
    ['one that is read-only', { ...TWO, sdb: { size: 500, ro: true } }],
    ['none at all', {}],
  ])('refuses a machine with %s, and says what it has', (_, disks) => {
    machine(disks);
    const { status, checked, last } = run(minimal('9.6', mirror('400G-600G', '400G-600G#2')));
    expect({ status, checked }).toEqual({ status: 1, checked: '' });
    expect(last).toMatch(
      /^stage=failed&message=the\+profile\+takes\+2\+disks\+of\+400G-600G\+and\+this\+machine\+has\+[013]/,
    );
    for (const name of Object.keys(disks).filter((name) => name !== 'sdd' && disks[name]?.ro !== true))
      expect(last).toContain(name);
  });

  test('a disk that is named does not count as one of a size', () => {
    machine(TWO);
    const storage = { ...oneDisk('sda'), data: [{ at: '/srv', layout: 'whole' as const, disks: ['400G-600G'] }] };
    expect(run(minimal('9.6', storage)).checked).toContain('--only-use=sda,sdb\n');
  });

  test.each<[string, Install['storage'], Machine, number]>([
    ['one disk that is too small', oneDisk('sda'), { sda: { size: 6 } }, 1],
    ['one disk that is just large enough', oneDisk('sda'), { sda: { size: 7 } }, 0],
    ['a mirror whose smaller half is too small', mirror('sda', 'sdb'), { sda: { size: 500 }, sdb: { size: 6 } }, 1],
    [
      'a volume group over two, together large enough',
      { ...mirror('sda', 'sdb'), layout: 'lvm' },
      { sda: { size: 5 }, sdb: { size: 5 } },
      0,
    ],
    [
      'what the profile wants beside /',
      { ...oneDisk('sda'), mounts: [{ at: '/export', sizeMb: 512_000 }] },
      { sda: { size: 500 } },
      1,
    ],
    [
      'RAID 10: half of four',
      { ...mirror('sda', 'sdb', 'sdc', 'sdd'), layout: 'raid10', rootMb: 60 * 1024 },
      { sda: { size: 40 }, sdb: { size: 40 }, sdc: { size: 40 }, sdd: { size: 40 } },
      0,
    ],
  ])('room: %s', (_, storage, disks, status) => {
    machine(disks);
    const outcome = run(minimal('9.6', storage));
    expect(outcome.status, outcome.last).toBe(status);
    if (status === 1) expect(outcome.last).toMatch(/the\+profile\+takes\+\d+\+MiB\+and\+its\+disks\+hold\+\d+$/);
  });

  test.each([
    ['refuses a BIOS that is to boot from more than 2 TiB', false, 1],
    ['lets UEFI boot from more than 2 TiB', true, 0],
  ])('RHEL 6 %s', (_, isUefi, status) => {
    machine({ sda: { size: 3000 } });
    if (isUefi) mkdirSync(join(root.path, 'sys/firmware/efi'), { recursive: true });
    const outcome = run(minimal('6.2', oneDisk('sda')));
    expect(outcome.status).toBe(status);
    if (status === 1) expect(outcome.last).toContain('larger+than+2+TiB');
  });
});

describe('the kickstart', () => {
  test.each(['6.2', '7.9', '8.10', '9.6', '10.0'])(
    'names no disk outside %%pre and lints clean on RHEL %s',
    (version) => {
      const install = minimal(version, mirror('400G-600G', '400G-600G#2'));
      const text = textOf(install);
      expect(text.slice(0, text.indexOf('%pre'))).not.toMatch(/ondisk|clearpart|ignoredisk/);
      expect(lintRendered(text, install.os).filter(({ severity }) => severity === 'error')).toEqual([]);
    },
  );
});
