// The %post section: writes the role's configuration files, has its services start, reports.

import type { Install, SecretLookup } from '../../server/domain.ts';
import { placedFiles } from '../bundle/files.ts';
import type { Dialect } from '../dialect.ts';
import { linkSteps } from '../link/step.ts';
import { roleSteps } from '../roles/steps.ts';
import { sshKeysSteps } from './accounts.ts';
import { bootOrder } from './boot-order.ts';
import { ownSteps } from './own-steps.ts';
import { placeFiles, PLACE_FUNCTION } from './place-files.ts';
import { section } from './section.ts';
import type { PostStep, Step } from './steps.ts';
import { stepFunctions, stepText } from './steps.ts';

/**
 * The `%post` section. It runs in the installed system before its first boot, where no daemon can be started: steps that
 * need one are left to the first-boot script, which is among the configuration files.
 *
 * Its text holds secrets, and the installer leaves it in the installed system's /tmp: it removes itself before anything can
 * fail. What the installer keeps of the kickstart in /root (anaconda-ks.cfg with the root hash; from 7 on original-ks.cfg
 * with everything) is written after %post, out of its reach: a first-boot script removes the latter.
 */
export function postSection(install: Install, secrets: SecretLookup, dialect: Dialect): string {
  const body = `case $0 in /tmp/ks-script-*) rm -f "$0" ;; esac
LC_ALL=C
export LC_ALL
mkdir -p /root
exec >>/root/kickstand-post.log 2>&1
chmod 0600 /root/kickstand-post.log
${stepFunctions(install, { stage: 'post', log: '/root/kickstand-post.log', onFailure: ':' })}
${PLACE_FUNCTION}
${ENABLE_FUNCTION}
report post

${postSteps(install, secrets, dialect).map(stepText).join('\n')}
${bootOrder(install)}
echo "== $(date) done"
report installed
`;
  return section('%post', ' --interpreter=/bin/bash --erroronfail', body);
}

const ENABLE_FUNCTION = `# enable SERVICE: has it start at every boot.
enable() {
  if command -v systemctl >/dev/null 2>&1; then
    systemctl enable "$1"
  elif command -v chkconfig >/dev/null 2>&1; then
    chkconfig "$1" on
  else
    echo "neither systemctl nor chkconfig: $1 was not enabled"
    return 1
  fi
}
`;

function postSteps(install: Install, secrets: SecretLookup, dialect: Dialect): readonly Step[] {
  const builtIn: readonly PostStep[] = [
    filesStep(install, secrets),
    ...linkSteps(install),
    ...sshKeysSteps(install),
    ...roleSteps(install, dialect),
  ];
  return [...builtIn, ...ownSteps(install)];
}

function filesStep(install: Install, secrets: SecretLookup): PostStep {
  return {
    name: 'files',
    why: 'The configuration files of its role.',
    commands: placeFiles(placedFiles(install, secrets)),
  };
}
