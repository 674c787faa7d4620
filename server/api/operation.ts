// What the API can do, one value for each request it takes: path, right, schemas, and the function that does it. Pure.

import { z } from 'zod';
import type { Principal, Right } from '../accounts/rights.ts';
import { isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Who asks, and what of the request is not in its schemas. */
export type Caller = {
  /** Undefined where the operation is for anyone and nobody logged in. */
  readonly principal: Principal | undefined;
  readonly address: string;
  /** Did the request come over TLS? */
  readonly isSecure: boolean;
  /** The entity tag of `If-Match`, without its quotes; undefined where there is none. */
  readonly ifMatch: string | undefined;
};

/** What an operation hands back. `value` undefined: no body. */
export type Reply = {
  readonly kind: 'reply';
  readonly value: unknown;
  readonly location?: string;
  readonly etag?: string;
  readonly cookie?: string;
};

/** A refusal with its HTTP status. */
export type Rejection = { readonly kind: 'rejection'; readonly status: number; readonly refusal: Refusal };

export type Outcome = Reply | Rejection;

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
    success: { status, description, schema },
    refusals,
    run: async (input, caller) => {
      const read = readInput({ params, query, body }, input);
      if (read.kind === 'rejection') return read;
      // The schemas have read them: these are their outputs.
      const given = read as { params: unknown; query: unknown; body: unknown } as Parameters<typeof run>[0];
      return run(given, caller);
    },
  };
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
