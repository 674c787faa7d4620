// Disks of a kickstart: only the named ones are seen, wiped and used.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { kickstartValue } from '../quote.ts';

/** Megabytes. /boot of RHEL 7 and later holds bigger kernels; / grows over what is left. */
const BOOT_MB = { ext4: 500, xfs: 1024 } as const;
const ROOT_MB = 4096;

/** The bootloader and storage lines. Callers checked that the disks fit the layout. */
export function storageLines(install: Install, dialect: Dialect): readonly string[] {
  const disks = install.storage.disks.map(kickstartValue);
  const all = disks.join(',');
  const loader = dialect.bootDrive === 'boot-drive' ? `--boot-drive=${disks[0] ?? ''}` : `--driveorder=${all}`;
  return [
    `ignoredisk --only-use=${all}`,
    'zerombr',
    `clearpart --all --initlabel --drives=${all}`,
    `bootloader --location=mbr ${loader}`,
    ...(dialect.reqpart ? ['reqpart'] : []),
    ...(install.storage.layout === 'raid1' ? raid1(disks, dialect) : whole(disks, dialect)),
  ];
}

/** The partition a UEFI machine needs where the dialect has no `reqpart`. */
export function efiPartitionLine(install: Install): string {
  return `part /boot/efi --fstype=efi --size=200 --ondisk=${kickstartValue(install.storage.disks[0] ?? '')}`;
}

function whole(disks: readonly string[], dialect: Dialect): readonly string[] {
  const [first = '', ...others] = disks;
  const boot = `part /boot ${bootSize(dialect)} --ondisk=${first} --asprimary`;
  if (others.length > 0) {
    const volumes = disks.map((disk, index) => `part pv.0${index + 1} --size=1 --grow --ondisk=${disk}`);
    return [
      boot,
      ...volumes,
      ...volumeGroup(
        disks.map((_, index) => `pv.0${index + 1}`),
        dialect,
      ),
    ];
  }
  return [
    boot,
    `part swap --recommended --ondisk=${first}`,
    `part / --fstype=${dialect.fileSystem} --size=${ROOT_MB} --grow --ondisk=${first}`,
  ];
}

// /boot is RAID1 by itself, because RHEL 6's loader reads no LVM; everything else lies in one mirrored volume group.
function raid1(disks: readonly string[], dialect: Dialect): readonly string[] {
  const { fileSystem, raidNames } = dialect;
  const boot = disks.map((_, index) => `raid.0${index + 1}`);
  const system = disks.map((_, index) => `raid.1${index + 1}`);
  return [
    ...disks.map((disk, index) => `part ${boot[index]} --size=${BOOT_MB[fileSystem]} --ondisk=${disk} --asprimary`),
    ...disks.map((disk, index) => `part ${system[index]} --size=1 --grow --ondisk=${disk}`),
    `raid /boot --device=${raidNames.boot} --level=RAID1 --fstype=${fileSystem} ${boot.join(' ')}`,
    `raid pv.01 --device=${raidNames.pv} --level=RAID1 ${system.join(' ')}`,
    ...volumeGroup(['pv.01'], dialect),
  ];
}

function volumeGroup(volumes: readonly string[], { fileSystem }: Dialect): readonly string[] {
  return [
    `volgroup system ${volumes.join(' ')}`,
    'logvol swap --vgname=system --name=swap --recommended',
    `logvol / --vgname=system --name=root --fstype=${fileSystem} --size=${ROOT_MB} --grow`,
  ];
}

function bootSize({ fileSystem }: Dialect): string {
  return `--fstype=${fileSystem} --size=${BOOT_MB[fileSystem]}`;
}
