// The scripts that an answerfile names: the first report, the first-boot job into the new system, success or failure at the end.

import type { Install, SecretLookup } from '../../server/domain.ts';
import type { No } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import { comment, heredoc } from '../quote.ts';
import { PLACE_FUNCTION } from '../sections/place-files.ts';
import { reportFunction } from '../sections/report.ts';
import type { AnswerfileStage } from '../urls.ts';
import type { Job } from './job.ts';
import { hypervisorJob } from './job.ts';

/**
 * The script of `stage`, or why there can be none. The installer starts it by its first line and takes no notice of how it
 * ends; it reports by itself, and a report that got lost is no reason to fail an installation.
 */
export function renderStageScript(install: Install, stage: AnswerfileStage, secrets: SecretLookup): string | No {
  switch (stage) {
    case 'installation-start':
      return script(install, stage, 'report started\n');
    case 'filesystem-populated': {
      const job = hypervisorJob(install, secrets);
      return isNo(job) ? job : script(install, stage, populated(job));
    }
    case 'installation-complete':
      return script(install, stage, COMPLETE);
  }
}

// POSIX shell: which one the installer has depends on its release.
function script(install: Install, stage: AnswerfileStage, body: string): string {
  return `#!/bin/sh
${comment(`Kickstand: ${stage} of ${install.host.name}`)}
${reportFunction(install)}
${body}exit 0
`;
}

/** Tells the last script that the job is not there: by then the installer speaks of success. */
const NOT_PLACED = '/tmp/kickstand-not-placed';

/** Both old and new installers write it (constants.py, xelogging.py). */
const INSTALL_LOG = '/tmp/install-log';

const COMPLETE = `case $1 in
  0)
    if [ -e ${NOT_PLACED} ]; then
      report failed 'the+first-boot+job+could+not+be+written' ${INSTALL_LOG}
    else
      report installed
    fi
    ;;
  *) report failed 'the+installer+reports+failure' ${INSTALL_LOG} ;;
esac
`;

/** $1 is where the new system is mounted. The installer would keep this script, password and all, with its logs: it removes itself. */
function populated(job: Job | undefined): string {
  if (job === undefined) return 'report populated\n';
  return `case $0 in */filesystem-populated*) rm -f "$0" ;; esac
report populated
${PLACE_FUNCTION}
root=$1
rm -f ${NOT_PLACED}
(
set -e
# Without it, all of this would go into the installer's own system.
[ -n "$root" ]
[ -d "$root/etc" ]
${placements(job)})
[ "$?" -eq 0 ] || : >${NOT_PLACED}
`;
}

function placements({ file, service }: Job): string {
  const unit = service.unit === undefined ? [] : [{ ...service.unit, mode: 0o644 }];
  const files = [file, ...unit].map(({ path, mode, text }) =>
    heredoc(text, `| place ${mode.toString(8).padStart(4, '0')} "$root"${path}`),
  );
  const links = service.links.map(
    ({ from, to }) => `mkdir -p "$root"${from.slice(0, from.lastIndexOf('/'))}\nln -sf ${to} "$root"${from}\n`,
  );
  return [...files, ...links].join('');
}
