// What the API can do, one value for each request it takes: path, right, schemas, and the function that does it. Pure.

import { z } from 'zod';
import type { Principal, Right } from '../accounts/rights.ts';
import { isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import type { TagCondition } from './entity-tag.ts';
import { bodyText, hasTag, tagOf } from './entity-tag.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Who asks, and what of the request is not in its schemas. */
export type Caller = {
  /** Undefined where the operation is for anyone and nobody logged in. */
  readonly principal: Principal | undefined;
  readonly address: string;
  /** Did the request come over TLS? */
  readonly isSecure: boolean;
  /** What `If-Match` names; undefined where there is none. `operation` looks at it, see `Precondition`. */
  readonly ifMatch: TagCondition | undefined;
};

/** The guard has seen to it that there is one where an operation is not for anyone. */
export function principalOf({ principal }: Pick<Caller, 'principal'>): Principal {
  if (principal === undefined) throw new Error('an operation for somebody was let through for nobody');
  return principal;
}

/** Who changes something, as the site's history has it. */
export function whoOf(caller: Pick<Caller, 'principal'>): { readonly by: string; readonly via: Principal['via'] } {
  const { name, via } = principalOf(caller);
  return { by: name, via };
}

/** What something was and what it became, in a few words: for the audit log. Never a secret, never a body. */
export type Change = { readonly before?: string | undefined; readonly after?: string | undefined };

/** What an operation hands back. `value` undefined: no body. */
export type Reply = {
  readonly kind: 'reply';
  readonly value: unknown;
  readonly location?: string;
  readonly etag?: string;
  readonly cookie?: string;
  readonly change?: Change;
};

/** A refusal with its HTTP status. */
export type Rejection = { readonly kind: 'rejection'; readonly status: number; readonly refusal: Refusal };

export type Outcome = Reply | Rejection;

/**
 * How a change says from what state it was made: by `If-Match` with the ETag of the GET of the same thing. Every answer to a GET has
 * one, made of its body, without anything being done for it. `state` answers the very value which that GET answers with (or a `No`:
 * then the change itself refuses); where it is another one by now, the change is refused with 412 and never run. So that a tree is
 * not removed which has become another one meanwhile, `removeTree` says
 *
 *     ifMatch: { need: 'optional', state: ({ tree }) => parts.tree(tree) }
 *
 * `required`: without the header, 428. Without `state` the operation itself compares `caller.ifMatch`, under the lock of what it
 * changes; its GET then gives its ETag itself. What `state` is compared with may change a moment later: it guards against what a
 * person did not see, not against a race of milliseconds.
 */
export type Precondition<P> = {
  readonly need: 'required' | 'optional';
  readonly state?: (params: P) => unknown;
};

/** What speaks for itself as JSON, and what would be wrong with asking for it. */
export type Operation = {
  /** In camel case, once in the document: generated clients call their functions so. */
  readonly id: string;
  readonly method: Method;
  /** Below `/api/v1`, parameters in braces: `/hosts/{host}/arm`. */
  readonly path: string;
  readonly summary: string;
  readonly right: Right;
  /** Path parameters; each a text. */
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | undefined;
  /** The longest body that is read, in bytes. */
  readonly bodyLimit: number;
  /** `no`: nothing is changed by it, and nothing of it is written down. */
  readonly traced: 'yes' | 'no';
  /** Undefined: `If-Match` is not looked at. */
  readonly ifMatch: Precondition<never>['need'] | undefined;
  readonly success: { readonly status: number; readonly description: string; readonly schema: z.ZodType | undefined };
  /** Statuses it may refuse with beside 400, 401, 403 and 500. */
  readonly refusals: readonly number[];
  readonly run: (input: Input, caller: Caller) => Promise<Outcome>;
};

export type Input = { readonly params: unknown; readonly query: unknown; readonly body: unknown };

type Spec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly right: Right;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyLimit?: number;
  /** Where it is not what its method says: what is no GET is traced. */
  readonly traced?: 'no';
  readonly ifMatch?: Precondition<z.output<P>>;
  readonly status?: number;
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly refusals?: readonly number[];
  readonly run: (
    input: { readonly params: z.output<P>; readonly query: z.output<Q>; readonly body: z.output<B> },
    caller: Caller,
  ) => Promise<Outcome> | Outcome;
};

