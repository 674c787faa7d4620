// Accounts over the API: the first one set up, sessions, operators, tokens, and what was done by whom.

import { z } from 'zod';
import { sessionCookie } from '../../accounts/cookie.ts';
import type { AccountDesk, Opened } from '../../accounts/desk.ts';
import { OPERATOR_NAME, OPERATOR_ROLES, SESSION_LONGEST_MS } from '../../accounts/rights.ts';
import type { Principal } from '../../accounts/rights.ts';
import type { Operator, Token } from '../../accounts/store.ts';
import { isNo, no } from '../../malformed.ts';
import { count, operatorParam, tokenParam } from '../names.ts';
import type { Caller, Operation, Outcome } from '../operation.ts';
import { operation, rejected, reply } from '../operation.ts';
import * as shapes from '../shapes.ts';

export type AccountParts = {
  readonly desk: AccountDesk;
  readonly operators: () => readonly Operator[];
  readonly tokens: () => readonly Token[];
  readonly removeToken: (id: string) => boolean;
  readonly endSession: (principal: Principal) => void;
  readonly audit: (limit: number) => Promise<readonly unknown[]>;
  readonly now: () => number;
};

const name = z
  .string()
  .regex(new RegExp(OPERATOR_NAME), 'begins with a letter; lower-case letters, digits, dots, dashes, at most 32');
const password = z.string().max(256);
const role = z.enum(OPERATOR_ROLES);

/** The operations on accounts. */
export function accountOperations(parts: AccountParts): readonly Operation[] {
  return [
    ...logins(parts),
    ...ownAccount(parts),
    ...operators(parts),
    ...operatorChanges(parts),
    ...tokens(parts),
    activity(parts),
  ];
}

/** As long as a session lives at most. */
const COOKIE_SECONDS = SESSION_LONGEST_MS / 1000;

function opened({ secret, principal }: Opened, { isSecure }: Caller): Outcome {
  const cookie = sessionCookie({ secret, maxAgeSeconds: COOKIE_SECONDS, isSecure });
  return reply({ name: principal.name, role: principal.role, via: principal.via }, { cookie });
}

function logins({ desk }: AccountParts): readonly Operation[] {
  return [
    operation({
      id: 'setUp',
      method: 'post',
      path: '/setup',
      summary: 'Makes the first account, an admin, with the link printed at the first start; and logs it in.',
      right: 'anyone',
      body: z.strictObject({ invitation: z.string().max(100), name, password }),
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
        return isNo(changed) ? rejected(409, changed) : reply(undefined);
      },
    }),
  ];
}

function operators({ desk, operators: list }: AccountParts): readonly Operation[] {
  return [
    operation({
      id: 'listOperators',
      method: 'get',
      path: '/operators',
      summary: 'Who may log in.',
      right: 'admin',
      description: 'The operators.',
      schema: shapes.page(shapes.operator),
      run: () => reply({ items: list() }),
    }),
    operation({
      id: 'addOperator',
      method: 'post',
      path: '/operators',
      summary: 'Adds an operator.',
      right: 'admin',
      body: z.strictObject({ name, password, role }),
      status: 201,
      description: 'It is added.',
      schema: z.object({ name: z.string(), role }),
      refusals: [409],
      run: async ({ body }) => {
        const added = await desk.add(body);
        if (isNo(added)) return rejected(409, added);
        return reply({ name: body.name, role: body.role }, { location: `/api/v1/operators/${body.name}` });
      },
    }),
  ];
}

function operatorChanges({ desk }: AccountParts): readonly Operation[] {
  return [
    operation({
      id: 'changeOperator',
      method: 'patch',
      path: '/operators/{operator}',
      summary: 'Gives an operator another role or another password. A new password ends its sessions.',
      right: 'admin',
      params: operatorParam,
      body: z.strictObject({ role: role.optional(), password: password.optional() }),
      status: 204,
      description: 'It is changed.',
      refusals: [409],
      run: async ({ params, body }) => {
        const done = [
          ...(body.role === undefined ? [] : [desk.setRole(params.operator, body.role)]),
          ...(body.password === undefined ? [] : [await desk.setPassword(params.operator, body.password)]),
        ];
        const refused = done.find(isNo);
        return refused === undefined ? reply(undefined) : rejected(409, refused);
      },
    }),
    operation({
      id: 'removeOperator',
      method: 'delete',
      path: '/operators/{operator}',
      summary: 'Removes an operator with its sessions and tokens. The last admin stays.',
      right: 'admin',
      params: operatorParam,
      status: 204,
      description: 'It is gone.',
      refusals: [409],
      run: ({ params }) => {
        const done = desk.remove(params.operator);
        return isNo(done) ? rejected(409, done) : reply(undefined);
      },
    }),
  ];
}

function tokens({ desk, tokens: list, removeToken, now }: AccountParts): readonly Operation[] {
  const mine = (principal: Principal): readonly Token[] =>
    list().filter((token) => principal.role === 'admin' || token.operator === principal.name);
  return [
    operation({
      id: 'listTokens',
      method: 'get',
      path: '/tokens',
      summary: "One's own API tokens; all of them for an admin.",
      right: 'viewer',
      description: 'The tokens, without what opens them.',
      schema: shapes.page(shapes.token),
      run: (_input, caller) => reply({ items: mine(principalOf(caller)) }),
    }),
    operation({
      id: 'makeToken',
      method: 'post',
      path: '/tokens',
      summary: 'Makes an API token, which can do no more than who makes it.',
      right: 'viewer',
      body: z.strictObject({
        label: z
          .string()
          .min(1)
          .max(100)
          .regex(/^[\x20-\x7e]+$/, 'is plain text'),
        role,
        days: z.int().min(1).max(3650).optional().describe('How long it lives; for ever where absent.'),
      }),
      status: 201,
      description: 'The token. Its secret is shown this once.',
      schema: shapes.madeToken,
      refusals: [403],
      run: ({ body }, caller) => {
        const expiresAt = body.days === undefined ? undefined : now() + body.days * 86_400_000;
        const made = desk.makeToken(principalOf(caller), { label: body.label, role: body.role, expiresAt });
        return isNo(made) ? rejected(403, made) : reply({ ...made.token, secret: made.secret });
      },
    }),
    operation({
      id: 'removeToken',
      method: 'delete',
      path: '/tokens/{token}',
      summary: 'Ends a token.',
      right: 'viewer',
      params: tokenParam,
      status: 204,
      description: 'It opens nothing any more.',
      refusals: [404],
      run: ({ params }, caller) => {
        const isMine = mine(principalOf(caller)).some(({ id }) => id === params.token);
        return isMine && removeToken(params.token) ? reply(undefined) : rejected(404, no('there is no such token'));
      },
    }),
  ];
}

function activity({ audit }: AccountParts): Operation {
  return operation({
    id: 'listActivity',
    method: 'get',
    path: '/activity',
    summary: 'What was changed, by whom and from where, newest first.',
    right: 'operator',
    query: z.strictObject({ limit: count(1, 1000, 100) }),
    description: 'The newest entries.',
    schema: shapes.page(shapes.auditEntry),
    run: async ({ query }) => reply({ items: await audit(query.limit) }),
  });
}

/** The guard has seen to it that there is one. */
function principalOf({ principal }: Caller): Principal {
  if (principal === undefined) throw new Error('an operation for somebody was let through for nobody');
  return principal;
}
