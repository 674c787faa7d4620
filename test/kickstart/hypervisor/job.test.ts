// The first-boot job of a hypervisor, run for real in a root with bash and busybox alone; stubs stand for xe and write down each call.

import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hypervisorJob } from '../../../kickstart/hypervisor/job.ts';
import { JOB, jobService } from '../../../kickstart/hypervisor/job-service.ts';
import { DONE, FIRST_BOOT_LOG } from '../../../kickstart/once.ts';
import { redactedSecrets } from '../../../kickstart/secrets.ts';
import type { Install, SecretLookup } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import type { Chroot } from '../../support/chroot.ts';
import { chrootWorks, makeChroot } from '../../support/chroot.ts';
import { golden } from '../../support/golden.ts';
import {
  POOL_HASH,
  POOL_PASSWORD,
  RELEASES,
  everything,
  hypervisorSecrets,
  joining,
  withOptions,
} from '../../support/hypervisors.ts';
import { TOKEN, hypervisor, xs01 } from '../../support/installs.ts';
import { traceOf } from '../../support/secret-scanner.ts';

const inCi = process.env['CI'] !== undefined;
const UUID = '5f1c2a90-0000-4000-8000-00000000abcd';

function textOf(install: Install, secrets: SecretLookup = hypervisorSecrets): string {
  const job = hypervisorJob(install, secrets);
  if (job === undefined || isNo(job)) throw new Error(job?.reason ?? 'no job');
  return job.file.text;
}

