// `protect: true`: the rendered %pre run for real on block devices, with the tools of a new installer and with those of an old one.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderAnswerfile } from '../../../kickstart/answerfile.ts';
import { installerArguments } from '../../../kickstart/kernel-arguments.ts';
import { renderKickstart } from '../../../kickstart/render.ts';
import type { Install } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import type { Chroot } from '../../support/chroot.ts';
import { makeChroot } from '../../support/chroot.ts';
import { minimal, mirror, oneDisk, secrets, xs01 } from '../../support/installs.ts';
import { bodyOf } from '../../support/kickstart-text.ts';
import { needs } from '../../support/lab-needs.ts';
import type { Content, LoopDisk } from '../../support/loop-disk.ts';
import { MIB, attach, bytes, lvmLabel, made, makeImage, raidSuperblock } from '../../support/loop-disk.ts';

const here = needs(['losetup', 'blkid', 'mke2fs', 'mkswap', 'sfdisk', 'unshare', 'busybox'], 'none');
const SIZE = 8 * MIB;
const SECTORS = SIZE / 512;

const blank: Content = () => {};

/** What lies on a disk; what a new installer calls it, whose blkid knows; and what an old one does, that has none. */
const carrying: readonly (readonly [string, Content, RegExp, RegExp])[] = [
  [
    'an MBR with a partition',
    made('sfdisk', ['--quiet'], 'label: dos\n,2M\n'),
    /dos partition table/,
    /a boot sector or partition table/,
  ],
  ['an empty GPT', made('sfdisk', ['--quiet'], 'label: gpt\n'), /gpt partition table/, /a GPT partition table/],
  ['ext4', made('mke2fs', ['-q', '-F', '-t', 'ext4']), /ext4/, /an ext file system/],
  ['swap', made('mkswap', []), /swap/, /swap space/],
  ['an LVM2 label', bytes(512, lvmLabel()), /LVM2_member/, /an LVM physical volume/],
  ['a RAID superblock 1.2', bytes(4096, raidSuperblock(8)), /linux_raid_member/, /a member of a RAID/],
  [
    'a RAID superblock 1.0, at the end',
    bytes((SECTORS - 16) * 512, raidSuperblock(SECTORS - 16)),
    /linux_raid_member/,
    /something other than zeros in its first or last MiB/,
  ],
  ['the magic of xfs', bytes(0, 'XFSB'), /an xfs file system/, /an xfs file system/],
  ['one byte in its first MiB', bytes(MIB - 1, '\u0001'), /something other than zeros/, /something other than zeros/],
  [
    'one byte in its last sector',
    bytes(SIZE - 512, '\u0001'),
    /something other than zeros/,
    /something other than zeros/,
  ],
];

const passing: readonly (readonly [string, Content])[] = [
  ['a blank disk', blank],
  ['one whose edges were zeroed', bytes(SIZE / 2, 'old data')],
];

type Outcome = { readonly status: number; readonly reports: readonly string[]; readonly isLetGo: boolean };

