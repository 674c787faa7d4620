// CloudStack's roles: their kickstarts, what %post and the first boot do on each release, run for real in a root with stubs.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placedFiles } from '../../kickstart/bundle/files.ts';
import { firstBootFiles, firstBootScript } from '../../kickstart/first-boot.ts';
import { lintKickstart } from '../../kickstart/lint/lint.ts';
import { releaseOf } from '../../kickstart/lint/release.ts';
import { FIRST_BOOT_NAME } from '../../kickstart/once.ts';
import { renderKickstart } from '../../kickstart/render.ts';
import type { CloudStackOptions, Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import type { Chroot } from '../support/chroot.ts';
import { chrootWorks, makeChroot } from '../support/chroot.ts';
import { golden } from '../support/golden.ts';
import { SECRET_VALUES, cs40, kvmAgent, managementToday, minimal, secrets } from '../support/installs.ts';
import { bodyOf } from '../support/kickstart-text.ts';

const PROGRAM = `/usr/local/sbin/${FIRST_BOOT_NAME}`;
const UNIT = `/etc/systemd/system/${FIRST_BOOT_NAME}.service`;
const inCi = process.env['CI'] !== undefined;

function kickstart(install: Install): string {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

const ROLES: readonly [string, Install][] = [
  ['management-8.10', managementToday('8.10')],
  ['management-9.6', managementToday('9.6')],
  ['kvm-agent-6.2', kvmAgent('6.2')],
  ['kvm-agent-8.10', kvmAgent('8.10')],
  ['kvm-agent-9.6', kvmAgent('9.6')],
];

describe('kickstarts', () => {
  test.each(ROLES)('%s', (name, install) => golden(`kickstart/${name}.ks`, kickstart(install)));

  test.each(ROLES)('%s: its installer finds nothing to refuse or to warn of', (_, install) => {
    const release = releaseOf(install.os);
    expect(release === undefined ? undefined : lintKickstart(kickstart(install), release)).toEqual([]);
  });

  test.each<[string, Install, readonly string[]]>([
    ['management on EL6', cs40, ['ntp', 'mysql-server', 'cloud-client']],
    [
      'management on EL8',
      managementToday('8.10'),
      ['chrony', 'mysql-server', 'java-17-openjdk', 'cloudstack-management'],
    ],
    ['an agent of 4.0', kvmAgent('6.2'), ['ntp', 'libvirt', 'qemu-kvm', 'cloud-agent']],
    ['an agent on EL8', kvmAgent('8.10'), ['java-17-openjdk', 'iptables-services', 'cloudstack-agent']],
    ['an agent on EL9', kvmAgent('9.6'), ['java-17-openjdk', 'iptables-nft-services', 'cloudstack-agent']],
  ])('%s asks for its packages', (_, install, packages) => {
    expect(bodyOf(kickstart(install), 'packages').split('\n')).toEqual(expect.arrayContaining([...packages]));
  });
});

describe('no kickstart', () => {
  const under = (install: Install, cloudstack: Partial<CloudStackOptions>): Install => ({
    ...install,
    cloudstack: { version: '4.0', hypervisor: 'kvm', mirrorOnHost: false, ...install.cloudstack, ...cloudstack },
  });

  test.each<[string, Install, string]>([
    [
      '4.0 on EL8',
      under(managementToday('8.10'), { version: '4.0' }),
      'CloudStack 4.0 has no packages for rhel-8.10-x86_64',
    ],
    ['4.20 on EL6', under(cs40, { version: '4.20' }), 'CloudStack 4.20 has no packages for rhel-6.2-x86_64'],
    [
      '4.20 on EL7',
      under(managementToday('7.9'), { version: '4.20.1' }),
      'CloudStack 4.20.1 has no packages for rhel-7.9-x86_64',
    ],
    [
      '4.22 on EL10',
      under(managementToday('10.0'), { version: '4.22.0' }),
      'CloudStack 4.22.0 has no packages for rhel-10.0-x86_64',
    ],
    ['4.19', under(managementToday('8.10'), { version: '4.19' }), 'CloudStack 4.19 is not known here'],
    ['4.23', under(managementToday('9.6'), { version: '4.23' }), 'CloudStack 4.23 is not known here'],
    ['an agent of 4.9', under(kvmAgent('6.2'), { version: '4.9' }), 'no kvm-agent is known for CloudStack 4.9'],
    [
      'an agent under XenServer',
      under(kvmAgent('9.6'), { hypervisor: 'xenserver' }),
      'a kvm-agent serves no CloudStack of xenserver',
    ],
  ])('%s', (_, install, reason) => {
    expect(renderKickstart(install, secrets)).toMatchObject({ kind: 'no', reason, remedy: expect.any(String) });
    expect(firstBootFiles(install, secrets)).toEqual([]);
  });
});

describe('the shell accepts every script', () => {
  const scripts: [string, string][] = [
    ...ROLES.map(([name, install]): [string, string] => [`%post of ${name}`, bodyOf(kickstart(install), 'post')]),
    ...[cs40, managementToday('8.10')].map((install): [string, string] => [
      `the first boot on ${install.os.version}`,
      firstBootScript(install, secrets)?.text ?? 'if',
    ]),
  ];

  test.each(scripts)('bash -n: %s', (_, text) => {
    expect(spawnSync('bash', ['-n'], { input: text }).stderr.toString()).toBe('');
  });

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  test.skipIf(!shellcheck && !inCi).each(scripts)('shellcheck: %s', (_, text) => {
    const run = spawnSync('shellcheck', ['--shell=bash', '--severity=warning', '-'], { input: text });
    expect(run.stdout.toString()).toBe('');
  });
});

test('systemd reads the unit without a complaint', (context) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0 && !inCi) return context.skip();
  const unit = firstBootFiles(managementToday('9.6'), secrets).find(({ path }) => path === UNIT)?.text ?? '';
  const directory = mkdtempSync(join(tmpdir(), 'kickstand-unit-'));
  const verify = (text: string): string => {
    const file = join(directory, `${FIRST_BOOT_NAME}.service`);
    writeFileSync(file, text.replaceAll(PROGRAM, '/bin/true'));
    return spawnSync('systemd-analyze', ['verify', '--man=no', file]).stderr.toString();
  };
  try {
    expect(verify(unit)).toBe('');
    expect(verify(unit.replace('Type=oneshot', 'Type=twice'))).toContain('twice');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe.skipIf(!chrootWorks() && !inCi)('run', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['curl', 'chkconfig', 'service', 'systemctl', 'sleep']) root.stub(command);
  });
  afterEach(() => root.remove());

  const said = (): readonly string[] =>
    root
      .calls()
      .filter((call) => !call.startsWith('sleep'))
      .map((call) => call.replace(/^curl .*\/events\?token=[^&]*&stage=/, 'report '));
  const commands = (): readonly string[] => said().filter((call) => !call.startsWith('report '));

  const post = (install: Install): number | null => {
    root.put('/tmp/script', bodyOf(kickstart(install), 'post'));
    return root.run('/tmp/script');
  };

  describe('%post', () => {
    test('of a management server of today: services on, CloudStack waits for its databases', () => {
      const install = managementToday('9.6');
      expect(post(install)).toBe(0);
      for (const file of placedFiles(install, secrets)) expect(root.read(file.path), file.path).toBe(file.text);
      expect(statSync(join(root.path, PROGRAM)).mode & 0o7777).toBe(0o700);
      expect(commands()).toEqual([
        ...['sshd', 'chronyd', 'mysqld', 'rpcbind', 'nfs-server'].map((service) => `systemctl enable ${service}`),
        `systemctl enable ${FIRST_BOOT_NAME}`,
        'systemctl disable cloudstack-management',
      ]);
    });

    const keeping: Install = {
      ...cs40,
      cloudstack: { version: '4.0', hypervisor: 'xenserver', mirrorOnHost: true },
    };

    test('of a server that keeps its repos: the web server is on, the copy is made last and reported', () => {
      root.stub('python3');
      rmSync(join(root.path, 'bin/systemctl'));
      expect(post(keeping)).toBe(0);
      const calls = said();
      expect(calls).toContain('chkconfig httpd on');
      expect(calls.at(-3)).toBe('python3 /usr/local/sbin/kickstand-mirror');
      expect(calls.at(-4)).toBe('report post.mirror');
      expect(calls.at(-2)).toMatch(/^report post\.mirror\.done/);
      expect(statSync(join(root.path, 'usr/local/sbin/kickstand-mirror')).mode & 0o7777).toBe(0o755);
    });

    test.each([
      ['fails', (one: Chroot) => one.stub('python3', 'exit 1'), 1],
      ['has no Python to run with', () => undefined, 127],
    ])('a copy that %s fails the installation', (_, prepare, status) => {
      prepare(root);
      expect(post(keeping)).toBe(1);
      expect(said().at(-1)).toContain(`report failed&message=post+step+mirror+ended+with+status+${status}`);
    });

    test('of an agent of today: one libvirtd, plain iptables', () => {
      expect(post(kvmAgent('9.6'))).toBe(0);
      const calls = commands();
      expect(calls[0]).toMatch(/^systemctl mask libvirtd\.socket .*libvirtd-tcp\.socket$/);
      expect(calls[1]).toMatch(/^systemctl mask virtqemud\.service virtqemud\.socket .*virtstoraged-admin\.socket$/);
      expect(calls.slice(2)).toEqual([
        'systemctl disable firewalld',
        'systemctl mask firewalld',
        ...['sshd', 'chronyd', 'iptables', 'libvirtd'].map((service) => `systemctl enable ${service}`),
      ]);
      expect(root.read('/etc/libvirt/libvirtd.conf')).toContain('listen_tcp = 0\n');
      expect(root.read('/etc/libvirt/libvirt.conf')).toBe('remote_mode = "legacy"\n');
    });

    test('of an agent of 4.0: libvirt listens, and the firewall keeps strangers out', () => {
      rmSync(join(root.path, 'bin/systemctl'));
      expect(post(kvmAgent('6.2'))).toBe(0);
      expect(commands()).toEqual(['sshd', 'ntpd', 'iptables', 'libvirtd'].map((service) => `chkconfig ${service} on`));
      expect(root.read('/etc/libvirt/libvirtd.conf')).toContain('listen_tcp = 1\n');
      const rules = root.read('/etc/sysconfig/iptables');
      for (const ports of ['16509', '16514', '5900:6100', '49152:49216']) {
        expect(rules).toContain(
          `-A INPUT -s 192.168.168.0/24 -m state --state NEW -p tcp --dport ${ports} -j ACCEPT\n`,
        );
      }
    });
  });

  describe('the first boot of today', () => {
    const SYSTEMD = managementToday('8.10');
    const KEY_FILE = '/etc/cloudstack/management/key';

    const install = (of = SYSTEMD): void => {
      for (const { path, text, mode } of firstBootFiles(of, secrets)) root.put(path, text, mode);
    };

    beforeEach(() => {
      for (const command of ['mysqladmin', 'exportfs', 'setenforce', 'chgrp', 'firewall-cmd']) root.stub(command);
      root.stub('cloudstack-setup-databases', `mkdir -p /etc/cloudstack/management\necho key >${KEY_FILE}`);
      root.stub('cloudstack-setup-management', 'echo "CloudStack Management Server setup is Done!"');
      root.stub('hostname', 'echo cs40.cs-cloud.com');
      root.stub('getenforce', 'echo Permissive');
      root.stub(
        'mysql',
        'case $* in *-e*) if [ -e /sql ]; then [ "$MYSQL_PWD" = Mysql_root+secret ]; fi ;; *) cat >/sql ;; esac',
      );
      install();
    });

    test('goes through the manual in its order, once, and removes itself and its unit', () => {
      expect(root.run(PROGRAM, 'start')).toBe(0);
      const calls = said();
      expect(calls.at(-1)).toMatch(/^report configured&message=remaining:\+put\+vhd-util.*add\+the\+zone$/);
      expect(calls.filter((call) => !call.startsWith('report '))).toEqual([
        'hostname --fqdn',
        'getenforce ',
        'systemctl enable chronyd',
        'systemctl start chronyd',
        'systemctl enable mysqld',
        'systemctl start mysqld',
        'mysqladmin ping',
        'mysql -u root -e SELECT 1',
        'mysql -u root',
        'mysql -u root -e SELECT 1',
        'cloudstack-setup-databases cloud:Cl0ud-db-secret@localhost --deploy-as=root:Mysql_root+secret -e file -m Management.key^secret -k Database=key%secret -i 192.168.168.2',
        `chgrp cloud ${KEY_FILE}`,
        'cloudstack-setup-management ',
        'exportfs -a',
        'systemctl enable firewalld',
        'systemctl start firewalld',
        'firewall-cmd --permanent --add-port=8080/tcp --add-port=8250/tcp --add-port=9090/tcp',
        'firewall-cmd --reload',
        'systemctl enable rpcbind',
        'systemctl enable nfs-server',
        'systemctl start rpcbind',
        'systemctl start nfs-server',
        'exportfs -a',
        'systemctl is-active cloudstack-management',
        'systemctl enable cloudstack-management',
        `systemctl disable ${FIRST_BOOT_NAME}`,
      ]);
      expect(root.read('/sql')).toContain("ALTER USER 'root'@'localhost' IDENTIFIED BY 'Mysql_root+secret';\n");
      expect(root.read('/sql')).not.toContain('PASSWORD(');
      expect(root.has(PROGRAM)).toBe(false);
      expect(root.has(UNIT)).toBe(false);
    });

    test('stops where a step fails, and does not start again by itself; by hand it repeats nothing that was done', () => {
      root.stub('firewall-cmd', 'exit 3');
      expect(root.run(PROGRAM, 'start')).toBe(1);
      const calls = said();
      expect(calls.at(-1)).toBe(`systemctl disable ${FIRST_BOOT_NAME}`);
      expect(calls.at(-2)).toContain('report failed&message=first-boot+step+firewall+ended+with+status+3');
      root.stub('firewall-cmd');
      expect(root.run(PROGRAM, 'start')).toBe(0);
      expect(commands().some((call) => call.startsWith('cloudstack-setup'))).toBe(false);
    });

    test('whatever set-up prints, no secret gets into the log', () => {
      root.stub(
        'cloudstack-setup-databases',
        'for word in "$@"; do echo "<$word>"; echo "x${word}y" >&2; done; exit 4',
      );
      expect(root.run(PROGRAM, 'start')).toBe(1);
      const log = root.read('/root/kickstand-firstboot.log');
      expect(SECRET_VALUES.filter((value) => log.includes(value))).toEqual([]);
      expect(log).toContain('<cloud:(hidden)@localhost>');
    });

    test('the usage server is started where the profile installs it', () => {
      install({ ...SYSTEMD, packages: ['cloudstack-usage'] });
      expect(root.run(PROGRAM, 'start')).toBe(0);
      expect(commands()).toEqual(
        expect.arrayContaining(['systemctl enable cloudstack-usage', 'systemctl start cloudstack-usage']),
      );
    });
  });
});

test('a minimal host has nothing of it', () => {
  expect(firstBootFiles(minimal('9.6'), secrets)).toEqual([]);
});