describe('the text', () => {
  test.each(RELEASES)('%s %s: bash accepts it, and finds no word of a later bash in it', (family, version) => {
    const text = textOf(joining(family, version));
    expect(spawnSync('bash', ['-n'], { input: text }).stderr.toString()).toBe('');
    // 6.x has bash 3.2: no associative arrays, no case modification, no |& and &>>, no mapfile (its CHANGES).
    expect(text).not.toMatch(/declare -A|local -A|\$\{\w+(?:\^|,,)|\|&|&>>|mapfile|readarray|coproc/);
  });

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  test.skipIf(!shellcheck && !inCi).each(RELEASES)('shellcheck: %s %s', (family, version) => {
    const input = textOf(joining(family, version));
    const run = spawnSync('shellcheck', ['--shell=bash', '--severity=warning', '-'], { input });
    expect(run.stdout.toString()).toBe('');
  });

  test('goldens: a host that joins a pool', () => {
    golden('kickstart/hypervisors/job-6.0.2.sh', textOf(joining('xenserver', '6.0.2')));
    golden('kickstart/hypervisors/job-8.3.sh', textOf(joining('xcp-ng', '8.3')));
  });

  test('there is none where there is nothing to do', () => {
    expect(hypervisorJob(xs01, hypervisorSecrets)).toBeUndefined();
    const said = withOptions(xs01, { srType: 'ext', backend: 'bridge' });
    expect(hypervisorJob(said, hypervisorSecrets)).toBeUndefined();
  });

  test('without secrets it holds none, and refuses to run', () => {
    const text = textOf({ ...joining('xcp-ng', '8.3'), token: undefined }, redactedSecrets);
    expect(traceOf([POOL_PASSWORD, POOL_HASH, TOKEN], text)).toEqual([]);
    const run = spawnSync('bash', ['-s', 'run'], { input: text });
    expect([run.status, run.stderr.toString()]).toEqual([1, expect.stringContaining('without the password')]);
  });

  test('the master of a pool has no password in it, and needs none to be set', () => {
    const text = textOf(withOptions(hypervisor('xcp-ng', '8.3'), everything('8.3')), (name) =>
      name === 'root' ? POOL_HASH : undefined,
    );
    expect(text).not.toContain('pool-join');
  });
});

describe.skipIf(!chrootWorks() && !inCi)('run', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['sleep', 'sysctl', 'reboot', 'yes', 'xe-install-supplemental-pack']) root.stub(command);
    root.stub('curl', FETCHING);
    root.stub('xe', XE);
    root.put('/opt/xensource/libexec/xen-cmdline', '#!/bin/bash\necho "xen-cmdline $*" >>/calls\n', 0o755);
    root.put('/etc/xensource-inventory', `PRODUCT_VERSION='6.0.2'\nINSTALLATION_UUID='${UUID}'\n`);
    root.put('/etc/xensource/pool.conf', 'master');
    root.put('/etc/sysctl.conf', 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 0\n');
  });
  afterEach(() => root.remove());

  const start = (install: Install): number => {
    root.put(JOB, textOf(install), 0o700);
    return root.run(JOB, 'run');
  };
  /** The calls of stubs: reports shortened to what they say, waiting left out. */
  const said = (): readonly string[] =>
    root
      .calls()
      .filter((call) => !/^(?:sleep|yes)\b/.test(call))
      .map((call) => call.replace(/^curl .*\/events\?token=[^&]*&/, '').replace(/^curl .* (http\S+)$/, 'GET $1'));
  /** The same without reports that a step has ended. */
  const steps = (): readonly string[] => said().filter((call) => !/^stage=.*\.done/.test(call));

  test('everything on 6.0.2: steps in order, a restart, then the pool', () => {
    const install = joining('xenserver', '6.0.2');
    expect(start(install)).toBe(0);
    expect(steps()).toEqual([
      'stage=first-boot',
      'stage=first-boot.xapi',
      `xe host-list uuid=${UUID} --minimal`,
      'stage=first-boot.networks',
      `xe pif-list host-uuid=${UUID} device=eth0 VLAN=-1 params=network-uuid --minimal`,
      'xe network-param-set uuid=net-0 name-label=cloud-private',
      'xe network-list bridge=xenbr1 --minimal',
      "xe network-param-set uuid=net-1 name-label=cloud guest's, 2",
      'stage=first-boot.license',
      `GET http://192.168.168.26/hosts/xs-02/files/license?token=${TOKEN}`,
      `xe host-license-add host-uuid=${UUID} license-file=/root/kickstand-license`,
      'stage=first-boot.pack-1',
      `GET http://192.168.168.26/hosts/xs-02/files/pack-1?token=${TOKEN}`,
      'xe-install-supplemental-pack /root/kickstand-pack.iso',
      'stage=first-boot.dom0-memory',
      'xen-cmdline --set-xen dom0_mem=2940M,max:2940M',
      'stage=first-boot.restart',
      'reboot',
    ]);
    for (const file of ['/root/kickstand-license', '/root/kickstand-pack.iso'])
      expect(root.has(file), file).toBe(false);

    root.put('/master-is-up', '');
    expect(root.run(JOB, 'run')).toBe(0);
    expect(steps()).toEqual([
      'stage=first-boot',
      'stage=first-boot.xapi',
      `xe host-list uuid=${UUID} --minimal`,
      'stage=first-boot.pool',
      'xe pool-join master-address=192.168.168.3 master-username=root',
      'stage=configured',
    ]);
    expect(root.read('/joined')).toBe(`master-password=${POOL_PASSWORD}\n`);
    expect(root.has(JOB)).toBe(false);
  });

  test('the password shows in no command line, no log and no report', () => {
    start(joining('xcp-ng', '8.3'));
    root.put('/master-is-up', '');
    root.run(JOB, 'run');
    expect(traceOf([POOL_PASSWORD], `${root.read('/calls')}${root.read(FIRST_BOOT_LOG)}`)).toEqual([]);
    expect(root.read('/joined')).toContain(POOL_PASSWORD);
  });

  test.each([
    ['xenserver', '6.2.0', '/etc/sysctl.conf', 'net.ipv4.ip_forward = 1\n'],
    ['xcp-ng', '8.2.1', '/etc/sysctl.d/90-kickstand.conf', ''],
  ] as const)('%s %s: security groups filter on bridges', (family, version, file, before) => {
    expect(start(withOptions(hypervisor(family, version), { backend: 'bridge' }))).toBe(0);
    expect(root.read(file)).toBe(
      `${before}net.bridge.bridge-nf-call-iptables = 1\nnet.bridge.bridge-nf-call-ip6tables = 0\nnet.bridge.bridge-nf-call-arptables = 1\n`,
    );
    expect(said()).toContain(`sysctl -e -p ${file}`);
  });

  const pool = { pool: { master: 'xs-01', password: { secret: 'xen-root' } } };
  const member = (): Install => withOptions(joining('xcp-ng', '8.3'), pool);
  const joins = (calls: readonly string[]): number => calls.filter((call) => call.startsWith('xe pool-join')).length;

  test('waits for a master that is still installing', () => {
    root.stub(
      'sleep',
      'count=$(cat /naps 2>/dev/null || echo 0); echo $((count + 1)) >/naps; [ "$count" -lt 2 ] || : >/master-is-up',
    );
    expect(start(member())).toBe(0);
    const calls = said();
    expect(joins(calls)).toBe(4);
    expect(calls.at(-1)).toBe('stage=configured');
  });

  test('does not wait for ever', () => {
    const text = textOf(member());
    expect(text).toContain('tries=240\n');
    root.put(JOB, text.replace('tries=240\n', 'tries=3\n'), 0o700);
    expect(root.run(JOB, 'run')).toBe(1);
    const calls = said();
    expect(joins(calls)).toBe(3);
    expect(calls.at(-1)).toMatch(/^stage=failed&message=first-boot\+step\+pool/);
    expect(root.read(FIRST_BOOT_LOG)).toContain('xs-01 (192.168.168.3) did not take this host within two hours');
  });

  test.each([
    ['a wrong password', 'Authentication failed', 'xs-01 refuses the password in the secret xen-root'],
    ['other processors', 'The hosts in this pool are not homogeneous.', 'homogeneous'],
  ])('gives up at once for %s', (_, message, told) => {
    root.stub('xe', `${XE_ALWAYS}case $1 in pool-join) echo ${JSON.stringify(message)} >&2; exit 1 ;; esac`);
    expect(start(member())).toBe(1);
    expect(joins(said())).toBe(1);
    expect(root.read(FIRST_BOOT_LOG)).toContain(told);
  });

  test('an xe that takes nothing from its environment has the password as an argument', () => {
    root.stub(
      'xe',
      `${XE_ALWAYS}case "$*" in pool-join*master-password=*) ;; pool-join*) echo 'Required parameter not found: master-password' >&2; exit 1 ;; esac`,
    );
    expect(start(member())).toBe(0);
    expect(root.read('/calls')).toContain(`master-username=root master-password=${POOL_PASSWORD}`);
  });

  test('a host that is in a pool already does not join again', () => {
    root.put('/etc/xensource/pool.conf', 'slave:192.168.168.3');
    expect(start(member())).toBe(0);
    expect(joins(said())).toBe(0);
  });

  test('a network that is not there fails the job, which then starts by itself no more', () => {
    const install = withOptions(hypervisor('xcp-ng', '8.3'), { labels: [{ device: 'eth7', label: 'x' }] });
    const { autostart } = jobService('systemd');
    root.put(autostart, '');
    expect(start(install)).toBe(1);
    expect(said().at(-1)).toMatch(/^stage=failed&message=first-boot\+step\+networks\+ended\+with\+status\+1/);
    expect(root.read(FIRST_BOOT_LOG)).toContain('not one network has eth7, but: none');
    expect([root.has(autostart), root.has(JOB)]).toEqual([false, true]);
  });

  test('waits for a card that xapi finds late', () => {
    root.stub(
      'xe',
      `${XE_ALWAYS}case "$*" in *device=eth5*) echo >>/asked; [ "$(grep -c '' /asked)" -lt 3 ] || echo net-5 ;; esac`,
    );
    root.stub('xapi-wait-init-complete');
    expect(start(withOptions(hypervisor('xcp-ng', '8.3'), { labels: [{ device: 'eth5', label: 'late' }] }))).toBe(0);
    const calls = steps();
    expect(calls.filter((call) => call.includes('device=eth5'))).toHaveLength(3);
    expect(calls).toContain('xe network-param-set uuid=net-5 name-label=late');
    expect(calls).toContain('xapi-wait-init-complete 600');
  });

  test('what was done is not done again', () => {
    root.put('/master-is-up', '');
    root.put(`${DONE}/networks`, '');
    root.put(`${DONE}/restart`, '');
    expect(start(joining('xcp-ng', '8.3'))).toBe(0);
    expect(said()).not.toContain('xe network-param-set uuid=net-0 name-label=cloud-private');
  });

  test('a file that cannot be fetched fails it', () => {
    root.stub('curl', 'case "$*" in */files/*) exit 22 ;; esac');
    expect(start(withOptions(hypervisor('xenserver', '6.0.2'), { license: 'free.xslic' }))).toBe(1);
    expect(said().some((call) => call.startsWith('xe host-license-add'))).toBe(false);
    expect(root.read(FIRST_BOOT_LOG)).toContain('kickstand-license could not be fetched from the appliance');
  });

  test('started by init, it goes on in the background', () => {
    root.put('/master-is-up', '');
    root.put(JOB, textOf(member()), 0o700);
    root.put('/dev/null', '');
    root.put(
      '/start',
      `#!/bin/bash\n${JOB} start\nwait_for=100\nwhile [ -e ${JOB} ] && [ $wait_for -gt 0 ]; do wait_for=$((wait_for - 1)); /bin/busybox usleep 50000; done\n`,
    );
    expect(root.run('/start')).toBe(0);
    expect(said().at(-1)).toBe('stage=configured');
  });
});

/** Writes what it was told to fetch; reports are only written down. */
const FETCHING = `while [ $# -gt 0 ]; do
  case $1 in -o) [ "$2" = /dev/null ] || echo content >"$2" ;; esac
  shift
done`;

const XE_ALWAYS = `case "$*" in
  "host-list uuid=${UUID} --minimal") echo ${UUID} ;;
  "pif-list"*" device=eth0 "*) echo net-0 ;;
  "network-list bridge=xenbr1 --minimal") echo net-1 ;;
esac
`;

const XE = `${XE_ALWAYS}case $1 in
  pool-join)
    [ -e /master-is-up ] || { echo 'The master reports that it cannot talk back' >&2; exit 1; }
    echo "$XE_EXTRA_ARGS" >/joined
    ;;
esac`;
