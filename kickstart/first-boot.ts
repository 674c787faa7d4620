// The script that finishes a CloudStack management server at its first boot, once, and reports how that went.

import type { ConfigFile, Install, SecretLookup } from '../server/domain.ts';
import { isNo } from '../server/malformed.ts';
import { cloudstackNames } from './cloudstack.ts';
import { firstBootSteps } from './first-boot-steps.ts';
import { shellWord } from './quote.ts';
import { isPlaceholder, secretsOf } from './secrets.ts';
import type { Step } from './sections/steps.ts';
import { stepFunctions, stepText } from './sections/steps.ts';

/** The service's name, as chkconfig and service know it. */
export const FIRST_BOOT_NAME = 'kickstand-firstboot';

const DONE = '/var/lib/kickstand/first-boot';

/**
 * The script, or undefined for a role that needs none and for an install that lacks a secret or an OS and version it is
 * known for (renderKickstart says why). Readable by root alone: it holds passwords, and removes itself when it is done.
 */
export function firstBootScript(install: Install, secrets: SecretLookup): ConfigFile | undefined {
  if (!hasFirstBoot(install)) return undefined;
  const names = cloudstackNames(install.cloudstack?.version ?? '');
  const values = secretsOf(install, secrets);
  if (names === undefined || isNo(values)) return undefined;
  const steps = firstBootSteps(install, names, (name) => values.get(name) ?? '');
  const redacted = [...values].filter(([, value]) => isPlaceholder(value)).map(([name]) => name);
  return {
    path: `/etc/rc.d/init.d/${FIRST_BOOT_NAME}`,
    mode: 0o700,
    text: [HEADER, refuseRedacted(redacted), functions(install), ...steps.map(onceText), ending(install)].join('\n'),
  };
}

/** Is there a script for its role on its OS? (Whether one can be rendered depends on the secrets as well.) */
export function hasFirstBoot({ role, os }: Install): boolean {
  return role === 'cloudstack-management' && os.major === 6;
}

// chkconfig(8): runlevels, start and stop priority. Last of all, so that mysqld and the network are up.
const HEADER = `#!/bin/bash
# Finishes this CloudStack management server after its installation: once, at the first boot, by Kickstand.
#
# chkconfig: 345 99 01
# description: sets up databases, CloudStack, NFS and the firewall once, then disables itself
#
# After a failure it does not run again by itself. Mend the cause (/root/kickstand-firstboot.log), then:
#   service ${FIRST_BOOT_NAME} start
# Steps that were done are not repeated: setting up the databases a second time would empty them.

case $1 in
  start) ;;
  stop | restart | force-reload) exit 0 ;;
  status) ls ${DONE} 2>/dev/null; exit 0 ;;
  *) echo "Usage: $0 {start|status}"; exit 2 ;;
esac
LC_ALL=C
export LC_ALL
`;

function refuseRedacted(names: readonly string[]): string {
  if (names.length === 0) return '';
  const text = `this copy was made without the secrets ${names.join(', ')}`;
  return `echo ${shellWord(text)} >&2\nexit 1\n`;
}

function functions(install: Install): string {
  return `mkdir -p ${DONE}
if command -v flock >/dev/null 2>&1; then
  exec 9>${DONE}/.lock
  flock -n 9 || { echo "${FIRST_BOOT_NAME} is running already"; exit 1; }
fi
umask 022
exec >>/root/kickstand-firstboot.log 2>&1
chmod 0600 /root/kickstand-firstboot.log

${stepFunctions(install, { stage: 'first-boot', onFailure: `chkconfig ${FIRST_BOOT_NAME} off` })}
report first-boot
`;
}

// A step that ended well leaves a mark, written to disk before the next one starts. The daemons it starts must not inherit
// the lock (9): they would hold it for ever.
function onceText(step: Step): string {
  const mark = `${DONE}/${step.name}`;
  return `if [ ! -e ${mark} ]; then
{
${stepText(step)}touch ${mark}
sync
} 9>&-
fi
`;
}

function ending(install: Install): string {
  return `# What nobody can do for the operator from here.
remaining='seed+the+system+VM+template'
${install.cloudstack?.hypervisor === 'xenserver' ? vhdUtilNote(install.cloudstack.version) : ''}
echo "== $(date) done; remaining: $remaining"
chkconfig --del ${FIRST_BOOT_NAME}
report configured "remaining:+$remaining"
# The whole kickstart with every secret, which newer installers keep.
rm -f /root/original-ks.cfg
rm -f /etc/rc.d/init.d/${FIRST_BOOT_NAME}
exit 0
`;
}

function vhdUtilNote(version: string): string {
  const path = cloudstackNames(version)?.vhdUtil ?? '';
  return `[ -x ${path} ] || remaining="put+vhd-util+at+${path},+mode+755;+$remaining"`;
}
