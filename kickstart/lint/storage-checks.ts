// What the installer's parser demands of single storage commands beyond the table.

import type { Call } from './call.ts';
import { listOf, placeOf, valueOf } from './call.ts';
import type { Check } from './demand.ts';
import { exactlyOne, needs, together } from './demand.ts';
import type { Finding } from './finding.ts';
import { syntaxError } from './finding.ts';
import type { Release } from './release.ts';

export const storageChecks: readonly (readonly [string, Check])[] = [
  ['autopart', autopart],
  ['bootloader', bootloader],
  ['btrfs', btrfs],
  ['ignoredisk', ignoredisk],
  ['logvol', logvol],
  ['mount', mount],
  ['nvdimm', nvdimm],
  ['part', part],
  ['partition', part],
  ['raid', raid],
  ['snapshot', snapshot],
  ['volgroup', volgroup],
  ['zfcp', zfcp],
];

type Found = readonly (Finding | undefined)[];

function autopart(call: Call, { major }: Release): Found {
  const type = valueOf(call, '--type')?.toLowerCase();
  const fileSystem = valueOf(call, '--fstype');
  const bothWays = type === 'btrfs' && fileSystem !== undefined && major < 8;
  return [
    fileSystem === 'btrfs' ? syntaxError(placeOf(call, '--fstype'), 'autopart makes no Btrfs by --fstype') : undefined,
    bothWays ? syntaxError(placeOf(call, '--fstype'), 'autopart --type=btrfs takes no --fstype') : undefined,
    together(call, ['--pbkdf-time', '--pbkdf-iterations']),
  ];
}

function bootloader(call: Call): Found {
  const several = valueOf(call, '--boot-drive')?.includes(',') === true;
  return [
    several ? syntaxError(placeOf(call, '--boot-drive'), 'bootloader --boot-drive takes one disk') : undefined,
    together(call, ['--sdboot', '--extlinux']),
  ];
}

function btrfs(call: Call): Found {
  const members = call.args.length > 1;
  return [
    members ? undefined : syntaxError(placeOf(call), 'btrfs names no partitions, and no volume of a subvolume'),
    needs(call, '--subvol', '--name'),
  ];
}

function ignoredisk(call: Call, { major }: Release): Found {
  if (major >= 8 && call.options.has('--interactive')) return [];
  const options = ['--drives', '--only-use', ...(major < 8 ? ['--interactive'] : [])];
  const empty = ['--drives', '--only-use'].some(
    (option) => call.options.has(option) && listOf(call, option).length === 0,
  );
  return [exactlyOne(call, options), empty ? syntaxError(placeOf(call), 'ignoredisk names no disk') : undefined];
}

function fileSystemChecks(call: Call, { major }: Release): Found {
  const isBtrfs = valueOf(call, '--fstype') === 'btrfs' || call.args[0]?.text.startsWith('btrfs.') === true;
  const unformatted = call.options.has('--noformat') && call.options.has('--mkfsoptions');
  return [
    major >= 8 && isBtrfs
      ? syntaxError(placeOf(call, '--fstype'), `RHEL ${major} makes no Btrfs`, 'use xfs')
      : undefined,
    unformatted
      ? syntaxError(placeOf(call, '--mkfsoptions'), '--mkfsoptions means nothing with --noformat')
      : undefined,
    together(call, ['--fsprofile', '--mkfsoptions']),
    together(call, ['--pbkdf-time', '--pbkdf-iterations']),
  ];
}

function logvol(call: Call, release: Release): Found {
  const pool = call.options.has('--thinpool');
  const poolOption = ['--chunksize', '--metadatasize'].find((option) => call.options.has(option) && !pool);
  const existing = call.options.has('--useexisting') || call.options.has('--noformat');
  return [
    ...fileSystemChecks(call, release),
    together(call, ['--thin', '--thinpool']),
    needs(call, '--thin', '--poolname'),
    poolOption === undefined
      ? undefined
      : syntaxError(placeOf(call, poolOption), `logvol ${poolOption} is for thin pools`),
    call.options.has('--resize') && !existing ? needs(call, '--resize', '--useexisting') : undefined,
    needs(call, '--resize', '--size'),
    needs(call, '--cachesize', '--cachepvs'),
    needs(call, '--cachepvs', '--cachesize'),
  ];
}

