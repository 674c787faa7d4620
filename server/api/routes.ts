// The API under /api/v1: what stands where for anyone, and changes for an authenticated operator.

import type { NextFunction, Request, Response } from 'express';
import { Router, json } from 'express';
import { parseMac } from '../address.ts';
import type { MacAddress } from '../address.ts';
import type { No } from '../malformed.ts';
import { Malformed, isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import { sendProblem } from '../problem.ts';
import { sameSecret } from '../secret.ts';
import type { EnrolmentBody } from './enrolment.ts';
import { parseEnrolment } from './enrolment.ts';

/** What the API is given. Views are plain values, ready for JSON, without secrets. */
export type ApiParts = {
  readonly operatorToken: () => string;
  readonly health: () => Promise<{ readonly ok: boolean }>;
  readonly views: Readonly<Record<'hosts' | 'repos' | 'trees' | 'discovered' | 'site', () => Promise<unknown>>>;
  readonly host: (name: string) => Promise<unknown>;
  readonly repo: (name: string) => Promise<unknown>;
  /** The newest syncs of a repo, newest first. */
  readonly syncs: (repo: string, limit: number) => Promise<unknown>;
  readonly arm: (name: string, forMs: number | undefined) => Promise<No | { readonly kind: 'armed' }>;
  readonly disarm: (name: string) => Promise<No | { readonly kind: 'disarmed' }>;
  /** Has a machine with this MAC asked for a boot? */
  readonly hasAsked: (mac: MacAddress) => boolean;
  readonly enroll: (
    mac: MacAddress,
    body: EnrolmentBody,
  ) => Promise<Refusal | { readonly kind: 'enrolled'; readonly host: { readonly name: string } }>;
  readonly siteSchema: () => unknown;
};

/** Does the request carry the operator's token (`Authorization: Bearer …`)? */
export function isOperator(request: Request, operatorToken: string): boolean {
  const given = /^Bearer ([\x21-\x7e]{1,200})$/.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && sameSecret(given, operatorToken);
}

/** `/healthz` and `/api/v1/…`. */
export function apiRoutes(parts: ApiParts): Router {
  const router = Router();
  router.get('/healthz', async (_request, response) => {
    const health = await parts.health();
    response
      .status(health.ok ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json(health);
  });
  for (const [name, view] of Object.entries(parts.views)) {
    router.get(`/api/v1/${name}`, async (_request, response) => void response.json(await view()));
  }
  router.get('/api/v1/site.schema.json', (_request, response) => void response.json(parts.siteSchema()));
  router.get('/api/v1/hosts/:host', async (request, response) => answer(response, await parts.host(hostName(request))));
  repoRoutes(router, parts);
  const operators = [operatorsOnly(parts), json({ limit: '16kb' })];
  router.post('/api/v1/hosts/:host/arm', operators, async (request: Request, response: Response) => {
    const forMs = durationOf(request.body);
    answer(response, isNo(forMs) ? forMs : await parts.arm(hostName(request), forMs));
  });
  router.post('/api/v1/hosts/:host/disarm', operators, async (request: Request, response: Response) => {
    answer(response, await parts.disarm(hostName(request)));
  });
  router.post('/api/v1/discovered/:mac/enroll', operators, (request: Request, response: Response) =>
    enroll(parts, request, response),
  );
  return router;
}

const SYNCS_TOLD = 50;
const SYNCS_LIMIT = 200;

/** What is known of one repo, and its syncs. None of them can be begun or ended here: that needs operators' accounts. */
function repoRoutes(router: Router, parts: ApiParts): void {
  const tell = (response: Response, value: unknown): void => {
    if (isNo(value)) sendProblem(response, 404, value);
    else response.json(value);
  };
  router.get('/api/v1/repos/:repo', async (request, response) => tell(response, await parts.repo(request.params.repo)));
  router.get('/api/v1/repos/:repo/syncs', async (request, response) => {
    const limit = readLimit(request.query['limit']);
    if (isNo(limit)) return sendProblem(response, 400, limit);
    tell(response, await parts.syncs(request.params.repo, limit));
  });
}

function readLimit(text: unknown): number | No {
  if (text === undefined) return SYNCS_TOLD;
  const limit = typeof text === 'string' && /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= SYNCS_LIMIT ? limit : no(`limit is a whole number from 1 to ${SYNCS_LIMIT}`);
}

/** 201 with the host; 400 and 404 for what was asked, 409 where it cannot be done now, 422 with all that the site file would get wrong. */
async function enroll(parts: ApiParts, request: Request, response: Response): Promise<void> {
  const mac = readMac(request);
  if (isNo(mac)) return sendProblem(response, 400, mac);
  const body = parseEnrolment(request.body);
  if (isNo(body)) return sendProblem(response, 400, body);
  if (!parts.hasAsked(mac.address))
    return sendProblem(response, 404, no(`no machine with the MAC ${mac.address} has asked for a boot`));
  const enrolled = await parts.enroll(mac.address, body);
  if (isNo(enrolled)) return sendProblem(response, enrolled.problems === undefined ? 409 : 422, enrolled);
  response.status(201).location(`/api/v1/hosts/${enrolled.host.name}`).json(enrolled.host);
}

function readMac(request: Request): { readonly kind: 'mac'; readonly address: MacAddress } | No {
  const text = request.params['mac'];
  try {
    return { kind: 'mac', address: parseMac(typeof text === 'string' ? text : '') };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return no(error.message, 'such as 52:54:00:a8:a8:02');
  }
}

function operatorsOnly(parts: ApiParts) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (isOperator(request, parts.operatorToken())) return next();
    sendProblem(
      response,
      401,
      no('this needs an operator', 'send Authorization: Bearer with the token kept in DATA/secrets/operator'),
    );
  };
}

function answer(response: Response, value: unknown): void {
  if (isNo(value)) sendProblem(response, 409, value);
  else response.json(value);
}

function durationOf(body: unknown): number | undefined | No {
  const seconds: unknown =
    typeof body === 'object' && body !== null && 'forSeconds' in body ? body.forSeconds : undefined;
  if (seconds === undefined) return undefined;
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds > 0) return seconds * 1000;
  return no('forSeconds is a whole number of seconds above 0');
}

function hostName(request: Request): string {
  const name = request.params['host'];
  return typeof name === 'string' ? name : '';
}
