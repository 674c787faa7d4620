// What single partitions, RAIDs and volumes can hold: sizes, members enough for a level, what a machine can boot from.

import { printable } from '../../server/printable.ts';
import type { Call } from './call.ts';
import { placeOf, valueOf } from './call.ts';
import type { Rule, Whole } from './calls.ts';
import { callsOf, partsOf } from './calls.ts';
import type { Finding } from './finding.ts';
import { senseError, warning } from './finding.ts';
import type { Release } from './release.ts';

type Found = readonly (Finding | undefined)[];

/** Rules about sizes, file systems, encryption, RAID levels and /boot, and commands that exclude each other. */
export const storageRules: Rule = (whole) => [
  ...callsOf(whole, 'raid').flatMap((call) => [...levelFaults(call, whole), bootRaidFault(call, whole.release)]),
  ...callsOf(whole, 'logvol').map((call) => bootVolumeFault(call, whole.release)),
  ...partsOf(whole).map((call) => sizeFault(call)),
  ...[...partsOf(whole), ...callsOf(whole, 'raid', 'logvol')].flatMap((call) => commonFaults(call)),
  ...callsOf(whole, 'autopart').map((call) => passphraseFault(call)),
];

/** The fewest members, by blivet's table; md makes a RAID10 of two, which RHEL 6 allows. */
const FEWEST: Readonly<Record<string, number>> = { '0': 2, '1': 2, '4': 3, '5': 3, '6': 4, '10': 4 };

function levelFaults(call: Call, whole: Whole): Found {
  const level = levelOf(call);
  const named = call.args.slice(1);
  const fewest = level === undefined ? undefined : FEWEST[level];
  if (fewest === undefined || named.length === 0) return [];
  const active = named.length - Number(valueOf(call, '--spares') ?? 0);
  const least = level === '10' && whole.release.major === 6 ? 2 : fewest;
  const message = `RAID${level ?? ''} needs ${least} members that are no spares, and has ${active}`;
  return [
    active < least ? senseError(placeOf(call, '--level'), message) : undefined,
    active >= least && active < fewest
      ? warning(placeOf(call, '--level'), `RAID${level ?? ''} of ${active} members is a RAID1`, 'write --level=RAID1')
      : undefined,
    sameDiskFault(call, whole),
  ];
}

/** Two members on one disk: it takes both with it. */
function sameDiskFault(call: Call, whole: Whole): Finding | undefined {
  const names = new Set(call.args.slice(1).map(({ text }) => text));
  const parts = partsOf(whole).filter(({ args }) => names.has(args[0]?.text ?? ''));
  const places = parts
    .map((part) => valueOf(part, '--ondisk')?.replace(/^\/dev\//, ''))
    .filter((disk) => disk !== undefined);
  const seen = new Set<string>();
  const again = places.find((disk) => {
    if (seen.has(disk)) return true;
    seen.add(disk);
    return false;
  });
  if (again === undefined || levelOf(call) === '0') return undefined;
  return warning(placeOf(call), `two members of this RAID are on ${printable(again, 40)}: with it both are lost`);
}

function bootRaidFault(call: Call, { major }: Release): Finding | undefined {
  const level = levelOf(call);
  const point = call.args[0]?.text;
  if (level === undefined || level === '1') {
    const efi = point === '/boot/efi' && major === 6;
    return efi
      ? senseError(placeOf(call), 'RHEL 6 takes no RAID for /boot/efi', 'make it a plain partition')
      : undefined;
  }
  const boots = point === '/boot/efi' || (point === '/boot' && major === 6);
  return boots
    ? senseError(placeOf(call, '--level'), `${point ?? ''} can be on RAID1 alone`, 'write --level=RAID1')
    : undefined;
}

function bootVolumeFault(call: Call, { major }: Release): Finding | undefined {
  const point = call.args[0]?.text;
  if (point !== '/boot' && point !== '/boot/efi') return undefined;
  const message = `${point} cannot be a logical volume: no boot loader of RHEL ${major} is installed to one`;
  return senseError(placeOf(call), message, 'make it a partition, or a RAID1');
}

function levelOf(call: Call): string | undefined {
  return valueOf(call, '--level')?.toLowerCase().replace(/^raid/, '');
}

function sizeFault(call: Call): Finding | undefined {
  const sized = ['--size', '--recommended', '--hibernation', '--onpart', '--start', '--end'];
  if (sized.some((option) => call.options.has(option))) return undefined;
  return warning(placeOf(call), 'this partition has no size: the installer makes one up', 'add --size=');
}

/** In small letters: what anaconda's own file systems are called, and the names it writes for members. */
const FILE_SYSTEMS: ReadonlySet<string> = new Set([
  ...['ext2', 'ext3', 'ext4', 'xfs', 'vfat', 'swap', 'efi', 'biosboot', 'prepboot', 'btrfs', 'tmpfs', 'gfs2', 'none'],
  ...['lvmpv', 'physical volume (lvm)', 'mdmember', 'software raid', 'ppc prep boot', 'appleboot', 'macefi'],
  ...['hfs', 'hfs+', 'reiserfs', 'jfs', 'ntfs', 'dasd'],
]);

function commonFaults(call: Call): Found {
  const fileSystem = valueOf(call, '--fstype');
  const unknown = fileSystem !== undefined && fileSystem !== '' && !FILE_SYSTEMS.has(fileSystem.toLowerCase());
  const idle = call.options.has('--maxsize') && !call.options.has('--grow');
  const size = Number(valueOf(call, '--size') ?? 0);
  const most = Number(valueOf(call, '--maxsize') ?? Infinity);
  return [
    unknown
      ? warning(placeOf(call, '--fstype'), `${JSON.stringify(printable(fileSystem, 40))} is no known file system`)
      : undefined,
    idle ? warning(placeOf(call, '--maxsize'), '--maxsize means nothing without --grow', 'add --grow') : undefined,
    size > most ? senseError(placeOf(call, '--maxsize'), '--maxsize is less than --size') : undefined,
    size < 0 ? senseError(placeOf(call, '--size'), '--size is less than nothing') : undefined,
    passphraseFault(call),
  ];
}

function passphraseFault(call: Call): Finding | undefined {
  const [encrypted, passphrase] = [call.options.has('--encrypted'), call.options.has('--passphrase')];
  if (encrypted === passphrase) return undefined;
  return encrypted
    ? warning(placeOf(call, '--encrypted'), 'without --passphrase the installer may stop and ask for one')
    : warning(placeOf(call, '--passphrase'), '--passphrase means nothing without --encrypted', 'add --encrypted');
}
