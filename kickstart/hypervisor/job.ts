// The job that finishes a hypervisor at its first boot: once, step by step, each reported, across a restart where one is needed.

import type { ConfigFile, Install, SecretLookup } from '../../server/domain.ts';
import { hypervisorDialect } from '../../server/hypervisor-versions.ts';
import type { No } from '../../server/malformed.ts';
import { isNo, no } from '../../server/malformed.ts';
import { ALONE, DONE, FIRST_BOOT_LOG, onceText, withoutLock } from '../once.ts';
import { shellWord } from '../quote.ts';
import { isPlaceholder, secretsOf } from '../secrets.ts';
import { stepFunctions, stepText } from '../sections/steps.ts';
import { JOB_FUNCTIONS } from './job-functions.ts';
import type { JobService } from './job-service.ts';
import { JOB, jobService } from './job-service.ts';
import { hasJob, jobSteps } from './job-steps.ts';
import { joiningOf } from './pool.ts';

/** The job and what starts it. */
export type Job = { readonly file: ConfigFile; readonly service: JobService };

/**
 * The job of `install`, undefined where there is nothing to do, or why there can be none. Readable by root alone: it may hold
 * a password, and removes itself when it is done.
 */
export function hypervisorJob(install: Install, secrets: SecretLookup): Job | undefined | No {
  const dialect = hypervisorDialect(install.os);
  if (dialect === undefined)
    return no(`${install.os.family} ${install.os.version} is no hypervisor that is known here`);
  if (!hasJob(install)) return undefined;
  const values = secretsOf(install, secrets);
  if (isNo(values)) return values;
  const service = jobService(dialect.init);
  const password = values.get(joiningOf(install)?.secret ?? '') ?? '';
  const text = [header(service), refuseRedacted(password), functions(install, service), body(install, password)];
  return { file: { path: JOB, mode: 0o700, text: [...text, ending(service)].join('\n') }, service };
}

/** The job and its unit as files, for bundles; none where there is no job or none can be made (the answerfile says why). */
export function jobFiles(install: Install, secrets: SecretLookup): readonly ConfigFile[] {
  const job = hypervisorJob(install, secrets);
  if (job === undefined || isNo(job)) return [];
  const { unit } = job.service;
  return [job.file, ...(unit === undefined ? [] : [{ ...unit, mode: 0o644 }])];
}

// Bash 3.2 (6.x) to 4.2. In the background where an init script starts it, so that no console waits for it.
function header({ startCommand }: JobService): string {
  return `#!/bin/bash
# Finishes this hypervisor after its installation: once, at the first boot, by Kickstand.
#
# After a failure it does not run again by itself. Mend the cause (${FIRST_BOOT_LOG}), then:
#   ${startCommand}
# Steps that were done are not repeated.

case $1 in
  run) ;;
  start)
    "$0" run </dev/null >/dev/null 2>&1 &
    exit 0
    ;;
  stop | restart | force-reload) exit 0 ;;
  status)
    ls ${DONE} 2>/dev/null
    exit 0
    ;;
  *)
    echo "Usage: $0 {start|run|status}"
    exit 2
    ;;
esac
LC_ALL=C
PATH=/opt/xensource/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
`;
}

function refuseRedacted(password: string): string {
  if (!isPlaceholder(password)) return '';
  return `echo ${shellWord('this copy was made without the password of its pool')} >&2\nexit 1\n`;
}

function functions(install: Install, { autostart }: JobService): string {
  const script = { stage: 'first-boot', log: FIRST_BOOT_LOG, onFailure: `rm -f ${autostart}` };
  return `${ALONE}touch ${FIRST_BOOT_LOG}
chmod 0600 ${FIRST_BOOT_LOG}
exec >>${FIRST_BOOT_LOG} 2>&1

${stepFunctions(install, script)}
${JOB_FUNCTIONS}
report first-boot
`;
}

function body(install: Install, password: string): string {
  const { before, restarts, after } = jobSteps(install, password);
  const wait = {
    name: 'xapi',
    why: 'Nothing works before xapi does, after a restart neither.',
    commands: 'wait_for_xapi',
  };
  return [withoutLock(stepText(wait)), ...before.map(onceText), restarts ? RESTART : '', ...after.map(onceText)].join(
    '\n',
  );
}

const RESTART = `# Packs and memory take effect with the next start; this job goes on then.
if [ ! -e ${DONE}/restart ]; then
  begin restart
  touch ${DONE}/restart
  sync
  finish 0
  reboot
  exit 0
fi
`;

function ending({ autostart, links, unit }: JobService): string {
  const files = [autostart, ...links.map(({ from }) => from), ...(unit === undefined ? [] : [unit.path])];
  return `echo "== $(date) done"
report configured
rm -f ${[...new Set(files)].join(' ')}
rm -f ${JOB}
exit 0
`;
}
