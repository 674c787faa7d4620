// One's own account over the API: the first one set up, sessions, a password changed.

import { z } from 'zod';
import { sessionCookie } from '../../accounts/cookie.ts';
import type { AccountDesk, Opened } from '../../accounts/desk.ts';
import { SESSION_LONGEST_MS } from '../../accounts/rights.ts';
import type { Principal } from '../../accounts/rights.ts';
import { isNo, no } from '../../malformed.ts';
import { accountName, accountPassword as password } from '../names.ts';
import type { Caller, Operation, Outcome } from '../operation.ts';
import { operation, principalOf, rejected, reply } from '../operation.ts';
import * as shapes from '../shapes.ts';

export type AccountParts = {
  readonly desk: AccountDesk;
  readonly endSession: (principal: Principal) => void;
};

/** The operations of who logs in. */
export function accountOperations(parts: AccountParts): readonly Operation[] {
  return [...logins(parts), ...ownAccount(parts)];
}

/** As long as a session lives at most. */
const COOKIE_SECONDS = SESSION_LONGEST_MS / 1000;

/** Who it was stands in the entry as what came of it: the request itself is nobody's. */
function opened({ secret, principal }: Opened, { isSecure }: Caller): Outcome {
  const cookie = sessionCookie({ secret, maxAgeSeconds: COOKIE_SECONDS, isSecure });
  const { name: who, role: as, via } = principal;
  return reply({ name: who, role: as, via }, { cookie, change: { after: `${who}, ${as}` } });
}

function logins({ desk }: AccountParts): readonly Operation[] {
  return [
    operation({
      id: 'setUp',
      method: 'post',
      path: '/setup',
      summary: 'Makes the first account, an admin, with the link printed at the first start; and logs it in.',
      right: 'anyone',
      body: z.strictObject({ invitation: z.string().max(100), name: accountName, password }),
      description: 'It is made, and logged in by a cookie.',
      schema: shapes.session,
      refusals: [409],
      run: async ({ body }, caller) => {
        const made = await desk.setUp(body.invitation, { name: body.name, password: body.password });
        return isNo(made) ? rejected(409, made) : opened(made, caller);
      },
    }),
    operation({
      id: 'logIn',
      method: 'post',
      path: '/session',
      summary: 'Logs in. Each failure after the third makes the next wait longer.',
      right: 'anyone',
      body: z.strictObject({ name: z.string().max(64), password }),
      description: 'Logged in by a cookie.',
      schema: shapes.session,
      refusals: [401, 429],
      run: async ({ body }, caller) => {
        const done = await desk.logIn({ ...body, address: caller.address });
        if (!isNo(done)) return opened(done, caller);
        return rejected(done.waitSeconds === undefined ? 401 : 429, done);
      },
    }),
  ];
}

function ownAccount({ desk, endSession }: AccountParts): readonly Operation[] {
  return [
    operation({
      id: 'getSession',
      method: 'get',
      path: '/session',
      summary: 'Who is asking.',
      right: 'viewer',
      description: 'The account and its role.',
      schema: shapes.session,
      run: (_input, caller) => {
        const { name: who, role: as, via } = principalOf(caller);
        return reply({ name: who, role: as, via });
      },
    }),
    operation({
      id: 'logOut',
      method: 'delete',
      path: '/session',
      summary: 'Ends the session.',
      right: 'viewer',
      status: 204,
      description: 'It has ended.',
      run: (_input, caller) => {
        endSession(principalOf(caller));
        return reply(undefined, { cookie: sessionCookie({ secret: '', maxAgeSeconds: 0, isSecure: caller.isSecure }) });
      },
    }),
    operation({
      id: 'changePassword',
      method: 'put',
      path: '/session/password',
      summary: "Changes one's own password, and ends every session of the account.",
      right: 'viewer',
      body: z.strictObject({ old: password, new: password }),
      status: 204,
      description: 'It is changed.',
      refusals: [403, 409],
      run: async ({ body }, caller) => {
        const { name: who } = principalOf(caller);
        if (!(await desk.isPassword(who, body.old, caller.address)))
          return rejected(403, no('the old password is wrong'));
        const changed = await desk.setPassword(who, body.new);
        return isNo(changed) ? rejected(409, changed) : reply(undefined, { change: { after: 'password changed' } });
      },
    }),
  ];
}