const NOTHING = z.strictObject({});
/** Most bodies are a few words. */
const BODY_LIMIT = 64 * 1024;

/** An operation whose function is given what its schemas have read. */
export function operation<
  P extends z.ZodObject = typeof NOTHING,
  Q extends z.ZodObject = typeof NOTHING,
  B extends z.ZodType = z.ZodUndefined,
>(spec: Spec<P, Q, B>): Operation {
  const { id, method, path, summary, right, body, status = 200, description, schema, refusals = [], run } = spec;
  const params = spec.params ?? NOTHING;
  const query = spec.query ?? NOTHING;
  return {
    id,
    method,
    path,
    summary,
    right,
    params,
    query,
    body,
    bodyLimit: spec.bodyLimit ?? BODY_LIMIT,
    traced: spec.traced ?? (method === 'get' ? 'no' : 'yes'),
    ifMatch: spec.ifMatch?.need,
    success: { status, description, schema },
    refusals,
    run: async (input, caller) => {
      const read = readInput({ params, query, body }, input);
      if (read.kind === 'rejection') return read;
      // The schemas have read them: these are their outputs.
      const given = read as { params: unknown; query: unknown; body: unknown } as Parameters<typeof run>[0];
      const failed = await refuseMoved(spec.ifMatch, given.params, caller);
      return failed ?? run(given, caller);
    },
  };
}

/** 428 or 412 where the precondition does not hold; undefined where it does. */
async function refuseMoved<P>(
  precondition: Precondition<P> | undefined,
  params: P,
  { ifMatch }: Caller,
): Promise<Rejection | undefined> {
  if (precondition === undefined) return undefined;
  if (ifMatch === undefined || (precondition.need === 'required' && ifMatch === '*'))
    return precondition.need === 'optional'
      ? undefined
      : rejected(428, no('If-Match is missing', 'send the ETag of the GET that this was made from'));
  if (precondition.state === undefined) return undefined;
  const state = await precondition.state(params);
  // §13.2.1: what is refused in any case is refused for that.
  if (isNo(state) || hasTag(ifMatch, tagOf(bodyText(state)))) return undefined;
  return rejected(412, no('it was changed meanwhile', 'read it again'));
}

type Schemas = Pick<Operation, 'params' | 'query' | 'body'>;
type ReadInput = { readonly kind: 'input'; readonly params: unknown; readonly query: unknown; readonly body: unknown };

function readInput({ params, query, body }: Schemas, input: Input): ReadInput | Rejection {
  const ofPath = params.safeParse(input.params);
  // A path with an odd name in it names nothing that is there.
  if (!ofPath.success) return rejected(404, no('there is nothing of that name'));
  const ofQuery = query.safeParse(input.query);
  if (!ofQuery.success) return rejected(400, no(`the query: ${issueText(ofQuery.error)}`));
  if (body === undefined) return { kind: 'input', params: ofPath.data, query: ofQuery.data, body: undefined };
  const ofBody = body.safeParse(input.body ?? {});
  if (!ofBody.success) return rejected(400, no(`the body: ${issueText(ofBody.error)}`));
  return { kind: 'input', params: ofPath.data, query: ofQuery.data, body: ofBody.data };
}

/** The first thing wrong, at its place. No value is repeated: it may be a password in the wrong field. */
function issueText(error: z.ZodError): string {
  const [first] = error.issues;
  if (first === undefined) return 'cannot be read';
  const at = first.path.length === 0 ? '' : `${first.path.join('.')}: `;
  return first.code === 'unrecognized_keys' ? `${at}unknown key` : `${at}${first.message}`;
}

export function reply(value: unknown, more: Omit<Reply, 'kind' | 'value'> = {}): Reply {
  return { kind: 'reply', value, ...more };
}

export function rejected(status: number, refusal: Refusal): Rejection {
  return { kind: 'rejection', status, refusal };
}

/** A reply with `value`, or the refusal with `status` where it is one. */
export function replyOr(status: number, value: unknown): Outcome {
  return isNo(value) ? rejected(status, value) : reply(value);
}
