// The scripts of a kickstart, run for real in a root with bash and busybox alone; stubs write down what is called.

import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installerFiles, placedFiles } from '../../kickstart/bundle/files.ts';
import { firstBootScript } from '../../kickstart/first-boot.ts';
import { FIRST_BOOT_NAME } from '../../kickstart/once.ts';
import { renderKickstart } from '../../kickstart/render.ts';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import type { Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import type { Chroot } from '../support/chroot.ts';
import { chrootWorks, makeChroot } from '../support/chroot.ts';
import { SECRET_VALUES, TOKEN, cs40, minimal, secrets } from '../support/installs.ts';
import { bodyOf } from '../support/kickstart-text.ts';

const EVENTS = `http://192.168.168.26/hosts/cs40/events?token=${TOKEN}`;
const FIRST_BOOT = `/etc/rc.d/init.d/${FIRST_BOOT_NAME}`;
const KEY_FILE = '/etc/cloud/management/key';
const inCi = process.env['CI'] !== undefined;

function kickstart(install: Install): string {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

describe('the shell accepts every script', () => {
  const scripts = [cs40, minimal('6.2'), minimal('7.9'), minimal('8.10'), minimal('9.6'), minimal('10.0')].flatMap(
    (install) =>
      ['pre', 'post'].map((section): [string, string] => [
        `%${section} of ${install.role} on ${install.os.version}`,
        bodyOf(kickstart(install), section),
      ]),
  );
  const protecting = { ...minimal('9.6'), protect: true };
  scripts.push(['%pre of a profile that protects data', bodyOf(kickstart(protecting), 'pre')]);
  const firstBoot: [string, string] = ['the first-boot script', firstBootScript(cs40, secrets)?.text ?? 'if'];

  test.each([...scripts, firstBoot])('bash -n: %s', (_, text) => {
    expect(spawnSync('bash', ['-n'], { input: text }).stderr.toString()).toBe('');
  });

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  test.skipIf(!shellcheck && !inCi).each([...scripts, firstBoot])('shellcheck: %s', (_, text) => {
    const run = spawnSync('shellcheck', ['--shell=bash', '--severity=warning', '-'], { input: text });
    expect(run.stdout.toString()).toBe('');
    expect(run.status).toBe(0);
  });
});

describe.skipIf(!chrootWorks() && !inCi)('run', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['curl', 'chkconfig', 'service', 'sleep']) root.stub(command);
  });
  afterEach(() => root.remove());

  const script = (install: Install, section: string): string => {
    root.put('/tmp/script', bodyOf(kickstart(install), section));
    return '/tmp/script';
  };
  /** The calls of stubs, reports shortened to what they say; waiting and the ends of steps left out. */
  const said = (): readonly string[] =>
    root
      .calls()
      .filter((call) => !call.startsWith('sleep') && !/&stage=[\w.-]+\.done&/.test(call))
      .map((call) => call.replace(/^curl .*\/events\?token=[^&]*&/, ''));

  describe('%pre', () => {
    test('refuses where a disk is missing, before anything else happens', () => {
      expect(root.run(script(cs40, 'pre'))).toBe(1);
      expect(said()).toEqual(['stage=started', 'stage=failed&message=there+is+no+disk+/dev/sda']);
      expect(root.has('/tmp/kickstand-checked.ks')).toBe(false);
    });

    test('sends what it found with its refusal', () => {
      root.stub('curl', 'for word in "$@"; do case $word in @*) cat "${word#@}" >/posted ;; esac; done');
      expect(root.run(script(cs40, 'pre'))).toBe(1);
      expect(root.read('/posted')).toMatch(
        / checking this machine\nkickstand: REFUSED: there is no disk \/dev\/sda\. /,
      );
    });

    test('refuses on a machine without the MAC of the host', () => {
      root.put('/sys/class/net/eth0/address', '52:54:00:00:00:01\n');
      root.put('/sys/class/net/lo/address', '00:00:00:00:00:00\n');
      expect(root.run(script(cs40, 'pre'))).toBe(1);
      expect(said().at(-1)).toBe('stage=failed&message=this+machine+has+no+network+card+of+cs40');
    });

    test('takes any of its cards for the host', () => {
      root.put('/sys/class/net/eth0/address', '52:54:00:00:00:01\n');
      root.put('/sys/class/net/eth1/address', '52:54:00:a8:a8:02\n');
      expect(root.run(script(cs40, 'pre'))).toBe(1);
      expect(said().at(-1)).toContain('no+disk');
    });

    test('takes an earlier pass back', () => {
      root.put('/tmp/kickstand-checked.ks', 'left over\n');
      root.run(script(cs40, 'pre'));
      expect(root.has('/tmp/kickstand-checked.ks')).toBe(false);
    });
  });

  describe('%post', () => {
    test('of a management server: files in place, services on, stages in order', () => {
      expect(root.run(script(cs40, 'post'))).toBe(0);
      for (const file of placedFiles(cs40, secrets)) {
        expect(root.read(file.path), file.path).toBe(file.text);
        expect(statSync(join(root.path, file.path)).mode & 0o7777, file.path).toBe(file.mode);
      }
      expect(said()).toEqual([
        'stage=post',
        'stage=post.files',
        'stage=post.exports',
        'stage=post.services',
        ...['sshd', 'ntpd', 'mysqld', 'rpcbind', 'nfs'].map((service) => `chkconfig ${service} on`),
        'stage=post.first-boot',
        `chkconfig --add ${FIRST_BOOT_NAME}`,
        `chkconfig ${FIRST_BOOT_NAME} on`,
        'chkconfig cloud-management off',
        'stage=installed',
      ]);
      // nfs starts before the first-boot script does.
      expect(root.has('/export/primary')).toBe(true);
      expect(root.has('/export/secondary')).toBe(true);
      expect(root.read('/root/kickstand-post.log')).toContain(' first-boot\n');
    });

    test.each(['6.2', '7.9', '8.10', '9.6', '10.0'])('of a minimal host on RHEL %s', (version) => {
      const install = minimal(version);
      expect(root.run(script(install, 'post'))).toBe(0);
      for (const file of placedFiles(install, secrets)) expect(root.read(file.path), file.path).toBe(file.text);
      // Two profiles for one card break EL6's network: the installer's own stays the only one.
      for (const file of installerFiles(install)) expect(root.has(file.path), file.path).toBe(false);
      expect(said()).toEqual(['stage=post', 'stage=post.files', 'stage=installed']);
    });

    test('its text does not stay in the installed system', () => {
      root.put('/tmp/ks-script-Ab1', bodyOf(kickstart(cs40), 'post'), 0o700);
      expect(root.run('/tmp/ks-script-Ab1')).toBe(0);
      expect(root.has('/tmp/ks-script-Ab1')).toBe(false);
      expect(said().at(-1)).toBe('stage=installed');
    });

    test('run by hand from elsewhere, it stays', () => {
      root.run(script(minimal('6.2'), 'post'));
      expect(root.has('/tmp/script')).toBe(true);
    });

    test('a link that leads nowhere gives way to the file', () => {
      symlinkSync('/run/none/resolv.conf', join(root.path, 'etc/resolv.conf'));
      expect(root.run(script(minimal('9.6'), 'post'))).toBe(0);
      expect(root.read('/etc/resolv.conf')).toContain('nameserver 192.168.168.1');
    });

    test('stops at the first step that fails, and says which', () => {
      root.stub('chkconfig', '[ "$1" != mysqld ]');
      expect(root.run(script(cs40, 'post'))).toBe(1);
      expect(said().slice(-2)).toEqual([
        'chkconfig mysqld on',
        'stage=failed&message=post+step+services+ended+with+status+1',
      ]);
    });

    test('an appliance that does not answer ends no installation', () => {
      root.stub('curl', 'exit 7');
      expect(root.run(script(minimal('6.2'), 'post'))).toBe(0);
      const tries = said().map((call) => call.replace('stage=', ''));
      expect(tries).toEqual(['post', 'post', 'post', 'post.files', 'installed']);
    });
  });

  describe('the first-boot script', () => {
    const steps = [
      'hostname',
      'selinux',
      'time',
      'mysqld',
      'mysql-root',
      'databases',
      'management',
      'exports',
      'firewall',
      'nfs',
      'server',
    ];
    const install = (text = firstBootScript(cs40, secrets)?.text ?? ''): void => root.put(FIRST_BOOT, text, 0o700);
    const stages = (calls: readonly string[]): readonly string[] =>
      calls.filter((call) => call.startsWith('stage=')).map((call) => call.replace('stage=', ''));
    const allSteps = ['first-boot', ...steps.map((step) => `first-boot.${step}`)];

    beforeEach(() => {
      for (const command of ['mysqladmin', 'exportfs', 'setenforce', 'chgrp']) root.stub(command);
      root.stub('cloud-setup-databases', `mkdir -p /etc/cloud/management\necho key >${KEY_FILE}`);
      root.stub('cloud-setup-management', 'echo "CloudStack Management Server setup is Done!"');
      root.stub('hostname', 'echo cs40.cs-cloud.com');
      root.stub('getenforce', 'echo Enforcing');
      // As MySQL's: root needs no password until one is set by SQL on standard input.
      root.stub(
        'mysql',
        'case $* in *-e*) if [ -e /sql ]; then [ "$MYSQL_PWD" = Mysql_root+secret ]; fi ;; *) cat >/sql ;; esac',
      );
      install();
    });

    test('goes through the manual in its order, once, and removes itself', () => {
      expect(root.run(FIRST_BOOT, 'start')).toBe(0);
      const calls = said();
      expect(stages(calls).slice(0, -1)).toEqual(allSteps);
      expect(stages(calls).at(-1)).toMatch(
        /^configured&message=remaining:\+put\+vhd-util.*seed\+the\+system\+VM\+template$/,
      );
      expect(calls.filter((call) => !call.startsWith('stage='))).toEqual([
        'hostname --fqdn',
        'getenforce ',
        'setenforce 0',
        'chkconfig ntpd on',
        'service ntpd start',
        'chkconfig mysqld on',
        'service mysqld start',
        'mysqladmin ping',
        'mysql -u root -e SELECT 1',
        'mysql -u root',
        'mysql -u root -e SELECT 1',
        'cloud-setup-databases cloud:Cl0ud-db-secret@localhost --deploy-as=root:Mysql_root+secret -e file -m Management.key^secret -k Database=key%secret -i 192.168.168.2',
        `chgrp cloud ${KEY_FILE}`,
        'cloud-setup-management ',
        'exportfs -a',
        'service iptables restart',
        'service iptables save',
        'chkconfig rpcbind on',
        'chkconfig nfs on',
        'service rpcbind start',
        'service nfs start',
        'exportfs -a',
        'service cloud-management status',
        'chkconfig cloud-management on',
        `chkconfig --del ${FIRST_BOOT_NAME}`,
      ]);
      expect(root.read('/sql')).toContain("PASSWORD('Mysql_root+secret')");
      expect(root.has('/export/primary')).toBe(true);
      expect(root.has('/export/secondary')).toBe(true);
      expect(root.has(FIRST_BOOT)).toBe(false);
      expect(statSync(join(root.path, 'root/kickstand-firstboot.log')).mode & 0o7777).toBe(0o600);
    });

    test('stops where a step fails, reports it, and does not start again by itself', () => {
      root.stub('exportfs', 'exit 3');
      expect(root.run(FIRST_BOOT, 'start')).toBe(1);
      expect(said().slice(-3)).toEqual([
        'exportfs -a',
        'stage=failed&message=first-boot+step+exports+ended+with+status+3',
        `chkconfig ${FIRST_BOOT_NAME} off`,
      ]);
      expect(root.has(FIRST_BOOT)).toBe(true);
    });

    test('started again by hand, it repeats no step that was done: the databases are set up once', () => {
      root.stub('exportfs', 'exit 3');
      root.run(FIRST_BOOT, 'start');
      said();
      root.stub('exportfs');
      expect(root.run(FIRST_BOOT, 'start')).toBe(0);
      const calls = said();
      expect(stages(calls).slice(0, 3)).toEqual(['first-boot', 'first-boot.exports', 'first-boot.firewall']);
      expect(calls.some((call) => call.startsWith('cloud-setup'))).toBe(false);
    });

    test('the key is there for CloudStack to read, and for nobody else, at any moment', () => {
      root.stub('chgrp', 'ls -l "$2" >/before');
      expect(root.run(FIRST_BOOT, 'start')).toBe(0);
      expect(root.read('/before')).toMatch(/^-rw-------/);
      expect(statSync(join(root.path, KEY_FILE)).mode & 0o7777).toBe(0o640);
    });

    test('from 4.1 on the key lies elsewhere', () => {
      const renamed: Install = {
        ...cs40,
        cloudstack: { version: '4.1', hypervisor: 'xenserver', mirrorOnHost: false },
      };
      const text = firstBootScript(renamed, secrets)?.text;
      expect(text).toContain(
        '\nchgrp cloud /etc/cloudstack/management/key\nchmod 0640 /etc/cloudstack/management/key\n',
      );
    });

    // As cloud-setup-databases prints them: while it reads its arguments, and when mysql fails.
    const TELLING = `echo "Mysql user password:Cl0ud-db-secret                             [ OK ]"
echo "Mysql root user password:Mysql_root+secret                        [ OK ]"
echo "{'passwd': 'Mysql_root+secret', 'host': 'localhost', 'user': 'root'}" >&2`;

    test('passwords that setting up the databases prints do not get into the log', () => {
      root.stub('cloud-setup-databases', `${TELLING}\nexit 4`);
      expect(root.run(FIRST_BOOT, 'start')).toBe(1);
      const log = root.read('/root/kickstand-firstboot.log');
      expect(SECRET_VALUES.filter((value) => log.includes(value))).toEqual([]);
      expect(log).toContain('[ OK ]');
      expect(log).toContain("'host': 'localhost'");
      expect(stages(said()).at(-1)).toBe('failed&message=first-boot+step+databases+ended+with+status+4');
    });

    test.each([
      ['says nothing', ':'],
      ['prints what went wrong', 'echo "Configure Firewall ... [Failed]"; echo "Try to restore your system:"'],
      ['fails', 'echo "no such command" >&2; exit 127'],
    ])('a management set-up that %s has failed, whatever its status', (_, body) => {
      root.stub('cloud-setup-management', body);
      expect(root.run(FIRST_BOOT, 'start')).toBe(1);
      expect(stages(said()).at(-1)).toBe('failed&message=first-boot+step+management+ended+with+status+1');
    });

    test('a daemon that set-up leaves behind with its output open holds nothing up, and no file stays', () => {
      root.stub('cloud-setup-management', '(busybox sleep 10; echo late >>/calls) &\necho "setup is done"');
      expect(root.run(FIRST_BOOT, 'start')).toBe(0);
      expect(readdirSync(join(root.path, 'tmp'))).toEqual([]);
      expect(root.read('/root/kickstand-firstboot.log')).toContain('setup is done\n');
      expect(root.calls()).not.toContain('late');
    });

    test('a kickstart that the installer has kept is removed', () => {
      root.put('/root/original-ks.cfg', 'secrets\n');
      expect(root.run(FIRST_BOOT, 'start')).toBe(0);
      expect(root.has('/root/original-ks.cfg')).toBe(false);
    });

    test('a root password that is set already is left alone', () => {
      root.put('/sql', 'before\n');
      expect(root.run(FIRST_BOOT, 'start')).toBe(0);
      expect(root.read('/sql')).toBe('before\n');
    });

    test('another root password stops it', () => {
      root.stub('mysql', 'exit 1');
      expect(root.run(FIRST_BOOT, 'start')).toBe(1);
      expect(stages(said()).at(-1)).toBe('failed&message=first-boot+step+mysql-root+ended+with+status+1');
    });

    test('a host name without a dot stops it before anything was changed', () => {
      root.stub('hostname', 'echo cs40');
      expect(root.run(FIRST_BOOT, 'start')).toBe(1);
      expect(said()).toEqual([
        'stage=first-boot',
        'stage=first-boot.hostname',
        'hostname --fqdn',
        'stage=failed&message=first-boot+step+hostname+ended+with+status+1',
        `chkconfig ${FIRST_BOOT_NAME} off`,
      ]);
    });

    test('no daemon inherits its lock', () => {
      root.stub('service', 'if (: >&9) 2>/dev/null; then echo held >>/calls; fi');
      root.stub('exportfs', 'exit 3');
      root.run(FIRST_BOOT, 'start');
      expect(said()).not.toContain('held');
    });

    test('a redacted copy does nothing', () => {
      install(firstBootScript(cs40, redactedSecrets)?.text);
      expect(root.run(FIRST_BOOT, 'start')).toBe(1);
      expect(said()).toEqual([]);
    });

    test.each([
      ['stop', 0],
      ['status', 0],
      ['', 2],
    ])('%j changes nothing', (argument, status) => {
      expect(root.run(FIRST_BOOT, argument)).toBe(status);
      expect(said()).toEqual([]);
    });
  });

  test('reports go to the host and carry the token', () => {
    root.run(script(cs40, 'pre'));
    expect(root.calls()[0]).toContain(` ${EVENTS}&stage=started`);
  });
});
