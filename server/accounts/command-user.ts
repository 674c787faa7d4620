// The account of this machine whose command asks over the appliance's socket: a header, read and written. Pure.

import type { IncomingHttpHeaders } from 'node:http';

const HEADER = 'kickstand-user';
/** As useradd(8) takes it. */
const NAME = '[a-z_][a-z0-9_.-]{0,31}';
/** Who became another user by sudo is told with it: `anna as root`. */
const USER = new RegExp(`^${NAME}(?: as ${NAME})?$`, 'i');
const ONE = new RegExp(`^${NAME}$`, 'i');

/** Can it be the name of one user? */
export function isUserName(text: string): boolean {
  return ONE.test(text);
}

/** The header that tells `user`; none for a name that is odd. */
export function commandUserHeader(user: string): Readonly<Record<string, string>> {
  return USER.test(user) ? { [HEADER]: user } : {};
}

/** Who it is for the audit log. It proves nothing: the operator's token did. */
export function commandUserOf(headers: IncomingHttpHeaders): string | undefined {
  const user = headers[HEADER];
  return typeof user === 'string' && USER.test(user) ? user : undefined;
}
