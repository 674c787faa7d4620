// What each RHEL major's installer accepts where they differ: one row per release, read by the sections.

import type { Os, OsFamily } from '../server/domain.ts';
import type { CryptScheme } from './secrets.ts';

/**
 * One release's kickstart dialect. Source of every column: pykickstart's handlers run over one-line files, one per release
 * (test/kickstart/matrix.test.ts holds rendered kickstarts against such a table where it is present).
 */
export type Dialect = {
  readonly major: number;
  /** `install` is a command of its own up to 7, deprecated in 8, a syntax error from 9 on. */
  readonly installCommand: boolean;
  /** `keyboard us` only, or `--vckeymap=` and `--xlayouts=` (7+). */
  readonly keyboard: 'bare' | 'options';
  /** Where time servers go: nowhere (6), `timezone --ntpservers=` (7, 8), `timesource` (9+; the option is gone in 10). */
  readonly timeServers: 'none' | 'timezone' | 'timesource';
  /** The command that sets up shadow passwords; `authselect`'s profile was renamed in 10. */
  readonly auth: string;
  /** From 9 on sshd refuses root's password unless the kickstart says otherwise. */
  readonly rootpwAllowSsh: boolean;
  readonly cryptSchemes: readonly CryptScheme[];
  readonly eula: boolean;
  /** `reqpart` makes what the platform boots from (7+); before, `%pre` finds out and includes the EFI partition. */
  readonly reqpart: boolean;
  /** A BIOS may boot it from a GPT label: from 7 on, by the partition that `reqpart` makes for GRUB 2. */
  readonly biosFromGpt: boolean;
  /** `--boot-drive=` (7+) or `--driveorder=`. */
  readonly bootDrive: 'boot-drive' | 'driveorder';
  /** `--activate` brings the device up in the installer; 6 does so by `ksdevice=`. */
  readonly networkActivate: boolean;
  /** RAID devices have names from 7 on, numbers before. None may be the volume group's: blivet keeps one set for both. */
  readonly raidNames: { readonly boot: string; readonly pv: string };
  readonly fileSystem: 'ext4' | 'xfs';
  /** The smallest selection: options of `%packages`, and the groups in it. */
  readonly packages: { readonly options: string; readonly groups: readonly string[] };
  /** The NTP client: package and service. */
  readonly timeClient: { readonly packageName: string; readonly service: string };
  /** The NFS server's service: `nfs` (6), `nfs-server` (7+). */
  readonly nfsService: 'nfs' | 'nfs-server';
  /** Repositories inside the tree need a `repo` line: 8+ reads the base one alone for certain. */
  readonly treeRepos: boolean;
};

const MODERN = {
  keyboard: 'options',
  eula: true,
  reqpart: true,
  biosFromGpt: true,
  bootDrive: 'boot-drive',
  networkActivate: true,
  raidNames: { boot: 'boot', pv: 'pv' },
  fileSystem: 'xfs',
  timeClient: { packageName: 'chrony', service: 'chronyd' },
  nfsService: 'nfs-server',
} as const;

const RHEL: readonly Dialect[] = [
  {
    major: 6,
    installCommand: true,
    keyboard: 'bare',
    timeServers: 'none',
    auth: 'authconfig --enableshadow --passalgo=sha512',
    rootpwAllowSsh: false,
    cryptSchemes: ['1', '5', '6'],
    eula: false,
    reqpart: false,
    biosFromGpt: false,
    bootDrive: 'driveorder',
    networkActivate: false,
    raidNames: { boot: 'md0', pv: 'md1' },
    fileSystem: 'ext4',
    packages: { options: ' --nobase', groups: ['@core'] },
    timeClient: { packageName: 'ntp', service: 'ntpd' },
    nfsService: 'nfs',
    treeRepos: false,
  },
  {
    ...MODERN,
    major: 7,
    installCommand: true,
    timeServers: 'timezone',
    auth: 'auth --enableshadow --passalgo=sha512',
    rootpwAllowSsh: false,
    cryptSchemes: ['1', '5', '6'],
    packages: { options: '', groups: ['@^minimal', '@core'] },
    treeRepos: false,
  },
  {
    ...MODERN,
    major: 8,
    installCommand: false,
    timeServers: 'timezone',
    auth: 'authselect select minimal',
    rootpwAllowSsh: false,
    // libxcrypt 4.1: bcrypt, but yescrypt came with 4.3.
    cryptSchemes: ['1', '5', '6', '2'],
    packages: { options: '', groups: ['@^minimal-environment'] },
    treeRepos: true,
  },
  {
    ...MODERN,
    major: 9,
    installCommand: false,
    timeServers: 'timesource',
    auth: 'authselect select minimal',
    rootpwAllowSsh: true,
    cryptSchemes: ['5', '6', '2', 'y'],
    packages: { options: '', groups: ['@^minimal-environment'] },
    treeRepos: true,
  },
  {
    ...MODERN,
    major: 10,
    installCommand: false,
    timeServers: 'timesource',
    auth: 'authselect select local',
    rootpwAllowSsh: true,
    cryptSchemes: ['5', '6', '2', 'y'],
    packages: { options: '', groups: ['@^minimal-environment'] },
    treeRepos: true,
  },
];

const REBUILDS: readonly OsFamily[] = ['rhel', 'centos', 'rocky', 'almalinux', 'oracle', 'scientific'];

/** The dialect of `os`'s installer, or undefined where there is none here: Fedora, hypervisors, other majors. */
export function dialectOf(os: Os): Dialect | undefined {
  return REBUILDS.includes(os.family) ? RHEL.find(({ major }) => major === os.major) : undefined;
}
