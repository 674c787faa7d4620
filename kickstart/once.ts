// A script that finishes a machine at its first boot: where it remembers what is done, and how no step is done twice. Shell text.

import type { Step } from './sections/steps.ts';
import { stepText } from './sections/steps.ts';

/** The service that runs it, as service, chkconfig and systemctl know it. */
export const FIRST_BOOT_NAME = 'kickstand-firstboot';

/** The steps that are done, one empty file each. */
export const DONE = '/var/lib/kickstand/first-boot';

export const FIRST_BOOT_LOG = '/root/kickstand-firstboot.log';

/** Lets one such script run at a time: it holds a lock as its file 9 for as long as it lives. */
export const ALONE = `mkdir -p ${DONE}
if command -v flock >/dev/null 2>&1; then
  exec 9>${DONE}/.lock
  flock -n 9 || { echo "${FIRST_BOOT_NAME} is running already"; exit 1; }
fi
umask 022
`;

/** A step that is passed over where it was done before. One that ended well leaves a mark, on disk before the next one starts. */
export function onceText(step: Step): string {
  const mark = `${DONE}/${step.name}`;
  return `if [ ! -e ${mark} ]; then
${withoutLock(`${stepText(step)}touch ${mark}\nsync\n`)}fi
`;
}

/** What a step starts must not inherit the lock: a daemon would hold it for ever. */
export function withoutLock(text: string): string {
  return `{\n${text}} 9>&-\n`;
}
