// The scripts that an answerfile names, run for real: by bash and by busybox's shell, in a root with stubs that write down each call.

import { spawnSync } from 'node:child_process';
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hypervisorJob } from '../../../kickstart/hypervisor/job.ts';
import { JOB, jobService } from '../../../kickstart/hypervisor/job-service.ts';
import { renderStageScript } from '../../../kickstart/hypervisor/stage-scripts.ts';
import { redactedSecrets } from '../../../kickstart/secrets.ts';
import type { AnswerfileStage } from '../../../kickstart/urls.ts';
import { ANSWERFILE_STAGES } from '../../../kickstart/urls.ts';
import type { Install } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import type { Chroot } from '../../support/chroot.ts';
import { chrootWorks, makeChroot } from '../../support/chroot.ts';
import { golden } from '../../support/golden.ts';
import { POOL_HASH, POOL_PASSWORD, RELEASES, hypervisorSecrets, joining } from '../../support/hypervisors.ts';
import { TOKEN, xs01 } from '../../support/installs.ts';
import { traceOf } from '../../support/secret-scanner.ts';

const inCi = process.env['CI'] !== undefined;

function scriptOf(install: Install, stage: AnswerfileStage, secrets = hypervisorSecrets): string {
  const text = renderStageScript(install, stage, secrets);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

describe('the text', () => {
  const all = RELEASES.flatMap(([family, version]) =>
    ANSWERFILE_STAGES.map((stage) => [family, version, stage] as const),
  );

  test.each(all)('%s %s %s: every shell accepts it, and the installer its first line', (family, version, stage) => {
    const input = scriptOf(joining(family, version), stage);
    for (const shell of [['sh'], ['bash', '--posix']]) {
      const [command = '', ...args] = shell;
      expect(spawnSync(command, [...args, '-n'], { input }).stderr.toString()).toBe('');
    }
    expect(input.split('\n')[0]).toBe('#!/bin/sh');
  });

  test('golden: the end', () =>
    golden('kickstart/xs-01-installation-complete.sh', scriptOf(xs01, 'installation-complete')));

  test('without secrets, none of them', () => {
    for (const stage of ANSWERFILE_STAGES) {
      const text = scriptOf({ ...joining('xcp-ng', '8.3'), token: undefined }, stage, redactedSecrets);
      expect(traceOf([POOL_PASSWORD, POOL_HASH, TOKEN], text)).toEqual([]);
    }
  });

  test('a secret that is missing is told', () =>
    expect(
      renderStageScript(joining('xcp-ng', '8.3'), 'filesystem-populated', (name) =>
        name === 'root' ? POOL_HASH : undefined,
      ),
    ).toMatchObject({ reason: expect.stringContaining('xen-root is not set') }));
});

describe.skipIf(!chrootWorks() && !inCi)('run', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['sleep', 'curl']) root.stub(command);
    root.put('/ash', '#!/bin/bash\nexec /bin/busybox sh "$@"\n', 0o755);
    root.put('/mnt/root/etc/hosts', '');
  });
  afterEach(() => root.remove());

  const NAME = '/tmp/scripts/filesystem-populatedAb1';
  const said = (): readonly string[] => root.calls().map((call) => call.replace(/^curl .*\/events\?token=[^&]*&/, ''));
  const isThere = (path: string): boolean => lstatSync(join(root.path, path), { throwIfNoEntry: false }) !== undefined;

  describe.each(['bash', 'busybox'])('by %s', (shell) => {
    const run = (install: Install, stage: AnswerfileStage, argument: string): number => {
      const file = stage === 'filesystem-populated' ? NAME : `/tmp/scripts/${stage}`;
      root.put(file, scriptOf(install, stage), 0o700);
      return shell === 'bash' ? root.run(file, argument) : root.run('/ash', file, argument);
    };

    test.each([
      ['xenserver', '6.0.2', 'sysv'],
      ['xcp-ng', '8.3', 'systemd'],
    ] as const)('%s %s: the job lies in the new system, and starts by itself', (family, version, init) => {
      const install = joining(family, version);
      expect(run(install, 'filesystem-populated', '/mnt/root')).toBe(0);
      const job = hypervisorJob(install, hypervisorSecrets);
      if (job === undefined || isNo(job)) throw new Error('no job');
      expect(root.read(`/mnt/root${JOB}`)).toBe(job.file.text);
      expect(statSync(join(root.path, 'mnt/root', JOB)).mode & 0o7777).toBe(0o700);
      const { links, unit } = jobService(init);
      for (const { from, to } of links) expect(readlinkSync(join(root.path, 'mnt/root', from))).toBe(to);
      if (unit !== undefined) expect(root.read(`/mnt/root${unit.path}`)).toBe(unit.text);
      expect(said()).toEqual(['stage=populated']);
      expect(root.has('/tmp/kickstand-not-placed')).toBe(false);
      // With its logs the installer would keep it, and what it holds.
      expect(root.has(NAME)).toBe(false);
      run(install, 'installation-complete', '0');
      expect(said()).toEqual(['stage=installed']);
    });

    test.each([
      ['no argument', ''],
      ['a place that is no system', '/mnt/elsewhere'],
    ])('%s: nothing is written anywhere, and the end is a failure', (_, argument) => {
      expect(run(joining('xcp-ng', '8.3'), 'filesystem-populated', argument)).toBe(0);
      expect(['/opt', '/mnt/elsewhere', '/etc/systemd'].filter(isThere)).toEqual([]);
      run(joining('xcp-ng', '8.3'), 'installation-complete', '0');
      expect(said()).toEqual(['stage=populated', 'stage=failed&message=the+first-boot+job+could+not+be+written']);
    });

    test('a failure is reported with the log of the installer', () => {
      root.put('/tmp/install-log', 'what went wrong\n');
      expect(run(xs01, 'installation-complete', '1')).toBe(0);
      expect(root.calls().at(-1)).toMatch(
        /--data-binary @\S+ http:\/\/\S+stage=failed&message=the\+installer\+reports\+failure$/,
      );
    });

    test('the start is reported', () => {
      expect(run(xs01, 'installation-start', '')).toBe(0);
      expect(said()).toEqual(['stage=started']);
    });
  });
});
