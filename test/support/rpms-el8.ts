// The packages of an install tree in the shape of an EL 8: names as there, in two variants, /usr merged, and a systemctl that knows units.

import type { RealPrograms } from './rpms-base.ts';
import { DIRECTORIES, busyboxPackages, curlFiles, doc, named, stub } from './rpms-base.ts';
import type { LabFile, LabPackage } from './rpms.ts';

type Rich = Omit<LabPackage, 'name' | 'version' | 'release'>;

/** Does what systemctl does without a running systemd: `enable` links a unit that is there, and fails for one that is not. */
const SYSTEMCTL = `#!/bin/sh
echo "$0 $*" >> /var/log/stub-calls.log
[ "$1" = enable ] || [ "$1" = disable ] || exit 0
for unit; do
  case $unit in enable | disable | -*) continue ;; esac
  file=\${unit%.service}.service
  if [ "$1" = disable ]; then rm -f "/etc/systemd/system/multi-user.target.wants/$file"; continue; fi
  if [ ! -e "/usr/lib/systemd/system/$file" ] && [ ! -e "/etc/systemd/system/$file" ]; then
    echo "Failed to enable unit: Unit file $file does not exist." >&2
    exit 1
  fi
  mkdir -p /etc/systemd/system/multi-user.target.wants
  ln -sf "/usr/lib/systemd/system/$file" /etc/systemd/system/multi-user.target.wants/
done
`;

const GETENT = `#!/bin/sh
[ "$1" = passwd ] || exit 1
grep "^$2:" /etc/passwd
`;

const program = (text: string): LabFile => ({ text, mode: 0o755 });
const config = (text: string): LabFile => ({ text, mode: 0o644, config: true });
const unit = (name: string): Record<string, LabFile> => ({
  [`/usr/lib/systemd/system/${name}.service`]: `[Unit]\nDescription=${name}\n\n[Install]\nWantedBy=multi-user.target\n`,
});

/** `name version-release` → what it has besides a README. */
const BASE_OS: Readonly<Record<string, Rich>> = {
  'basesystem 11-5.el8': { requires: ['setup', 'filesystem'] },
  'setup 2.12.2-9.el8': {},
  'rocky-release 8.10-1.9.el8': { provides: ['system-release = 8.10'] },
  'glibc 2.28-251.el8': { requires: ['basesystem'] },
  'glibc-common 2.28-251.el8': { requires: ['glibc'], files: { '/usr/bin/getent': program(GETENT) } },
  'crypto-policies 20230731-1.el8': {},
  'systemd 239-82.el8': { files: { '/usr/bin/systemctl': program(SYSTEMCTL) } },
  'kernel-core 4.18.0-553.el8_10': { provides: ['kernel-uname-r = 4.18.0-553.el8_10.x86_64'] },
  'kernel 4.18.0-553.el8_10': { requires: ['kernel-core'] },
  'dracut 049-233.git20240115.el8': {},
  'grub2-tools 1:2.02-156.el8': {},
  'rpm 4.14.3-31.el8': {},
  'dnf 4.7.0-20.el8': { provides: ['yum = 4.7.0-20.el8'], requires: ['platform-python'] },
  'platform-python 3.6.8-62.el8': {
    provides: ['python(abi) = 3.6'],
    files: { '/usr/libexec/platform-python': stub('exit 1\n') },
  },
  'openssh 8.0p1-24.el8': { files: { '/usr/bin/ssh-keygen': stub() } },
  'openssh-server 8.0p1-24.el8': { requires: ['openssh'], files: { '/usr/sbin/sshd': stub(), ...unit('sshd') } },
  'openssh-clients 8.0p1-24.el8': { requires: ['openssh'], files: { '/usr/bin/ssh': stub() } },
  'sudo 1.9.5p2-1.el8': { files: { '/etc/sudoers': config('root ALL=(ALL) ALL\n%wheel ALL=(ALL) ALL\n') } },
  'NetworkManager 1:1.40.16-15.el8': { files: unit('NetworkManager') },
  'firewalld 0.9.11-4.el8': { files: { '/usr/bin/firewall-offline-cmd': stub(), ...unit('firewalld') } },
  'rsyslog 8.2102.0-15.el8': { files: unit('rsyslog') },
  'cronie 1.5.2-10.el8': { files: unit('crond') },
  'authselect 1.2.6-2.el8': { files: { '/usr/bin/authselect': stub() } },
  'passwd 0.80-4.el8': {},
  'shadow-utils 2:4.6-22.el8': { files: { '/usr/sbin/useradd': stub() } },
  'policycoreutils 2.9-25.el8': { files: { '/usr/sbin/restorecon': stub() } },
  'selinux-policy-targeted 3.14.3-139.el8': {
    files: { '/etc/selinux/config': config('SELINUX=enforcing\nSELINUXTYPE=targeted\n') },
  },
  'e2fsprogs 1.45.6-5.el8': {},
  'xfsprogs 5.0.0-12.el8': {},
  'chrony 4.5-1.el8': {
    files: {
      '/usr/sbin/chronyd': stub(),
      '/etc/chrony.conf': config('pool 2.rocky.pool.ntp.org\n'),
      ...unit('chronyd'),
    },
  },
  'rpcbind 1.2.5-10.el8': { files: { '/usr/bin/rpcbind': stub(), ...unit('rpcbind') } },
  'libnfsidmap 1:2.3.3-59.el8': { files: { '/etc/idmapd.conf': config('[General]\n#Domain = local.domain.edu\n') } },
  'gssproxy 0.8.0-21.el8': { files: unit('gssproxy') },
  'nfs-utils 1:2.3.3-59.el8': {
    requires: ['rpcbind', 'libnfsidmap', 'gssproxy'],
    files: { '/usr/sbin/exportfs': stub(), '/etc/nfs.conf': config('[lockd]\n'), ...unit('nfs-server') },
  },
};

