// The configuration files of each role and release: which ones, and their lines.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { configFiles, installerFiles, placedFiles } from '../../../kickstart/bundle/files.ts';
import { redactedSecrets } from '../../../kickstart/secrets.ts';
import { parseSubnet } from '../../../server/address.ts';
import type { Install } from '../../../server/domain.ts';
import { Malformed } from '../../../server/malformed.ts';
import {
  agentOn,
  hypervisorInstall,
  managementInstall,
  managementOn,
  minimalOn,
} from '../../support/bundle-installs.ts';
import { golden } from '../../support/golden.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kickstand-files-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function textOf(install: Install, path: string): string {
  const file = configFiles(install, redactedSecrets).find((file) => file.path === path);
  if (file === undefined) throw new Error(`no file ${path}`);
  return file.text;
}

function pathsOf(install: Install): readonly string[] {
  return configFiles(install, redactedSecrets).map((file) => file.path);
}

const EL6_BASE = [
  '/etc/hosts',
  '/etc/ntp.conf',
  '/etc/resolv.conf',
  '/etc/sysconfig/network',
  '/etc/sysconfig/network-scripts/ifcfg-eth0',
  '/etc/yum.repos.d/cloudstack.repo',
  '/etc/yum.repos.d/rhel6.repo',
];
const EL6_MANAGEMENT = [
  '/etc/exports',
  '/etc/idmapd.conf',
  '/etc/my.cnf',
  '/etc/selinux/config',
  '/etc/sysconfig/iptables',
  '/etc/sysconfig/nfs',
];

describe('which files a host gets', () => {
  test.each<[string, Install, readonly string[]]>([
    ['minimal on EL6', minimalOn('6.2'), EL6_BASE],
    [
      'minimal on EL8',
      minimalOn('8.10'),
      [
        '/etc/chrony.conf',
        '/etc/hostname',
        '/etc/hosts',
        '/etc/resolv.conf',
        '/etc/sysconfig/network-scripts/ifcfg-eth0',
        '/etc/yum.repos.d/cloudstack.repo',
        '/etc/yum.repos.d/rhel8.repo',
      ],
    ],
    [
      'minimal on EL10',
      minimalOn('10.0'),
      [
        '/etc/NetworkManager/system-connections/eth0.nmconnection',
        '/etc/chrony.conf',
        '/etc/hostname',
        '/etc/hosts',
        '/etc/resolv.conf',
        '/etc/yum.repos.d/cloudstack.repo',
        '/etc/yum.repos.d/rhel10.repo',
      ],
    ],
    ['a hypervisor: its answerfile says everything', hypervisorInstall(), []],
  ])('%s', (_, install, expected) => {
    expect(pathsOf(install)).toEqual(expected);
  });

  test('a management server on EL6 gets every file of the published case', () => {
    expect(pathsOf(managementInstall())).toEqual(expect.arrayContaining([...EL6_BASE, ...EL6_MANAGEMENT]));
  });

  test.each(['7.9', '8.10', '9.6', '10.0'])('a management server on EL%s gets no file of EL6 alone', (version) => {
    const paths = pathsOf(managementOn(version));
    for (const path of ['/etc/my.cnf', '/etc/sysconfig/iptables', '/etc/ntp.conf', '/etc/sysconfig/network']) {
      expect(paths).not.toContain(path);
    }
    expect(paths).toContain('/etc/my.cnf.d/cloudstack.cnf');
    expect(paths).toContain('/etc/firewalld/zones/cloudstack.xml');
  });

  test('files come sorted by path, each once', () => {
    const paths = pathsOf(managementInstall());
    expect(paths).toEqual([...new Set(paths)].toSorted());
  });

  test.each<[string, Install, readonly string[]]>([
    ['EL6', managementInstall(), ['/etc/sysconfig/network-scripts/ifcfg-eth0']],
    ['EL7', minimalOn('7.9'), ['/etc/sysconfig/network-scripts/ifcfg-eth0']],
    ['EL10', minimalOn('10.0'), ['/etc/NetworkManager/system-connections/eth0.nmconnection']],
    ['a hypervisor', hypervisorInstall(), []],
  ])('the card is left to the installer on %s; every other file of the bundle is placed', (_, install, own) => {
    const placed = placedFiles(install, redactedSecrets).map(({ path }) => path);
    expect(installerFiles(install).map(({ path }) => path)).toEqual(own);
    expect([...placed, ...own].toSorted()).toEqual(pathsOf(install));
    expect(placed).toEqual(placed.toSorted());
  });

  test('without a time server the stock file is left alone', () => {
    const install = managementInstall();
    const silent = { ...install, site: { ...install.site, ntp: [] } };
    expect(pathsOf(silent)).not.toContain('/etc/ntp.conf');
  });
});

