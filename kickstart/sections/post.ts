// The %post section: writes the role's configuration files, has its services start, reports.

import type { Install, SecretLookup } from '../../server/domain.ts';
import { configFiles } from '../bundle/files.ts';
import type { Dialect } from '../dialect.ts';
import { FIRST_BOOT_NAME } from '../first-boot.ts';
import { placeFiles, PLACE_FUNCTION } from './place-files.ts';
import { section } from './section.ts';
import { enabledServices } from './security.ts';
import type { Step } from './steps.ts';
import { stepFunctions, stepText } from './steps.ts';

/**
 * The `%post` section. It runs in the installed system before its first boot, where no daemon can be started: steps that
 * need one are left to the first-boot script, which is among the configuration files.
 */
export function postSection(install: Install, secrets: SecretLookup, dialect: Dialect): string {
  const body = `LC_ALL=C
export LC_ALL
mkdir -p /root
exec >>/root/kickstand-post.log 2>&1
chmod 0600 /root/kickstand-post.log
${stepFunctions(install, { stage: 'post', onFailure: ':' })}
${PLACE_FUNCTION}
${ENABLE_FUNCTION}
report post

${postSteps(install, secrets, dialect).map(stepText).join('\n')}
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
  const files: Step = {
    name: 'files',
    why: 'The configuration files of its role.',
    commands: placeFiles(configFiles(install, secrets)),
  };
  return install.role === 'cloudstack-management' ? [files, ...managementSteps(install, dialect)] : [files];
}

function managementSteps(install: Install, dialect: Dialect): readonly Step[] {
  return [
    {
      name: 'services',
      why: 'What runs on a management server from the first boot on.',
      commands: enabledServices(install, dialect)
        .map((service) => `enable ${service}`)
        .join('\n'),
    },
    {
      name: 'first-boot',
      why: 'Everything that needs running daemons is done once, at the first boot.',
      commands: `chkconfig --add ${FIRST_BOOT_NAME}\nchkconfig ${FIRST_BOOT_NAME} on`,
    },
  ];
}