const APP_STREAM: Readonly<Record<string, Rich>> = {
  'vim-filesystem 2:8.0.1763-19.el8_6.4': {},
  'vim-common 2:8.0.1763-19.el8_6.4': { requires: ['vim-filesystem'] },
  'vim-enhanced 2:8.0.1763-19.el8_6.4': { requires: ['vim-common = 2:8.0.1763-19.el8_6.4', 'grep'] },
  'tcpdump 1:4.9.3-5.el8': {},
  'nfs-utils-coreos 1:2.3.3-59.el8': { conflicts: ['nfs-utils'] },
};

/** Names that changed since RHEL 6, of the packages that busybox's applets are in. */
const RENAMED: Readonly<Record<string, string>> = { 'util-linux-ng': 'util-linux', procps: 'procps-ng' };

/** What the environment `minimal-environment` brings: the group `core`. */
export const EL8_CORE: readonly string[] = [
  ...['filesystem', 'bash', 'coreutils', 'curl', 'grep', 'sed', 'gawk', 'tar', 'gzip', 'findutils', 'util-linux'],
  ...['procps-ng', 'iproute', 'glibc-common', 'systemd', 'rocky-release', 'kernel', 'dracut', 'rpm', 'dnf'],
  ...['grub2-tools', 'openssh-server', 'openssh-clients', 'sudo', 'NetworkManager', 'firewalld', 'rsyslog', 'cronie'],
  ...['authselect', 'passwd', 'shadow-utils', 'policycoreutils', 'selinux-policy-targeted', 'e2fsprogs', 'xfsprogs'],
];

/** The packages of the variant BaseOS. */
export function baseOsPackages(real: RealPrograms): readonly LabPackage[] {
  const bash: Record<string, LabFile> = { '/bin/bash': { copy: real.bash }, '/bin/sh': { link: 'bash' } };
  return [
    filesystem(),
    { ...named('bash 4.4.20-5.el8'), requires: ['filesystem'], files: bash },
    { ...named('curl 7.61.1-34.el8'), files: curlFiles(real) },
    ...busyboxPackages(real).map((entry) => ({ ...entry, name: RENAMED[entry.name] ?? entry.name, release: '1.el8' })),
    ...rows(BASE_OS),
  ].map(inMergedUsr);
}

/** The packages of the variant AppStream. */
export function appStreamPackages(): readonly LabPackage[] {
  return rows(APP_STREAM);
}

function rows(table: Readonly<Record<string, Rich>>): readonly LabPackage[] {
  return Object.entries(table).map(([id, rest]) => ({
    ...named(id),
    ...rest,
    files: { ...doc(id.split(' ')[0] ?? id), ...rest.files },
  }));
}

/** The places that are links into /usr since RHEL 7. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

function filesystem(): LabPackage {
  const kept = DIRECTORIES.filter((path) => !MERGED.includes(path.slice(1)) && !path.startsWith('/etc/rc.d'));
  const links = MERGED.map((name): [string, LabFile] => [`/${name}`, { link: `usr/${name}` }]);
  return {
    ...named('filesystem 3.8-6.el8'),
    directories: [...kept, '/etc/systemd/system', '/usr/lib/systemd/system', '/usr/libexec'],
    files: { ...Object.fromEntries(links), ...ACCOUNTS },
  };
}

const ACCOUNTS: Readonly<Record<string, LabFile>> = {
  '/etc/passwd': config('root:x:0:0:root:/root:/bin/bash\n'),
  '/etc/shadow': { text: 'root:*:18353:0:99999:7:::\n', mode: 0o600, config: true },
  '/etc/group': config('root:x:0:\nwheel:x:10:\n'),
  '/etc/hosts': config('127.0.0.1   localhost localhost.localdomain\n'),
  '/etc/redhat-release': 'Rocky Linux release 8.10 (Green Obsidian)\n',
};

/** The package with its files where they really are: nothing may own a path through a link. */
function inMergedUsr(entry: LabPackage): LabPackage {
  const files = Object.entries(entry.files ?? {}).map(([path, file]) => [path.replace(/^\/s?bin\//, '/usr$&'), file]);
  return { ...entry, files: Object.fromEntries(files) as Record<string, LabFile> };
}
