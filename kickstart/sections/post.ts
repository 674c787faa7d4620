// The %post section: writes the role's configuration files, has its services start, reports.

import type { Install, SecretLookup } from '../../server/domain.ts';
import { placedFiles } from '../bundle/files.ts';
import { STORAGE_DIRECTORIES } from '../bundle/files/nfs.ts';
import { cloudstackNames } from '../cloudstack.ts';
import type { Dialect } from '../dialect.ts';
import { FIRST_BOOT_NAME } from '../first-boot.ts';
import { bootOrder } from './boot-order.ts';
import { placeFiles, PLACE_FUNCTION } from './place-files.ts';
import { section } from './section.ts';
import { enabledServices } from './security.ts';
import type { Step } from './steps.ts';
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
${stepFunctions(install, { stage: 'post', onFailure: ':' })}
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
  const files: Step = {
    name: 'files',
    why: 'The configuration files of its role.',
    commands: placeFiles(placedFiles(install, secrets)),
  };
  switch (install.role) {
    case 'minimal':
    case 'kvm-agent':
    case 'xenserver':
      return [files];
    case 'nfs-storage':
      return [files, exportsStep(), servicesStep(install, dialect)];
    case 'cloudstack-management':
      return [files, exportsStep(), servicesStep(install, dialect), firstBootStep(install)];
  }
}

function exportsStep(): Step {
  return {
    name: 'exports',
    why: 'The NFS server starts at the first boot, before anything could make what it exports.',
    commands: `mkdir -p ${STORAGE_DIRECTORIES.join(' ')}`,
  };
}

function servicesStep(install: Install, dialect: Dialect): Step {
  const commands = enabledServices(install, dialect).map((service) => `enable ${service}`);
  return { name: 'services', why: 'What runs from the first boot on.', commands: commands.join('\n') };
}

function firstBootStep({ cloudstack }: Install): Step {
  const service = cloudstack && cloudstackNames(cloudstack.version)?.service;
  return {
    name: 'first-boot',
    why: 'What needs running daemons is done once, at the first boot; CloudStack waits until its databases exist.',
    commands: [
      `chkconfig --add ${FIRST_BOOT_NAME}`,
      `chkconfig ${FIRST_BOOT_NAME} on`,
      ...(service === undefined ? [] : [`chkconfig ${service} off`]),
    ].join('\n'),
  };
}
