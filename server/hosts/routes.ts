// What installers ask over HTTP: their kickstart or answerfile, the scripts it names, and where they report.

import type { Request, Response } from 'express';
import { Router, json, text, urlencoded } from 'express';
import type { HostState } from '../domain.ts';
import type { Log } from '../log.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { sendProblem } from '../problem.ts';
import { sameSecret } from '../secret.ts';
import type { Stage } from '../stages.ts';
import type { HostEvent } from './lifecycle.ts';
import { admitsInstaller, admitsReport } from './lifecycle.ts';
import type { Report } from './report.ts';
import { parseReport } from './report.ts';
import { provisioningMacs } from './token.ts';

/** What the routes are given. `render` answers undefined for a host the site does not have. */
export type InstallerParts = {
  readonly state: (host: string, now: number) => HostState;
  readonly apply: (host: string, event: HostEvent) => unknown;
  readonly note: (host: string, what: string, detail: string) => void;
  /** Keeps the log that a script of the install sent with its report. */
  readonly keepLog: (host: string, text: string) => void;
  /** What a report says, without what nobody is to read of it. */
  readonly clean: (text: string) => string;
  /** Told what an installer at `address` reached, for whoever follows a boot. */
  readonly stage: (address: string, host: string, stage: Stage) => void;
  readonly macsOf: (host: string) => readonly string[] | undefined;
  readonly render: (host: string, what: Instructions) => Promise<string | No>;
  readonly now: () => number;
  readonly log: Log;
};

type Exchange = { readonly request: Request; readonly response: Response; readonly because?: string };

export type Instructions =
  | { readonly kind: 'kickstart' }
  | { readonly kind: 'answerfile' }
  | { readonly kind: 'script'; readonly stage: string };

/** Scripts send the last 64 KiB of theirs, or all of it where nothing there could cut it. */
const LIMIT_LOG_BYTES = 512 * 1024;

const REFUSED = no(
  'this token does not open this host',
  'arm the host; its boot script carries the token of that arming',
);

/** The installers' routes: `/kickstart/HOST`, `/answerfile/HOST`, `/hosts/HOST/scripts/STAGE`, `/hosts/HOST/events`. */
export function installerRoutes(parts: InstallerParts): Router {
  const router = Router();
  const instructions = (what: (request: Request) => Instructions) => (request: Request, response: Response) =>
    giveInstructions(parts, what(request), { request, response });
  router.get(
    '/kickstart/:host',
    instructions(() => ({ kind: 'kickstart' })),
  );
  router.get(
    '/answerfile/:host',
    instructions(() => ({ kind: 'answerfile' })),
  );
  router.get(
    '/hosts/:host/scripts/:stage',
    instructions((request) => ({ kind: 'script', stage: segment(request, 'stage') })),
  );
  const body = [
    json({ limit: '64kb' }),
    urlencoded({ extended: false, limit: '64kb' }),
    text({ type: 'text/plain', limit: LIMIT_LOG_BYTES, defaultCharset: 'utf-8' }),
  ];
  const report = (request: Request, response: Response): void => takeReport(parts, request, response);
  router.get('/hosts/:host/events', report);
  router.post('/hosts/:host/events', body, report);
  return router;
}

async function giveInstructions(parts: InstallerParts, what: Instructions, http: Exchange): Promise<void> {
  const { request, response } = http;
  const host = segment(request, 'host');
  const address = request.socket.remoteAddress ?? 'unknown';
  // A script ends an install that runs, however long it took; instructions begin one, while the arming holds.
  const admits = what.kind === 'script' ? admitsReport : admitsInstaller;
  const admitted = (): boolean => admits(parts.state(host, parts.now()), tokenCheck(request), parts.now());
  response.set('Cache-Control', 'no-store');
  const macs = parts.macsOf(host);
  if (macs === undefined || !admitted()) return refuse(parts, host, http);
  const foreign = foreignMacs(request, macs);
  if (foreign !== undefined) return refuse(parts, host, { ...http, because: foreign });
  const text = await parts.render(host, what);
  if (isNo(text)) {
    parts.note(host, 'instructions refused', text.reason);
    parts.stage(address, host, { kind: 'instructions', what: what.kind, outcome: 'refused', reason: text.reason });
    return sendProblem(response, 409, text);
  }
  // Rendering took its time: an operator may have disarmed the host meanwhile. What is written down now decides.
  if (what.kind !== 'script' && request.method === 'GET')
    parts.apply(host, { kind: 'installing', now: parts.now(), token: givenToken(request), address });
  if (!admitted()) return refuse(parts, host, http);
  parts.log.info('instructions given', { host, what: what.kind, address });
  if (request.method === 'GET')
    parts.stage(address, host, { kind: 'instructions', what: what.kind, outcome: 'given', reason: '' });
  response.type(what.kind === 'answerfile' ? 'application/xml' : 'text/plain').send(text);
}

/** The reason to refuse an installer that names its MACs and has none of the host's: it is another machine. */
function foreignMacs(request: Request, macs: readonly string[]): string | undefined {
  const named = provisioningMacs(request.headers);
  if (named.length === 0 || named.some((mac) => macs.includes(mac))) return undefined;
  return `asked by a machine with ${named.slice(0, 4).join(', ')}, which are not this host's`;
}

function refuse(parts: InstallerParts, host: string, http: Exchange): void {
  const reason = http.because ?? 'asked without the token of its arming';
  if (parts.macsOf(host) !== undefined) {
    parts.note(host, 'refused', `${http.request.path}: ${reason}`);
    const address = http.request.socket.remoteAddress ?? 'unknown';
    parts.stage(address, host, { kind: 'instructions', what: 'instructions', outcome: 'refused', reason });
  }
  parts.log.warn('instructions refused', {
    host: host.slice(0, 64),
    reason,
    address: http.request.socket.remoteAddress,
  });
  sendProblem(http.response, 403, REFUSED);
}

function takeReport(parts: InstallerParts, request: Request, response: Response): void {
  const host = segment(request, 'host');
  const state = parts.state(host, parts.now());
  if (parts.macsOf(host) === undefined || !admitsReport(state, tokenCheck(request)))
    return refuse(parts, host, { request, response });
  const { report: given, log } = readReport(request);
  if (isNo(given)) return sendProblem(response, 400, given);
  const report = { ...given, message: parts.clean(given.message) };
  if (log !== '') parts.keepLog(host, log);
  parts.apply(host, { kind: 'reported', now: parts.now(), ...report });
  parts.log.info('installer reported', { host, stage: report.stage });
  parts.stage(request.socket.remoteAddress ?? 'unknown', host, { kind: 'report', ...report });
  response.type('text/plain').send('noted\n');
}

/** A report in the query or in the body; beside one in the query, the body may be a log, as plain text. */
function readReport(request: Request): { readonly report: Report | No; readonly log: string } {
  const body: unknown = request.method === 'GET' ? undefined : request.body;
  if (typeof body === 'string') return { report: parseReport(request.query), log: body };
  const values = typeof body === 'object' && body !== null ? { ...request.query, ...body } : request.query;
  return { report: parseReport(values), log: '' };
}

function tokenCheck(request: Request): (token: string) => boolean {
  const given = givenToken(request);
  return (token) => given !== '' && sameSecret(given, token);
}

/** The token in the query, or nothing: two of them are none. */
function givenToken(request: Request): string {
  const given = request.query['token'];
  return typeof given === 'string' ? given : '';
}

function segment(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}
