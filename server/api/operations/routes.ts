// The API's operations as Express routes: who asks, may they, what do they say; then the operation, then its answer. Edge.

import type { NextFunction, Request, Response } from 'express';
import { Router, json } from 'express';
import type { Principal } from '../../accounts/rights.ts';
import { mayAct } from '../../accounts/rights.ts';
import { addressOf, isEncrypted } from '../../encrypted.ts';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import { sendProblem } from '../../problem.ts';
import type { TagCondition } from '../entity-tag.ts';
import { bodyText, hasTagWeakly, readTags, tagOf } from '../entity-tag.ts';
import type { Caller, Change, Operation, Outcome, Reply } from '../operation.ts';

/** What the routes are given. */
export type OperationParts = {
  readonly operations: readonly Operation[];
  /** Who sent the request; `No` where another site's page did. */
  readonly identify: (request: Request) => Principal | undefined | No;
  /** Why a request is refused before anything of it is read: it came over plain HTTP, and there is HTTPS. */
  readonly insecure: (request: Request) => No | undefined;
  /** Told of every change that was asked for, and what became of it. */
  readonly audit: (entry: AuditEntry) => void;
};

/** A change somebody asked for. `status` is the answer's. Bodies are no part of it: they may hold passwords. */
export type AuditEntry = Change & {
  readonly operation: string;
  readonly who: string;
  readonly via: Principal['via'] | 'nobody';
  readonly address: string;
  readonly target: string;
  readonly status: number;
};

/** One route for each operation; what is below `/api/` and none of them is nothing. */
export function operationRoutes(parts: OperationParts): Router {
  const router = Router();
  for (const operation of parts.operations) {
    const path = `/api/v1${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    const steps = [
      guard(parts, operation),
      ...(operation.body === undefined ? [] : [json({ limit: operation.bodyLimit, strict: true })]),
    ];
    router[operation.method](path, ...steps, (request: Request, response: Response) =>
      perform(parts, operation, { request, response }),
    );
  }
  return router;
}

/** Refuses before a byte of the body is read. */
function guard(parts: OperationParts, operation: Operation) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const insecure = parts.insecure(request);
    if (insecure !== undefined) return refuse(parts, operation, { request, response, status: 403, refusal: insecure });
    const principal = parts.identify(request);
    if (isNo(principal)) return refuse(parts, operation, { request, response, status: 403, refusal: principal });
    if (!mayAct(principal?.role, operation.right)) {
      const known = principal !== undefined;
      const refusal = known
        ? no(`this needs the role ${operation.right}; ${principal.name} is ${principal.role}`, 'ask an admin')
        : no('this needs a login', 'log in on the page, or send Authorization: Bearer with an API token');
      return refuse(parts, operation, { request, response, status: known ? 403 : 401, refusal, principal });
    }
    response.locals['principal'] = principal;
    next();
  };
}

type Exchange = { readonly request: Request; readonly response: Response };
type Refused = Exchange & { readonly status: number; readonly refusal: No; readonly principal?: Principal | undefined };

function refuse(
  parts: OperationParts,
  operation: Operation,
  { request, response, status, refusal, principal }: Refused,
): void {
  note(parts, operation, { request, status, principal });
  response.set('Cache-Control', 'no-store');
  sendProblem(response, status, refusal);
}

async function perform(parts: OperationParts, operation: Operation, { request, response }: Exchange): Promise<void> {
  const principal = response.locals['principal'] as Principal | undefined;
  const ifMatch = conditionOf(request.headers['if-match']);
  if (isNo(ifMatch)) return refuse(parts, operation, { request, response, status: 400, refusal: ifMatch, principal });
  const caller: Caller = {
    principal,
    address: addressOf(request),
    isSecure: isEncrypted(request),
    ifMatch: ifMatch.tags,
  };
  const outcome = await attempt(parts, operation, { request, caller });
  const status = statusOf(operation, outcome);
  const change = outcome.kind === 'reply' ? outcome.change : undefined;
  note(parts, operation, { request, status, principal, change });
  response.set('Cache-Control', 'no-store');
  if (outcome.kind === 'rejection') return sendProblem(response, outcome.status, outcome.refusal);
  if (operation.method === 'get') return sendState({ request, response }, outcome);
  send(response, status, outcome);
}

/** A change that failed may have been made half: it leaves a trace too. */
async function attempt(
  parts: OperationParts,
  operation: Operation,
  { request, caller }: { readonly request: Request; readonly caller: Caller },
): Promise<Outcome> {
  try {
    return await operation.run({ params: request.params, query: request.query, body: request.body }, caller);
  } catch (error) {
    note(parts, operation, { request, status: 500, principal: caller.principal });
    throw error;
  }
}

function statusOf(operation: Operation, outcome: Outcome): number {
  return outcome.kind === 'rejection' ? outcome.status : operation.success.status;
}

/**
 * Who has it already is told so by 304 (RFC 9110 §15.4.5). It is asked for by a tag that the page keeps itself: no browser is to keep
 * what the API says on its disk, which is why every answer is `no-store`.
 */
function sendState({ request, response }: Exchange, { value, etag }: Reply): void {
  const body = bodyText(value);
  const tag = etag ?? tagOf(body);
  response.set('ETag', `"${tag}"`);
  const known = readTags(request.headers['if-none-match'] ?? '');
  if (known !== undefined && hasTagWeakly(known, tag)) response.status(304).end();
  else response.status(200).type('application/json').send(body);
}

function send(response: Response, status: number, { value, location, etag, cookie }: Reply): void {
  response.status(status);
  if (location !== undefined) response.location(location);
  if (etag !== undefined) response.set('ETag', `"${etag}"`);
  if (cookie !== undefined) response.set('Set-Cookie', cookie);
  if (value === undefined) response.end();
  else response.type('application/json').send(bodyText(value));
}

/** A condition that cannot be read must not be taken for none. */
function conditionOf(header: string | undefined): { readonly tags: TagCondition | undefined } | No {
  if (header === undefined) return { tags: undefined };
  const tags = readTags(header);
  return tags === undefined ? no('If-Match cannot be read', 'send an ETag as it was told, with its quotes') : { tags };
}

type Noted = {
  readonly request: Request;
  readonly status: number;
  readonly principal: Principal | undefined;
  readonly change?: Change | undefined;
};

function note({ audit }: OperationParts, operation: Operation, { request, status, principal, change }: Noted): void {
  if (operation.traced === 'no') return;
  audit({
    operation: operation.id,
    who: principal?.name ?? '',
    via: principal?.via ?? 'nobody',
    address: addressOf(request),
    target: readable(request.path).slice(0, 200),
    status,
    ...change,
  });
}

/** A MAC is sought as it is written. */
function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path;
    throw error;
  }
}
