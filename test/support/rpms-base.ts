// The packages of the install tree: names as on a RHEL 6 DVD, a busybox and a static bash inside, and stubs that log how they were called.

import type { LabFile, LabPackage } from './rpms.ts';

/** A program that does nothing but write down how it was called, and say `reply`'s shell text. */
export const stub = (reply = ''): LabFile => ({
  text: `#!/bin/sh\necho "$0 $*" >> /var/log/stub-calls.log\n${reply}`,
  mode: 0o755,
});

/** Host paths of the real programs that the packages carry, so that %post scripts run in the installed system. */
export type RealPrograms = {
  readonly busybox: string;
  readonly bash: string;
  readonly applets: readonly string[];
  /** curl and the shared libraries it needs, by the paths they have on this machine. */
  readonly curl: string;
  readonly libraries: readonly string[];
};

/** What `filesystem` makes. */
export const DIRECTORIES = [
  ...[
    '/bin',
    '/sbin',
    '/lib64',
    '/boot',
    '/dev',
    '/etc',
    '/etc/rc.d/init.d',
    '/etc/sysconfig',
    '/etc/sysconfig/network-scripts',
  ],
  ...[
    '/etc/yum.repos.d',
    '/export',
    '/home',
    '/media',
    '/mnt',
    '/opt',
    '/proc',
    '/root',
    '/sys',
    '/tmp',
    '/usr/bin',
    '/usr/sbin',
  ],
  ...['/usr/lib64', '/usr/share', '/var/cache', '/var/lib', '/var/log', '/var/run', '/var/spool', '/var/tmp'],
];

/** Applets that RHEL 6 has in packages of their own; all others go with coreutils. */
const APPLETS: Readonly<Record<string, readonly string[]>> = {
  grep: ['grep', 'egrep', 'fgrep'],
  sed: ['sed'],
  gawk: ['awk'],
  tar: ['tar'],
  gzip: ['gzip', 'gunzip', 'zcat'],
  bzip2: ['bzip2', 'bunzip2', 'bzcat'],
  unzip: ['unzip'],
  findutils: ['find', 'xargs'],
  'net-tools': ['hostname', 'ifconfig', 'route', 'netstat'],
  iproute: ['ip'],
  procps: ['ps', 'free', 'pgrep', 'pkill', 'top', 'sysctl'],
  'util-linux-ng': ['mount', 'umount', 'logger', 'blkid', 'losetup', 'fdisk', 'mkswap', 'swapon', 'swapoff'],
  which: ['which'],
  wget: ['wget'],
  'vim-minimal': ['vi'],
};

/** In these RHEL packages there are no programs that an install script calls: name → version-release. */
const PLAIN: Readonly<Record<string, string>> = {
  setup: '2.8.14-13.el6',
  basesystem: '10.0-4.el6',
  glibc: '2.12-1.47.el6',
  'redhat-release-server': '6Server-6.2.0.3.el6',
  kernel: '2.6.32-220.el6',
  dracut: '004-256.el6',
  grub: '0.97-75.el6',
  rpm: '4.8.0-19.el6',
  yum: '3.2.29-22.el6',
  'openssh-server': '5.3p1-70.el6',
  rsyslog: '5.8.10-2.el6',
  cronie: '1.4.4-7.el6',
  e2fsprogs: '1.41.12-11.el6',
  mdadm: '3.2.2-9.el6',
  'nfs-utils-lib': '1.1.5-4.el6',
  'mysql-libs': '5.1.52-1.el6_0.1',
  'MySQL-python': '1.2.3-0.3.c1.1.el6',
  'mysql-connector-java': '5.1.17-2.el6',
  'jpackage-utils': '1.7.5-3.12.el6',
  'ws-commons-util': '1.0.1-13.el6',
  'python-paramiko': '1.7.5-2.1.el6',
  'python-crypto': '2.0.1-22.el6',
  'tomcat6-servlet-2.5-api': '6.0.24-33.el6',
  'jakarta-commons-lang': '2.4-1.1.el6',
  'jakarta-commons-logging': '1.0.4-10.el6',
  jna: '3.2.4-2.el6',
  libcgroup: '0.37-3.el6',
};

type Rich = Omit<LabPackage, 'name' | 'version' | 'release'>;