describe.skipIf(here.skip)(`%pre of a profile that protects data${here.note}`, () => {
  let directory: string;
  let disks: LoopDisk[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kickstand-protect-'));
    disks = [];
  });
  afterEach(() => {
    for (const disk of disks) disk.remove();
    rmSync(directory, { recursive: true });
  });

  const disk = (content: Content, sizeBytes = SIZE): LoopDisk => {
    const image = join(directory, `disk-${disks.length}.img`);
    makeImage(image, sizeBytes, content);
    const made = attach(image);
    disks.push(made);
    return made;
  };

  describe('with the tools of RHEL 7 and later', () => {
    test.each(carrying)('%s: refused, and named', (_, content, name) => {
      const { name: device } = disk(content);
      const outcome = runHere(protecting(oneDisk(device)), directory);
      expect(outcome).toMatchObject({ status: 1, isLetGo: false });
      expect(outcome.reports.at(-1)).toMatch(/^stage=failed&message=the\+profile\+protects\+disks\+that\+carry\+data/);
      expect(wordsOf(outcome)).toContain(`/dev/${device} has`);
      expect(wordsOf(outcome)).toMatch(name);
    });

    test.each(passing)('%s: let go', (_, content) => {
      const outcome = runHere(protecting(oneDisk(disk(content).name)), directory);
      expect(outcome).toMatchObject({ status: 0, isLetGo: true });
      expect(outcome.reports.at(-1)).toMatch(/^stage=installing&message=will\+wipe/);
    });

    test.each(carrying.slice(0, 3))('%s: wiped where the profile does not protect', (_, content) => {
      const install = { ...minimal('9.6', oneDisk(disk(content).name)), protect: false };
      expect(runHere(install, directory)).toMatchObject({ status: 0, isLetGo: true });
    });

    test('a disk smaller than a MiB is read whole', () => {
      const outcome = runHere(protecting(oneDisk(disk(bytes(100_000, 'x'), MIB / 2).name)), directory);
      expect(outcome).toMatchObject({ status: 1, isLetGo: false });
      expect(runHere(protecting(oneDisk(disk(blank, MIB / 2).name)), directory)).toMatchObject({ isLetGo: true });
    });

    test('of two disks the one with data is named, the blank one is not', () => {
      const [first, second] = [disk(blank), disk(made('mkswap', []))];
      const words = wordsOf(runHere(protecting(mirror(first.name, second.name)), directory));
      expect(words).toContain(`/dev/${second.name} has`);
      expect(words).not.toContain(`/dev/${first.name} has`);
    });

    test('both are named where both carry data', () => {
      const [first, second] = [disk(made('mkswap', [])), disk(bytes(0, 'x'))];
      const words = wordsOf(runHere(protecting(mirror(first.name, second.name)), directory));
      expect(words).toMatch(new RegExp(`/dev/${first.name} has swap and /dev/${second.name} has something`));
    });
  });

  describe('with little more than dd and a checksum', () => {
    let root: Chroot;
    beforeEach(() => {
      root = makeChroot();
      for (const command of ['curl', 'sleep']) root.stub(command);
      for (const applet of ['dd', 'md5sum']) symlinkSync('busybox', join(root.path, 'bin', applet));
      execFileSync('mknod', [join(root.path, 'dev/zero'), 'c', '1', '5']);
    });
    afterEach(() => root.remove());

    const run = (content: Content): Outcome => {
      const { major, minor } = disk(content);
      execFileSync('mknod', [join(root.path, 'dev/sda'), 'b', String(major), String(minor)]);
      root.put('/sys/class/block/sda/size', `${SECTORS}\n`);
      root.put('/proc/mounts', '');
      root.put('/pre', preOf(protecting(oneDisk('sda'), '6.2')));
      const status = root.run('/pre');
      return { status, reports: root.calls().map(reported), isLetGo: root.has('/tmp/kickstand-checked.ks') };
    };

    test.each(carrying)('%s: refused, and named', (_, content, _name, plainName) => {
      const outcome = run(content);
      expect(outcome).toMatchObject({ status: 1, isLetGo: false });
      expect(wordsOf(outcome)).toMatch(plainName);
    });

    test.each(passing)('%s: let go', (_, content) => expect(run(content)).toMatchObject({ status: 0, isLetGo: true }));

    test.each([
      ['a RAID or a volume group holds it', '/sys/class/block/sda/holders/dm-0', '', 'in use by dm-0'],
      ['it is swapped to', '/proc/swaps', 'Filename Type Size Used Priority\n/dev/sda partition 1 0 -2\n', 'as swap'],
      ['the kernel sees a partition', '/sys/class/block/sda/sda1/partition', '1\n', 'partition sda1'],
    ])('a blank disk is refused where %s', (_, path, text, wanted) => {
      root.put(path, text);
      const outcome = run(blank);
      expect(outcome).toMatchObject({ status: 1, isLetGo: false });
      expect(wordsOf(outcome)).toContain(wanted);
    });

    test.each(['dd', 'md5sum'])('a blank disk is refused where there is no %s to look with', (tool) => {
      rmSync(join(root.path, 'bin', tool));
      expect(run(blank)).toMatchObject({ status: 1, isLetGo: false });
    });

    test('a disk that cannot be read is refused', () => {
      rmSync(join(root.path, 'bin/dd')); // else the stub would be written where the link leads: onto busybox
      root.stub('dd', 'case $* in *if=/dev/sda*) exit 1 ;; *) exec busybox dd "$@" ;; esac');
      expect(run(blank)).toMatchObject({ status: 1, isLetGo: false });
    });
  });
});

describe('a hypervisor, whose installer has no such check', () => {
  const install = { ...xs01, protect: true };
  test('gets no answerfile', () => expect(renderAnswerfile(install, secrets)).toMatchObject({ kind: 'no' }));
  test('is not booted into its installer', () =>
    expect(installerArguments(install)).toMatchObject({ kind: 'no', reason: expect.stringContaining('protect') }));
});

test('without `protect` nothing of it is in the kickstart', () => {
  expect(preOf(minimal('9.6'))).not.toContain('is_zero');
});

function protecting(storage: Install['storage'], version = '9.6'): Install {
  return { ...minimal(version, storage), protect: true };
}

function preOf(install: Install): string {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  // These disks have room for nothing but what protects them.
  return bodyOf(text, 'pre').replace(/-ge \d+ \]/, '-ge 0 ]');
}

/** Runs %pre with this system's own tools and devices, in namespaces where it has no network and a /tmp of its own. */
function runHere(install: Install, directory: string): Outcome {
  const temporary = mkdtempSync(join(directory, 'run-'));
  mkdirSync(join(temporary, 'bin'));
  writeFileSync(join(temporary, 'pre'), preOf(install));
  for (const stub of ['curl', 'sleep', 'udevadm']) {
    writeFileSync(join(temporary, 'bin', stub), `#!/bin/bash\necho "${stub} $*" >>/tmp/calls\n`, { mode: 0o755 });
  }
  const inside = `mount --bind ${temporary} /tmp && mount -t sysfs none /sys && PATH=/tmp/bin:$PATH exec bash /tmp/pre`;
  const { status } = spawnSync('unshare', ['--mount', '--net', 'bash', '-c', inside]);
  const calls = readFileSync(join(temporary, 'calls'), 'utf8').trimEnd().split('\n');
  return {
    status: status ?? -1,
    reports: calls.filter((call) => call.startsWith('curl')).map(reported),
    isLetGo: existsSync(join(temporary, 'kickstand-checked.ks')),
  };
}

function reported(call: string): string {
  return call.replace(/^curl .*\/events\?token=[^&]*&/, '');
}

/** The last report with its blanks back. */
function wordsOf({ reports }: Outcome): string {
  return (reports.at(-1) ?? '').replaceAll('+', ' ').replaceAll(/ +/g, ' ');
}