function mount(call: Call): Found {
  const point = call.args[1]?.text;
  const fits = point === undefined || point.startsWith('/') || point.toLowerCase() === 'none';
  return [
    fits ? undefined : syntaxError(placeOf(call), 'mount names no mount point', 'write an absolute path, or none'),
    needs(call, '--mkfsoptions', '--reformat'),
  ];
}

function nvdimm(call: Call): Found {
  const action = call.args[0]?.text;
  if (action === 'use') return [exactlyOne(call, ['--namespace', '--blockdevs'])];
  if (action !== 'reconfigure') return [syntaxError(placeOf(call), 'nvdimm knows use and reconfigure alone')];
  const missing = ['--namespace', '--sectorsize'].find((option) => !call.options.has(option));
  return [missing === undefined ? undefined : syntaxError(placeOf(call), `nvdimm reconfigure needs ${missing}`)];
}

function part(call: Call, release: Release): Found {
  const grows = call.options.has('--grow') || call.options.has('--maxsize');
  const tmpfs = release.major > 6 && valueOf(call, '--fstype') === 'tmpfs' && grows;
  return [
    ...fileSystemChecks(call, release),
    needs(call, '--resize', '--onpart'),
    needs(call, '--resize', '--size'),
    tmpfs ? syntaxError(placeOf(call, '--fstype'), 'a tmpfs takes neither --grow nor --maxsize') : undefined,
  ];
}

function raid(call: Call, release: Release): Found {
  const existing = call.options.has('--useexisting') || call.options.has('--noformat');
  const members = call.args.length > 1;
  const device = valueOf(call, '--device') ?? 'md0';
  const unnumbered = release.major === 6 && !/^(?:md)?\d+$/.test(device);
  return [
    ...fileSystemChecks(call, release),
    !existing && !members
      ? syntaxError(placeOf(call), 'raid names no members', 'name its raid.NN partitions')
      : undefined,
    existing && members ? syntaxError(placeOf(call), 'a RAID that exists takes no members') : undefined,
    !existing && !call.options.has('--level') ? syntaxError(placeOf(call), 'raid needs --level') : undefined,
    unnumbered
      ? syntaxError(placeOf(call, '--device'), 'RHEL 6 knows RAID devices by number alone', 'write --device=md0')
      : undefined,
  ];
}

function snapshot(call: Call): Found {
  const origin = call.args[0]?.text;
  if (origin === undefined || /^[^/]+\/[^/]+$/.test(origin)) return [];
  return [syntaxError(placeOf(call), 'snapshot takes its origin as GROUP/VOLUME')];
}

function volgroup(call: Call): Found {
  const existing = call.options.has('--useexisting') || call.options.has('--noformat');
  const members = call.args.length > 1;
  const percent = Number(valueOf(call, '--reserved-percent') ?? 1);
  return [
    !existing && !members
      ? syntaxError(placeOf(call), 'volgroup names no physical volumes', 'name its pv.NN')
      : undefined,
    existing && members
      ? syntaxError(placeOf(call), 'a volume group that exists takes no physical volumes')
      : undefined,
    percent < 1 || percent > 99
      ? syntaxError(placeOf(call, '--reserved-percent'), '--reserved-percent is 1 to 99')
      : undefined,
  ];
}

function zfcp(call: Call, { major }: Release): Found {
  const missing = major <= 8 ? ['--wwpn', '--fcplun'].filter((option) => !call.options.has(option)) : [];
  return missing.map((option) => syntaxError(placeOf(call), `zfcp needs ${option}`));
}