/** Packages with dependencies, provides, or commands a script calls: `name version-release` → the rest. */
const RICH: Readonly<Record<string, Rich>> = {
  'initscripts 9.03.27-1.el6': { files: { '/sbin/service': stub(), '/etc/sysconfig/init': 'BOOTUP=color\n' } },
  'chkconfig 1.3.49.3-2.el6': { requires: ['bash'], files: { '/sbin/chkconfig': stub(), '/sbin/ntsysv': stub() } },
  'policycoreutils 2.0.83-19.18.el6': {
    files: {
      '/sbin/restorecon': stub(),
      '/usr/sbin/setenforce': stub(),
      '/usr/sbin/getenforce': stub('echo Permissive\n'),
    },
  },
  'selinux-policy-targeted 3.7.19-126.el6': {
    files: { '/etc/selinux/config': { text: 'SELINUX=enforcing\nSELINUXTYPE=targeted\n', mode: 0o644, config: true } },
  },
  'authconfig 6.1.12-5.el6': { files: { '/usr/sbin/authconfig': stub() } },
  'iptables 1.4.7-4.el6': { files: { '/sbin/iptables': stub(), '/etc/rc.d/init.d/iptables': stub() } },
  'passwd 0.77-4.el6': { files: { '/usr/bin/passwd': stub() } },
  'shadow-utils 4.1.4.2-13.el6': {
    files: { '/usr/sbin/useradd': stub(), '/usr/sbin/usermod': stub(), '/usr/sbin/groupadd': stub() },
  },
  'python 2.6.6-29.el6': { provides: ['python(abi) = 2.6'], files: { '/usr/bin/python': stub() } },
  'openssh 5.3p1-70.el6': { files: { '/usr/bin/ssh-keygen': stub() } },
  'openssh-clients 5.3p1-70.el6': { requires: ['openssh'], files: { '/usr/bin/ssh': stub(), '/usr/bin/scp': stub() } },
  'sudo 1.7.4p5-7.el6': {
    files: { '/usr/bin/sudo': stub(), '/etc/sudoers': { text: 'root ALL=(ALL) ALL\n', mode: 0o440, config: true } },
  },
  'ntp 4.2.4p8-2.el6': {
    files: {
      '/usr/sbin/ntpd': stub(),
      '/usr/sbin/ntpdate': stub(),
      '/etc/ntp.conf': { text: '', mode: 0o644, config: true },
    },
  },
  'rpcbind 0.2.0-8.el6': { files: { '/sbin/rpcbind': stub() } },
  'nfs-utils 1.2.3-15.el6': {
    requires: ['rpcbind', 'nfs-utils-lib'],
    files: {
      '/sbin/mount.nfs': stub(),
      '/usr/sbin/exportfs': stub(),
      '/etc/sysconfig/nfs': { text: '', mode: 0o644, config: true },
      '/etc/idmapd.conf': { text: '[General]\n#Domain = local.domain.edu\n', mode: 0o644, config: true },
    },
  },
  'mysql 5.1.52-1.el6_0.1': {
    requires: ['mysql-libs'],
    files: { '/usr/bin/mysql': stub(), '/usr/bin/mysqladmin': stub() },
  },
  'mysql-server 5.1.52-1.el6_0.1': {
    requires: ['mysql', 'mysql-libs'],
    files: {
      '/usr/libexec/mysqld': stub(),
      '/etc/rc.d/init.d/mysqld': stub(),
      '/usr/bin/mysql_secure_installation': stub(),
      '/etc/my.cnf': { text: '[mysqld]\ndatadir=/var/lib/mysql\n', mode: 0o644, config: true },
    },
  },
  'java-1.6.0-openjdk 1:1.6.0.0-1.41.1.10.4.el6': {
    requires: ['jpackage-utils'],
    provides: ['java = 1:1.6.0', 'java-1.6.0 = 1:1.6.0', 'jre = 1.6.0'],
    files: { '/usr/bin/java': stub() },
  },
  'tomcat6 6.0.24-33.el6': {
    requires: ['java', 'tomcat6-servlet-2.5-api'],
    files: { '/etc/rc.d/init.d/tomcat6': stub() },
  },
  'genisoimage 1.1.9-11.el6': {
    provides: ['mkisofs = 9:2.01-24'],
    files: { '/usr/bin/genisoimage': stub(), '/usr/bin/mkisofs': stub() },
  },
  'ipmitool 1.8.11-12.el6': { files: { '/usr/bin/ipmitool': stub() } },
  'jakarta-commons-httpclient 1:3.1-0.6.el6': { provides: ['commons-httpclient = 1:3.1'] },
  'ebtables 2.0.9-6.el6': { files: { '/sbin/ebtables': stub() } },
  'bridge-utils 1.2-9.el6': { files: { '/usr/sbin/brctl': stub() } },
  'vconfig 1.9-8.1.el6': { files: { '/sbin/vconfig': stub() } },
  'rsync 3.0.6-5.el6_0.1': { files: { '/usr/bin/rsync': stub() } },
  'libvirt 0.9.4-23.el6': {
    requires: ['bridge-utils'],
    files: { '/usr/sbin/libvirtd': stub(), '/etc/libvirt/libvirtd.conf': '' },
  },
  'qemu-kvm 0.12.1.2-2.209.el6': { provides: ['kvm = 85'], files: { '/usr/bin/qemu-img': stub() } },
};

