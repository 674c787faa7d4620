// Who may do what over the API: operators and their roles, and the tokens of programs.

import { z } from 'zod';
import type { AccountDesk } from '../../accounts/desk.ts';
import { OPERATOR_ROLES } from '../../accounts/rights.ts';
import type { OperatorRole, Principal } from '../../accounts/rights.ts';
import type { Operator, Token } from '../../accounts/store.ts';
import { tokenWords } from '../../accounts/words.ts';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import { accountName as name, accountPassword as password, operatorParam, tokenParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, principalOf, rejected, reply, replyOr } from '../operation.ts';
import * as shapes from '../shapes.ts';

export type OperatorParts = {
  readonly desk: AccountDesk;
  readonly operators: () => readonly Operator[];
  readonly tokens: () => readonly Token[];
  readonly removeToken: (id: string) => boolean;
  readonly now: () => number;
};

const role = z.enum(OPERATOR_ROLES);

/** The operations on operators and tokens. */
export function operatorOperations(parts: OperatorParts): readonly Operation[] {
  return [...operators(parts), ...operatorChanges(parts), ...tokens(parts)];
}

function operators({ desk, operators: list }: OperatorParts): readonly Operation[] {
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
      id: 'getOperator',
      method: 'get',
      path: '/operators/{operator}',
      summary: 'One of them, as it is changed: its ETag is for If-Match.',
      right: 'admin',
      params: operatorParam,
      description: 'The operator.',
      schema: shapes.account,
      refusals: [404],
      run: ({ params }) => replyOr(404, accountOf(list(), params.operator)),
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
        const change = { after: `${body.name}, ${body.role}` };
        return reply({ name: body.name, role: body.role }, { location: `/api/v1/operators/${body.name}`, change });
      },
    }),
  ];
}

/** The account without when it was seen last, which is no state of it. */
function accountOf(all: readonly Operator[], wanted: string): Omit<Operator, 'seenAt'> | No {
  const found = all.find((one) => one.name === wanted);
  if (found === undefined) return no('there is no operator of that name');
  return { name: found.name, role: found.role, createdAt: found.createdAt };
}

/** What became of an account, in a few words. */
function changedWords(body: { readonly role?: string | undefined; readonly password?: string | undefined }): string {
  return [body.role, body.password === undefined ? undefined : 'password changed']
    .filter((part) => part !== undefined)
    .join(', ');
}

function operatorChanges({ desk, operators: list }: OperatorParts): readonly Operation[] {
  const roleNow = (wanted: string): OperatorRole | undefined => list().find((one) => one.name === wanted)?.role;
  const ifMatch = {
    need: 'optional',
    state: ({ operator }: { readonly operator: string }) => accountOf(list(), operator),
  } as const;
  return [
    operation({
      id: 'changeOperator',
      method: 'patch',
      path: '/operators/{operator}',
      summary: 'Gives an operator another role or another password. A new password ends its sessions.',
      right: 'admin',
      params: operatorParam,
      body: z.strictObject({ role: role.optional(), password: password.optional() }),
      ifMatch,
      status: 204,
      description: 'It is changed.',
      refusals: [409],
      run: async ({ params: { operator: name }, body }) => {
        const before = roleNow(name);
        const given = body.role === undefined ? undefined : desk.setRole(name, body.role);
        if (isNo(given)) return rejected(409, given);
        const renewed = body.password === undefined ? undefined : await desk.setPassword(name, body.password);
        if (!isNo(renewed)) return reply(undefined, { change: { before, after: changedWords(body) } });
        // What is refused is not done by half: nobody would find the other half in the log.
        if (given !== undefined && before !== undefined) desk.setRole(name, before);
        return rejected(409, renewed);
      },
    }),
    operation({
      id: 'removeOperator',
      method: 'delete',
      path: '/operators/{operator}',
      summary: 'Removes an operator with its sessions and tokens. The last admin stays.',
      right: 'admin',
      params: operatorParam,
      ifMatch,
      status: 204,
      description: 'It is gone.',
      refusals: [409],
      run: ({ params }) => {
        const before = roleNow(params.operator);
        const done = desk.remove(params.operator);
        return isNo(done) ? rejected(409, done) : reply(undefined, { change: { before } });
      },
    }),
  ];
}

function tokens({ desk, tokens: list, removeToken, now }: OperatorParts): readonly Operation[] {
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
        if (isNo(made)) return rejected(403, made);
        return reply({ ...made.token, secret: made.secret }, { change: { after: tokenWords(made.token) } });
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
        const token = mine(principalOf(caller)).find(({ id }) => id === params.token);
        if (token === undefined || !removeToken(token.id)) return rejected(404, no('there is no such token'));
        return reply(undefined, { change: { before: tokenWords(token) } });
      },
    }),
  ];
}