describe('goldens', () => {
  const ownFiles = (install: Install): string =>
    configFiles(install, redactedSecrets)
      .filter(({ path }) => path.startsWith('/etc/') && !path.startsWith('/etc/rc.d') && !path.includes('systemd'))
      .map(({ path, mode, text }) => `──── ${mode.toString(8).padStart(4, '0')} ${path}\n${text}`)
      .join('');

  test.each<[string, Install]>([
    ['management-el6', managementInstall()],
    ['management-el7', managementOn('7.9')],
    ['management-el8', managementOn('8.10')],
    ['management-el9', managementOn('9.6')],
    ['minimal-el10', minimalOn('10.0')],
    ['agent-el6', agentOn('6.2')],
    ['agent-el8', agentOn('8.10')],
    ['agent-el9', agentOn('9.6')],
  ])('%s', (name, install) => {
    golden(`bundle/files-${name}.txt`, ownFiles(install));
  });
});

describe('the published case, line by line', () => {
  const cs40 = managementInstall();

  test('/etc/hosts keeps the loopback line and names this host before the others', () => {
    expect(textOf(cs40, '/etc/hosts').split('\n')).toEqual([
      '127.0.0.1 localhost localhost.localdomain localhost4 localhost4.localdomain4',
      '192.168.168.2 cs40.cs-cloud.com cs40',
      '192.168.168.3 xs-01.cs-cloud.com xs-01',
      '192.168.168.4 xs-02.cs-cloud.com xs-02',
      '',
    ]);
  });

  test('/etc/sysconfig/network', () => {
    expect(textOf(cs40, '/etc/sysconfig/network')).toBe('NETWORKING=yes\nHOSTNAME=cs40.cs-cloud.com\n');
  });

  test('/etc/my.cnf', () => {
    expect(textOf(cs40, '/etc/my.cnf')).toBe(`[mysqld]
datadir=/var/lib/mysql
socket=/var/lib/mysql/mysql.sock
user=mysql
symbolic-links=0
innodb_rollback_on_timeout=1
innodb_lock_wait_timeout=600
max_connections=350
log-bin=mysql-bin
binlog-format='ROW'

[mysqld_safe]
log-error=/var/log/mysqld.log
pid-file=/var/run/mysqld/mysqld.pid
`);
  });

  test('/etc/exports', () => {
    expect(textOf(cs40, '/etc/exports')).toBe('/export *(rw,async,no_root_squash)\n');
  });

  test('/etc/sysconfig/nfs fixes every port', () => {
    expect(textOf(cs40, '/etc/sysconfig/nfs').trim().split('\n')).toEqual([
      'LOCKD_TCPPORT=32803',
      'LOCKD_UDPPORT=32769',
      'MOUNTD_PORT=892',
      'RQUOTAD_PORT=875',
      'STATD_PORT=662',
      'STATD_OUTGOING_PORT=2020',
    ]);
  });

  test('/etc/idmapd.conf and /etc/selinux/config', () => {
    expect(textOf(cs40, '/etc/idmapd.conf')).toContain('\nDomain = cs-cloud.com\n');
    expect(textOf(cs40, '/etc/selinux/config')).toContain('SELINUX=permissive\n');
  });

  test('the repo is pinned, the tree goes by its own name', () => {
    expect(textOf(cs40, '/etc/yum.repos.d/cloudstack.repo')).toBe(`[cloudstack]
name=cloudstack
baseurl=http://192.168.168.26/repos/cloudstack@20261122T030000Z-1a2b3c4d/
enabled=1
gpgcheck=0
`);
    expect(textOf(cs40, '/etc/yum.repos.d/rhel6.repo')).toBe(`[rhel6]
name=rhel6
baseurl=http://192.168.168.26/trees/rhel6/
enabled=1
gpgcheck=0
`);
  });

  test('a repo with the name of the tree keeps that name', () => {
    const install: Install = { ...cs40, tree: { ...cs40.tree, name: 'cloudstack' } };
    expect(textOf(install, '/etc/yum.repos.d/cloudstack.repo')).toContain('/repos/cloudstack@');
    expect(textOf(install, '/etc/yum.repos.d/cloudstack-tree.repo')).toContain('[cloudstack-tree]\n');
  });
});