/** What `@core` asks for, as comps.xml of the tree says. */
export const CORE: readonly string[] = [
  ...[
    'setup',
    'filesystem',
    'basesystem',
    'glibc',
    'bash',
    'coreutils',
    'grep',
    'sed',
    'gawk',
    'tar',
    'gzip',
    'findutils',
  ],
  ...[
    'util-linux-ng',
    'net-tools',
    'iproute',
    'procps',
    'passwd',
    'shadow-utils',
    'initscripts',
    'chkconfig',
    'rpm',
    'yum',
  ],
  ...[
    'python',
    'curl',
    'openssh',
    'openssh-clients',
    'openssh-server',
    'sudo',
    'redhat-release-server',
    'kernel',
    'dracut',
    'grub',
  ],
  ...[
    'policycoreutils',
    'selinux-policy-targeted',
    'iptables',
    'rsyslog',
    'cronie',
    'e2fsprogs',
    'vim-minimal',
    'authconfig',
  ],
];

/** All packages of the tree. */
export function basePackages(real: RealPrograms): readonly LabPackage[] {
  return [
    { ...named('filesystem 2.4.30-3.el6'), directories: DIRECTORIES, files: ROOT_FILES },
    {
      ...named('bash 4.1.2-8.el6'),
      requires: ['filesystem'],
      files: { '/bin/bash': { copy: real.bash }, '/bin/sh': { link: 'bash' } },
    },
    { ...named('curl 7.19.7-26.el6'), files: curlFiles(real) },
    ...busyboxPackages(real),
    ...Object.entries(PLAIN).map(([name, version]) => ({ ...named(`${name} ${version}`), files: doc(name) })),
    ...Object.entries(RICH).map(([id, rest]) => ({ ...named(id), files: doc(id.split(' ')[0] ?? id), ...rest })),
  ];
}

const ROOT_FILES: Readonly<Record<string, LabFile>> = {
  '/etc/passwd': { text: 'root:x:0:0:root:/root:/bin/bash\n', mode: 0o644, config: true },
  '/etc/shadow': { text: 'root:*:15240:0:99999:7:::\n', mode: 0o600, config: true },
  '/etc/group': { text: 'root:x:0:\n', mode: 0o644, config: true },
  '/etc/hosts': {
    text: '127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4\n',
    mode: 0o644,
    config: true,
  },
  '/etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.2 (Santiago)\n',
};

/** busybox's applets, by the packages that RHEL 6 has them in. */
export function busyboxPackages(real: RealPrograms): readonly LabPackage[] {
  const elsewhere = new Set([...Object.values(APPLETS).flat(), ...TAKEN]);
  const links = (names: readonly string[]): Record<string, LabFile> =>
    Object.fromEntries(
      names.filter((name) => real.applets.includes(name)).map((name) => [`/bin/${name}`, { link: 'busybox' }]),
    );
  const core = real.applets.filter((name) => !elsewhere.has(name));
  return [
    { ...named('coreutils 8.4-16.el6'), files: { '/bin/busybox': { copy: real.busybox }, ...links(core) } },
    ...Object.entries(APPLETS).map(([name, applets]) => ({
      ...named(`${name} 6.2-1.el6`),
      requires: ['coreutils'],
      files: {
        ...links(applets),
        ...(name === 'util-linux-ng' ? { '/usr/bin/uuidgen': stub() } : {}),
        ...(name === 'iproute' ? { '/sbin/ip': { link: '../bin/busybox' } } : {}),
      },
    })),
  ];
}

/** Names that another package carries as a program or a stub of its own. */
const TAKEN = [
  'sh',
  'ash',
  'bash',
  'busybox',
  'passwd',
  'rpm',
  'brctl',
  'vconfig',
  'ssl_client',
  'service',
  'chkconfig',
  'adduser',
  'addgroup',
];

/** The real curl: a wrapper that starts it with its own libraries, which RHEL's own layout would otherwise not have. */
export function curlFiles(real: RealPrograms): Record<string, LabFile> {
  const home = '/usr/lib64/lab-curl';
  const loader = real.libraries.find((path) => path.includes('/ld-linux')) ?? '';
  const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  return {
    '/usr/bin/curl': {
      text: `#!/bin/sh\nexec ${home}/${base(loader)} --library-path ${home} ${home}/curl "$@"\n`,
      mode: 0o755,
    },
    [`${home}/curl`]: { copy: real.curl },
    ...Object.fromEntries(real.libraries.map((path) => [`${home}/${base(path)}`, { copy: path }])),
  };
}

/** Name, version, release and epoch out of `name epoch:version-release`. */
export function named(id: string): { name: string; version: string; release: string; epoch?: number } {
  const match = /^(?<name>\S+) (?:(?<epoch>\d+):)?(?<version>[^-]+)-(?<release>.+)$/.exec(id)?.groups;
  if (match?.['name'] === undefined) throw new Error(`not a package: ${id}`);
  const { name, epoch, version = '', release = '' } = match;
  return { name, version, release, ...(epoch === undefined ? {} : { epoch: Number(epoch) }) };
}

/** A file for a package that nothing else is wanted of. */
export function doc(name: string): Record<string, LabFile> {
  return { [`/usr/share/doc/${name}/README`]: `${name}, a stand-in for tests\n` };
}
