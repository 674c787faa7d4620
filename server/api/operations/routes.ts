// The API's operations as Express routes: who asks, may they, what do they say; then the operation, then its answer. Edge.

import type { NextFunction, Request, Response } from 'express';
import { Router, json } from 'express';
import type { Principal } from '../../accounts/rights.ts';
import { mayAct } from '../../accounts/rights.ts';
import { isEncrypted } from '../../encrypted.ts';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import { sendProblem } from '../../problem.ts';
import type { Caller, Operation, Outcome, Reply } from '../operation.ts';

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
export type AuditEntry = {
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
  const caller: Caller = {
    principal,
    address: request.socket.remoteAddress ?? 'unknown',
    isSecure: isEncrypted(request),
    ifMatch: ifMatchOf(request),
  };
  const outcome = await operation.run({ params: request.params, query: request.query, body: request.body }, caller);
  const status = statusOf(operation, outcome);
  note(parts, operation, { request, status, principal });
  response.set('Cache-Control', 'no-store');
  if (outcome.kind === 'rejection') return sendProblem(response, outcome.status, outcome.refusal);
  send(response, status, outcome);
}

function statusOf(operation: Operation, outcome: Outcome): number {
  return outcome.kind === 'rejection' ? outcome.status : operation.success.status;
}

function send(response: Response, status: number, { value, location, etag, cookie }: Reply): void {
  response.status(status);
  if (location !== undefined) response.location(location);
  if (etag !== undefined) response.set('ETag', `"${etag}"`);
  if (cookie !== undefined) response.set('Set-Cookie', cookie);
  if (value === undefined) response.end();
  else response.json(value);
}

/** RFC 9110 §13.1.1: one strong tag; `*` and lists are for caches. */
function ifMatchOf(request: Request): string | undefined {
  return /^"([\x21\x23-\x7e]{1,100})"$/.exec(request.headers['if-match'] ?? '')?.[1];
}

type Noted = { readonly request: Request; readonly status: number; readonly principal: Principal | undefined };

function note({ audit }: OperationParts, operation: Operation, { request, status, principal }: Noted): void {
  if (operation.method === 'get') return;
  audit({
    operation: operation.id,
    who: principal?.name ?? '',
    via: principal?.via ?? 'nobody',
    address: request.socket.remoteAddress ?? 'unknown',
    target: request.path.slice(0, 200),
    status,
  });
}