describe('the firewall of EL6', () => {
  const text = textOf(managementInstall(), '/etc/sysconfig/iptables');
  const rules = text.split('\n');

  test.each([
    ...['udp 111', 'tcp 111', 'tcp 2049', 'tcp 32803', 'udp 32769', 'tcp 892', 'udp 892', 'tcp 875', 'udp 875'],
    ...['tcp 662', 'udp 662'],
  ])('lets %s of NFS in from the network, ahead of the REJECT', (service) => {
    const [protocol, port] = service.split(' ');
    expectAccepted(`-A INPUT -s 192.168.168.0/24 -m state --state NEW -p ${protocol} --dport ${port} -j ACCEPT`);
  });

  // As set-up would open them. It leaves out every port that a rule names already, so a narrower one would stay in force.
  test.each(['8080', '8250', '9090', '7080'])('lets tcp %s of CloudStack in from anywhere', (port) => {
    expectAccepted(`-A INPUT -m state --state NEW -p tcp --dport ${port} -j ACCEPT`);
    expect(rules.filter((rule) => rule.includes(port))).toHaveLength(1);
  });

  test('lets ssh in from anywhere', () => {
    expectAccepted('-A INPUT -m state --state NEW -m tcp -p tcp --dport 22 -j ACCEPT');
  });

  function expectAccepted(rule: string): void {
    const at = rules.indexOf(rule);
    expect(at).toBeGreaterThan(-1);
    expect(at).toBeLessThan(rules.indexOf('-A INPUT -j REJECT --reject-with icmp-host-prohibited'));
  }

  test('follows the host’s own subnet', () => {
    const install = managementInstall();
    const moved = { ...install, network: { ...install.network, subnet: parseSubnet('10.20.0.0/16') } };
    const nfs = textOf(moved, '/etc/sysconfig/iptables');
    expect(nfs).toContain('-s 10.20.0.0/16 ');
    expect(nfs).not.toContain('192.168.168.0/24');
  });

  test.for([
    ['a management server', text],
    ['a KVM host', textOf(agentOn('9.6'), '/etc/sysconfig/iptables')],
  ])('of %s is a file that iptables-restore accepts', ([, wanted = ''], context) => {
    const version = spawnSync('iptables-restore', ['--version']);
    const allowed = version.error === undefined && spawnSync('unshare', ['--net', 'true']).status === 0;
    if (!allowed && process.env['CI'] === undefined) return context.skip();
    const file = join(scratch, 'iptables');
    writeFileSync(file, wanted);
    const restore = (path: string): number | null =>
      spawnSync('unshare', ['--net', 'iptables-restore', '--test', path], { stdio: 'pipe' }).status;
    expect(restore(file)).toBe(0);
    writeFileSync(file, wanted.replace('--dport 22 ', '--dport nonsense '));
    expect(restore(file)).not.toBe(0);
  });
});

