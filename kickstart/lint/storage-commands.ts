// The table's part about disks: each command's and option's verdicts by release, as pykickstart's handlers give them.

import type { CommandSpec, OptionRow } from './spec.ts';
import { command } from './spec.ts';

/** Options of everything that can be encrypted. `--cipher` stands apart in none of the releases. */
const ENCRYPTION: readonly OptionRow[] = [
  ['ooooo', 'flag', '--encrypted --backuppassphrase'],
  ['ooooo', 'text', '--passphrase --escrowcert --cipher'],
  ['--ooo', 'text', '--luks-version --pbkdf'],
  ['--ooo', 'number', '--pbkdf-memory --pbkdf-time --pbkdf-iterations'],
  ['----o', 'text', '--hw-passphrase'],
];

/** Options of everything that carries a file system. */
const FILE_SYSTEM: readonly OptionRow[] = [
  ['ooooo', 'flag', '--noformat'],
  ['ooooo', 'text', '--fsoptions --fsprofile'],
  ['-oooo', 'text', '--mkfsoptions'],
  ['d----', 'number', '--bytes-per-inode'],
];

const PART = command(
  'ooooo',
  [1, 1],
  [
    ...ENCRYPTION,
    ...FILE_SYSTEM,
    ['ooooo', 'flag', '--asprimary --grow --recommended --hibernation'],
    ['ooooo', 'number', '--size --maxsize'],
    ['ooooo', 'text', '--fstype|--type --ondisk|--ondrive --onpart|--usepart --onbiosdisk --label'],
    ['-oooo', 'flag', '--resize'],
    ['ood--', 'flag', '--active'],
    ['d----', 'number', '--start --end'],
  ],
);

const BTRFS_LEVELS = { oneOf: ['0', '1', '10', 'raid0', 'raid1', 'raid10', 'single'], folded: true } as const;

export const STORAGE_COMMANDS: Readonly<Record<string, CommandSpec>> = {
  autopart: command(
    'ooooo',
    [0, 0],
    [
      ...ENCRYPTION,
      ['-oooo', 'flag', '--nolvm --nohome'],
      [
        '-oooo',
        { oneOf: ['lvm', 'btrfs', 'plain', 'partition', 'thinp'], folded: true, only: { btrfs: '-o---' } },
        '--type',
      ],
      ['-oooo', 'text', '--fstype'],
      ['--ooo', 'flag', '--noboot --noswap'],
    ],
  ),
  bootloader: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--append --driveorder --password --md5pass --default'],
      ['ooooo', { oneOf: ['mbr', 'partition', 'none', 'boot'] }, '--location'],
      ['ooooo', 'number', '--timeout'],
      ['ooooo', 'flag', '--iscrypted'],
      ['-oooo', 'text', '--boot-drive'],
      ['-oooo', 'flag', '--leavebootorder --extlinux --disabled --nombr'],
      ['----o', 'flag', '--sdboot'],
      ['ood--', 'flag', '--upgrade'],
      ['d----', 'flag', '--lba32'],
    ],
  ),
  btrfs: command(
    '-odd-',
    [1, Infinity],
    [
      ['-oooo', 'flag', '--noformat --useexisting --subvol'],
      ['-oooo', 'text', '--label --parent --name --mkfsoptions'],
      ['-oooo', BTRFS_LEVELS, '--data --metadata'],
    ],
  ),
  clearpart: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'flag', '--all --linux --none --initlabel'],
      ['ooooo', 'text', '--drives'],
      ['-oooo', 'text', '--list --disklabel'],
      ['-oooo', 'flag', '--cdl'],
    ],
  ),
  device: command('ood--', [1, 1], [['ooooo', 'text', '--opts']]),
  deviceprobe: command('ood--', 'any'),
  dmraid: command('ood--', [0, 0], [['ooooo', 'text', '--name! --dev!']]),
  fcoe: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--nic!'],
      ['ooooo', 'flag', '--dcb'],
      ['-oooo', 'flag', '--autovlan'],
    ],
  ),
  ignoredisk: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--drives --only-use'],
      ['oo---', 'flag', '--interactive'],
    ],
  ),
  iscsi: command(
    'ooooo',
    [0, 0],
    [['ooooo', 'text', '--ipaddr! --target --port --user --password --reverse-user --reverse-password --iface']],
  ),
  iscsiname: command('ooooo', [1, 1]),
  logvol: command(
    'ooooo',
    [1, 1],
    [
      ...ENCRYPTION,
      ...FILE_SYSTEM,
      ['ooooo', 'flag', '--grow --recommended --hibernation --useexisting'],
      ['ooooo', 'number', '--size --maxsize --percent'],
      ['ooooo', 'text', '--name! --vgname! --fstype'],
      ['loooo', 'flag', '--thinpool --thin'],
      ['loooo', 'text', '--poolname --profile'],
      ['loooo', 'number', '--chunksize --metadatasize'],
      ['-oooo', 'flag', '--resize'],
      ['-oooo', 'text', '--label --cachemode --cachepvs'],
      ['-oooo', 'number', '--cachesize'],
    ],
  ),
  mount: command(
    '--ooo',
    [2, 2],
    [
      ['--ooo', 'optional', '--reformat'],
      ['--ooo', 'text', '--mkfsoptions --mountoptions'],
    ],
  ),
  multipath: command('ood--', [0, 0], [['ooooo', 'text', '--name! --device! --rule!']]),
  nvdimm: command(
    '-ooo-',
    [1, 1],
    [
      ['-ooo-', 'text', '--namespace --blockdevs'],
      ['-ooo-', { oneOf: ['sector'] }, '--mode'],
      ['-ooo-', 'number', '--sectorsize'],
    ],
  ),
  part: PART,
  partition: PART,
  raid: command(
    'ooooo',
    [1, Infinity],
    [
      ...ENCRYPTION,
      ...FILE_SYSTEM,
      ['ooooo', 'text', '--device! --fstype'],
      ['ooooo', { oneOf: levels([0, 1, 4, 5, 6, 10]), folded: true }, '--level'],
      ['ooooo', 'number', '--spares'],
      ['ooooo', 'flag', '--useexisting'],
      ['-oooo', 'text', '--label'],
      ['-oooo', 'number', '--chunksize'],
    ],
  ),
  reqpart: command('-oooo', [0, 0], [['-oooo', 'flag', '--add-boot']]),
  snapshot: command(
    '-oooo',
    [1, 1],
    [
      ['-oooo', 'text', '--name!'],
      ['-oooo', { oneOf: ['pre-install', 'post-install'], folded: true }, '--when!'],
    ],
  ),
  volgroup: command(
    'ooooo',
    [1, Infinity],
    [
      ['ooooo', 'flag', '--noformat --useexisting'],
      ['ooooo', 'number', '--pesize'],
      ['-oooo', 'number', '--reserved-space --reserved-percent'],
    ],
  ),
  zerombr: command('ooooo', [0, 0]),
  zfcp: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--devnum! --wwpn --fcplun'],
      ['d----', 'text', '--scsiid --scsilun'],
    ],
  ),
  zipl: command('--ooo', [0, 0], [['--ooo', 'flag', '--secure-boot --force-secure-boot --no-secure-boot']]),
};

/** Each level as a number alone and as `RAID` with it. */
function levels(numbers: readonly number[]): readonly string[] {
  return numbers.flatMap((number) => [`RAID${number}`, String(number)]);
}
