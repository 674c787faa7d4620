// The account of this machine whose command asks over the appliance's socket: a header, read and written. Pure.

import type { IncomingHttpHeaders } from 'node:http';

const HEADER = 'kickstand-user';
/** Names as useradd(8) takes them; who became another one by sudo is told with it: `anna as root`. */
const USER = /^[a-z_][a-z0-9_.-]{0,31}(?: as [a-z_][a-z0-9_.-]{0,31})?$/i;

/** The header that tells `user`; none for a name that is odd. */
export function commandUserHeader(user: string): Readonly<Record<string, string>> {
  return USER.test(user) ? { [HEADER]: user } : {};
}

/** Who it is for the audit log. It proves nothing: the operator's token did. */
export function commandUserOf(headers: IncomingHttpHeaders): string | undefined {
  const user = headers[HEADER];
  return typeof user === 'string' && USER.test(user) ? user : undefined;
}
