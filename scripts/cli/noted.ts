// What a command changed, written into the log of what was done beside what the API did: by whom, and what it was before.

import { userInfo } from 'node:os';
import { isUserName } from '../../server/accounts/command-user.ts';
import type { Who } from '../../server/assembly/enrolment.ts';
import { dataPaths } from '../../server/assembly/house.ts';
import { openAudit } from '../../server/audit/store.ts';
import { codeOf } from '../../server/malformed.ts';
import type { Settings } from '../../server/settings.ts';

/** The user of this machine that runs the command; who became root by sudo (sudo(8), SUDO_USER) is told with it. */
export function commandUser(): Who & { readonly via: 'command' } {
  const { username, uid } = thisUser();
  const before = uid === 0 ? process.env['SUDO_USER'] : undefined;
  const isOther = before !== undefined && before !== username && isUserName(before);
  return { by: isOther ? `${before} as ${username}` : username, via: 'command' };
}

/** In a container a user may have a number and no name. */
function thisUser(): { readonly username: string; readonly uid: number } {
  try {
    return userInfo();
  } catch (error) {
    const uid = process.getuid?.();
    if (codeOf(error) !== 'ERR_SYSTEM_ERROR' || uid === undefined) throw error;
    return { username: `uid-${uid}`, uid };
  }
}

/** A change that was made: `operation` is the API's name of it; `before` and `after` in a few words, and no secret. */
export type Done = {
  readonly operation: string;
  readonly target: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
};

/** Writes it down. */
export function noteCommand({ dataDirectory }: Pick<Settings, 'dataDirectory'>, done: Done): void {
  const { by, via } = commandUser();
  openAudit(dataPaths(dataDirectory).audit).note({ at: Date.now(), who: by, via, address: '', ...done, status: 0 });
}