describe('what a profile opens', () => {
  const firewall = { services: ['http', 'dns'], ports: ['8443/tcp', '6000-6010/udp'] };
  const opening = (install: Install): Install => ({ ...install, custom: { ...install.custom, firewall } });

  test.each([
    ['a management server on EL6', managementInstall()],
    ['a KVM host on EL9', agentOn('9.6')],
  ])('%s: with iptables, from anywhere', (_, install) => {
    const text = textOf(opening(install), '/etc/sysconfig/iptables');
    for (const port of [
      'tcp --dport 80',
      'tcp --dport 53',
      'udp --dport 53',
      'tcp --dport 8443',
      'udp --dport 6000:6010',
    ]) {
      expect(text).toContain(`\n-A INPUT -m state --state NEW -p ${port} -j ACCEPT\n`);
    }
  });

  test('with firewalld, in the zone of its network too', () => {
    const text = textOf(opening(managementOn('9.6')), '/etc/firewalld/zones/cloudstack.xml');
    expect(text).toContain('  <service name="dns"/>\n');
    expect(text).toContain('  <port protocol="udp" port="6000-6010"/>\n');
  });

  test('a service that iptables has no name for is refused, not left out', () => {
    const install = managementInstall();
    const unknown = { services: ['minecraft'], ports: [] };
    expect(() =>
      configFiles({ ...install, custom: { ...install.custom, firewall: unknown } }, redactedSecrets),
    ).toThrow(/iptables knows no service "minecraft"/);
  });
});

describe('values that would break out of their file', () => {
  const hostile = ['evil\nHOSTNAME=other', 'evil\r', 'evil\0', 'a b'];

  test.each(hostile)('%j as a host name', (name) => {
    const install = managementInstall();
    expect(() => configFiles({ ...install, host: { ...install.host, fqdn: name } }, redactedSecrets)).toThrow(
      Malformed,
    );
  });

  test.each(hostile)('%j as a domain', (domain) => {
    const install = managementInstall();
    expect(() => configFiles({ ...install, host: { ...install.host, domain } }, redactedSecrets)).toThrow(Malformed);
  });

  test.each(hostile)('%j as a time server', (server) => {
    const install = managementInstall();
    const site = { ...install.site, ntp: [server] };
    expect(() => configFiles({ ...install, site }, redactedSecrets)).toThrow(Malformed);
  });

  test.each(['../x', 'a/b', 'a]b', '', '.hidden', 'a\nb'])('%j as a repo', (name) => {
    const install = managementInstall();
    const repos = [{ name, url: 'http://192.168.168.26/r/', snapshot: undefined }];
    expect(() => configFiles({ ...install, repos }, redactedSecrets)).toThrow(Malformed);
  });

  test.each(['http://h/a b/', 'http://h/\nenabled=0', 'gopher://h/', ''])('%j as a repo’s URL', (url) => {
    const install = managementInstall();
    const repos = [{ name: 'r', url, snapshot: undefined }];
    expect(() => configFiles({ ...install, repos }, redactedSecrets)).toThrow(Malformed);
  });

  test('a repository path that climbs out of its tree', () => {
    const install = managementInstall();
    const facts = { ...install.tree.facts, repositories: [{ id: 'x', path: '../../repos' }] };
    const tree = { ...install.tree, facts };
    expect(() => configFiles({ ...install, tree }, redactedSecrets)).toThrow(/leads out of its tree/);
  });
});

test('shell-sourced files say what they mean to a shell', () => {
  const install = managementInstall();
  const file = join(scratch, 'ifcfg');
  writeFileSync(file, textOf(install, '/etc/sysconfig/network-scripts/ifcfg-eth0'));
  const output = execFileSync('sh', ['-c', '. "$0"; echo "$DEVICE $HWADDR $IPADDR $NETMASK $GATEWAY $DNS1"', file]);
  expect(output.toString().trim()).toBe(
    'eth0 52:54:00:A8:A8:02 192.168.168.2 255.255.255.0 192.168.168.1 192.168.168.1',
  );
});
