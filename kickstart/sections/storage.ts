// Disks of a kickstart: only the named ones are seen, wiped and used.

import type { Install, Layout, Storage } from '../../server/domain.ts';
import { BOOT_MB, ROOT_MB } from '../../server/room.ts';
import type { Dialect } from '../dialect.ts';
import { wipedDisks } from '../disks.ts';
import { kickstartValue } from '../quote.ts';

/** The bootloader and storage lines. Callers checked that the disks fit the layout. */
export function storageLines(
  { storage, custom: { kernelArguments: kernel } }: Install,
  dialect: Dialect,
): readonly string[] {
  const disks = storage.disks.map(kickstartValue);
  const all = wipedDisks(storage).map(kickstartValue).join(',');
  const loader =
    dialect.bootDrive === 'boot-drive' ? `--boot-drive=${disks[0] ?? ''}` : `--driveorder=${disks.join(',')}`;
  const appended = kernel.length === 0 ? '' : ` --append=${kickstartValue(kernel.join(' '))}`;
  return [
    `ignoredisk --only-use=${all}`,
    'zerombr',
    `clearpart --all --initlabel --drives=${all}`,
    `bootloader --location=mbr ${loader}${appended}`,
    ...(dialect.reqpart ? ['reqpart'] : []),
    ...systemLines(storage, disks, dialect),
    ...dataLines(storage, dialect),
  ];
}

/** The partition a UEFI machine needs where the dialect has no `reqpart`. */
export function efiPartitionLine(install: Install): string {
  return `part /boot/efi --fstype=efi --size=200 --ondisk=${kickstartValue(install.storage.disks[0] ?? '')}`;
}

function systemLines(storage: Storage, disks: readonly string[], dialect: Dialect): readonly string[] {
  const { layout } = storage;
  if (layout === 'raid1' || layout === 'raid10') return raid(storage, disks, dialect);
  return layout === 'whole' && disks.length === 1 ? plain(storage, disks, dialect) : lvm(storage, disks, dialect);
}

function plain(storage: Storage, [disk = '']: readonly string[], dialect: Dialect): readonly string[] {
  const { fileSystem } = dialect;
  const mounts = storage.mounts.map(
    ({ at, sizeMb }) => `part ${at} --fstype=${fileSystem} ${sizeOf(sizeMb)} --ondisk=${disk}`,
  );
  return [
    `${bootPartition(dialect)} --ondisk=${disk} --asprimary`,
    `part swap --recommended --ondisk=${disk}`,
    ...mounts,
    `part / --fstype=${fileSystem} ${rootSize(storage)} --ondisk=${disk}`,
  ];
}

function lvm(storage: Storage, disks: readonly string[], dialect: Dialect): readonly string[] {
  const volumes = disks.map((_, index) => `pv.0${index + 1}`);
  return [
    `${bootPartition(dialect)} --ondisk=${disks[0] ?? ''} --asprimary`,
    ...disks.map((disk, index) => `part ${volumes[index]} --size=1 --grow --ondisk=${disk}`),
    ...volumeGroup(volumes, storage, dialect),
  ];
}

// /boot is RAID1 by itself, because RHEL 6's loader reads neither LVM nor RAID 10; everything else lies in one volume group.
function raid(storage: Storage, disks: readonly string[], dialect: Dialect): readonly string[] {
  const { fileSystem, raidNames } = dialect;
  const boot = disks.map((_, index) => `raid.0${index + 1}`);
  const system = disks.map((_, index) => `raid.1${index + 1}`);
  const level = RAID_LEVELS[storage.layout];
  return [
    ...disks.map((disk, index) => `part ${boot[index]} --size=${BOOT_MB[fileSystem]} --ondisk=${disk} --asprimary`),
    ...disks.map((disk, index) => `part ${system[index]} --size=1 --grow --ondisk=${disk}`),
    `raid /boot --device=${raidNames.boot} --level=RAID1 --fstype=${fileSystem} ${boot.join(' ')}`,
    `raid pv.01 --device=${raidNames.pv} --level=${level} ${system.join(' ')}`,
    ...volumeGroup(['pv.01'], storage, dialect),
  ];
}

const RAID_LEVELS: Readonly<Record<Layout, string>> = { whole: '', lvm: '', raid1: 'RAID1', raid10: 'RAID10' };

function volumeGroup(volumes: readonly string[], storage: Storage, { fileSystem }: Dialect): readonly string[] {
  const mounts = storage.mounts.map(
    ({ at, sizeMb }) =>
      `logvol ${at} --vgname=system --name=${volumeName(at)} --fstype=${fileSystem} ${sizeOf(sizeMb)}`,
  );
  return [
    `volgroup system ${volumes.join(' ')}`,
    'logvol swap --vgname=system --name=swap --recommended',
    ...mounts,
    `logvol / --vgname=system --name=root --fstype=${fileSystem} ${rootSize(storage)}`,
  ];
}

/** `/var/log` is `var+log`: lvm(8) keeps names with an underscore for itself, and mount points here hold no plus sign. */
function volumeName(at: string): string {
  return at.slice(1).replaceAll('/', '+');
}

/** Each lot of further disks as one file system. RHEL 6 numbers its RAID devices on from the system's. */
function dataLines({ data }: Storage, dialect: Dialect): readonly string[] {
  let members = 0;
  return data.flatMap(({ at, layout, disks }, lot) => {
    const named = disks.map((disk) => ({ disk: kickstartValue(disk), member: `2${(members += 1)}` }));
    const file = `--fstype=${dialect.fileSystem}`;
    const part = (what: string, disk: string) => `part ${what} --size=1 --grow --ondisk=${disk}`;
    switch (layout) {
      case 'whole':
        return named.map(({ disk }) => `part ${at} ${file} --size=1 --grow --ondisk=${disk}`);
      case 'lvm':
        return [
          ...named.map(({ disk, member }) => part(`pv.${member}`, disk)),
          `volgroup data${lot} ${named.map(({ member }) => `pv.${member}`).join(' ')}`,
          `logvol ${at} --vgname=data${lot} --name=${volumeName(at)} ${file} --size=1 --grow`,
        ];
      case 'raid1':
      case 'raid10': {
        const device = dialect.raidNames.boot === 'md0' ? `md${lot + 2}` : `data${lot}`;
        const parts = named.map(({ member }) => `raid.${member}`).join(' ');
        return [
          ...named.map(({ disk, member }) => part(`raid.${member}`, disk)),
          `raid ${at} --device=${device} --level=${RAID_LEVELS[layout]} ${file} ${parts}`,
        ];
      }
    }
  });
}

function sizeOf(sizeMb: number | 'rest'): string {
  return sizeMb === 'rest' ? '--size=1 --grow' : `--size=${sizeMb}`;
}

function rootSize({ rootMb }: Storage): string {
  return rootMb === undefined ? `--size=${ROOT_MB} --grow` : `--size=${rootMb}`;
}

function bootPartition({ fileSystem }: Dialect): string {
  return `part /boot --fstype=${fileSystem} --size=${BOOT_MB[fileSystem]}`;
}
