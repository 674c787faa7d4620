// Below /templates/: files for anyone; uploads for operators, resumable (tus 1.0.0) or whole by PUT. Reads, asks, answers. Edge.

import type { Request, Response } from 'express';
import express from 'express';
import type { No } from '../malformed.ts';
import { isNo, Malformed, no } from '../malformed.ts';
import { sendProblem } from '../problem.ts';
import { parseTargetPath } from '../target.ts';
import type { UploadDesk } from './desk.ts';
import type { Standing } from './lives.ts';
import type { Refused } from './refusal.ts';
import type { Lying, StagedStore } from './store.ts';
import * as tus from './tus.ts';

/** Who a request was shown to come from as it began: a session may end while a file of hours is sent. Empty: nobody. */
export type SentBy = { readonly name: string; readonly via: string };

/** Who sends a request, as far as uploads go. */
export type Sender =
  | { readonly kind: 'operator'; readonly by: SentBy }
  | { readonly kind: 'stranger'; readonly by: SentBy; readonly status: 401 | 403; readonly why: No };

/** A change that was asked for, and the status of its answer. `after`: what became of it, in a few words. */
export type UploadNote = {
  readonly operation: string;
  readonly target: string;
  readonly status: number;
  readonly after?: string;
};

export type UploadEdges = {
  readonly desk: UploadDesk;
  readonly staged: StagedStore;
  readonly fileBytes: number;
  readonly senderOf: (request: Request) => Sender;
  /** Sends a file by the rules of all content: ranges, conditions, entity tags. */
  readonly sendFile: (request: Request, response: Response, lying: Lying) => Promise<unknown>;
  /** Sends a page, or a text, by the same rules. */
  readonly sendText: (request: Request, response: Response, text: Text) => void;
  /** The page of all files. */
  readonly page: (files: readonly Lying[]) => string;
  readonly note: (request: Request, by: SentBy, note: UploadNote) => void;
};

export type Text = { readonly text: string; readonly contentType: string };

type Exchange = { readonly request: Request; readonly response: Response; readonly method: string };
type Named = Exchange & { readonly name: string };
type Owned = Named & { readonly by: SentBy };

const ROOT = /^\/+templates(?:\/|$)/;

/** The routes below `/templates`. */
export function uploadRoutes(edges: UploadEdges): express.Router {
  const router = express.Router();
  router.use((request, response, next) => {
    if (!ROOT.test(request.path)) return next();
    return answer(edges, { request, response, method: methodOf(request) });
  });
  return router;
}

/** The protocol lets clients that know only GET and POST name another method. Only of a POST: a page of another site may make one GET. */
function methodOf({ method, headers }: Request): string {
  const other = tus.textOf(headers, 'x-http-method-override');
  return method === 'POST' && (other === 'PATCH' || other === 'DELETE') ? other : method;
}

async function answer(edges: UploadEdges, exchange: Exchange): Promise<void> {
  const place = placeOf(exchange.request);
  if (isNo(place)) return refuse(exchange, 400, place);
  if (exchange.method === 'OPTIONS') {
    exchange.response.set(tus.abilities(edges.fileBytes)).status(204).end();
    return;
  }
  const [name, id, ...rest] = place;
  if (name === undefined) return answerRoot(edges, exchange);
  if (name === 'uploads' && id !== undefined && rest.length === 0) {
    return answerUpload(edges, { ...exchange, name: id });
  }
  if (id !== undefined) return refuse(exchange, 404, no('there are no directories here'));
  return answerFile(edges, { ...exchange, name });
}

/** What follows `/templates`. */
function placeOf(request: Request): readonly string[] | No {
  try {
    return parseTargetPath(request.originalUrl).segments.slice(1);
  } catch (error) {
    if (error instanceof Malformed) return no(error.message);
    throw error;
  }
}

async function answerRoot(edges: UploadEdges, exchange: Exchange): Promise<void> {
  const { request, response, method } = exchange;
  if (method === 'POST') return asOperator(edges, { ...exchange, name: '' }, (owned) => create(edges, owned));
  if (!isRead(method)) return refuseMethod(exchange, 'GET, HEAD, POST, OPTIONS');
  const files = (await edges.staged.list()).filter(({ state }) => state === 'ready');
  response.vary('Accept');
  if (request.accepts(['html', 'json']) !== 'json') {
    return edges.sendText(request, response, { text: edges.page(files), contentType: 'text/html; charset=utf-8' });
  }
  const items = files.map(({ file: { name, sizeBytes, sha256, md5, addedAt } }) => {
    return { name, url: `/templates/${name}`, sizeBytes, sha256, md5, addedAt };
  });
  edges.sendText(request, response, { text: `${JSON.stringify({ items })}\n`, contentType: 'application/json' });
}

async function answerFile(edges: UploadEdges, named: Named): Promise<void> {
  const { request, response, method, name } = named;
  if (method === 'PUT') return asOperator(edges, named, (owned) => put(edges, owned));
  if (!isRead(method)) return refuseMethod(named, 'GET, HEAD, PUT, OPTIONS');
  const [, bare = name, sum] = /^(.+)\.(sha256|md5)$/.exec(name) ?? [];
  const lying = await edges.staged.find(bare);
  if (isNo(lying)) return refuse(named, 404, lying);
  if (lying.state === 'altered') {
    const why = no(`${bare} was changed since it was uploaded`, `kickstand template verify ${bare}`);
    return refuse(named, 404, why);
  }
  if (sum === undefined) return void (await edges.sendFile(request, response, lying));
  const hex = sum === 'md5' ? lying.file.md5 : lying.file.sha256;
  edges.sendText(request, response, { text: `${hex}  ${bare}\n`, contentType: 'text/plain; charset=utf-8' });
}

async function answerUpload(edges: UploadEdges, named: Named): Promise<void> {
  const { method } = named;
  if (method !== 'HEAD' && method !== 'PATCH' && method !== 'DELETE')
    return refuseMethod(named, 'HEAD, PATCH, DELETE, OPTIONS');
  return asOperator(edges, named, async (owned) => {
    const { request, response, by, name: id } = owned;
    if (!speaksTus(owned)) return;
    if (method === 'HEAD')
      return tell(owned, await edges.desk.standing(id), (standing) => {
        response.status(200).set(tus.headHeaders(standing)).end();
      });
    if (method === 'PATCH') return patch(edges, owned);
    const ended = await edges.desk.end(id);
    const status = ended === 'ended' ? 204 : tus.STATUSES[ended.cause];
    edges.note(request, by, { operation: 'dropTemplateUpload', target: id, status });
    if (ended === 'ended') response.status(204).end();
    else refuse(owned, status, ended.why);
  });
}

async function create(edges: UploadEdges, owned: Owned): Promise<void> {
  const { request, response, by } = owned;
  if (!speaksTus(owned)) return;
  const asked = tus.readCreation(request.headers);
  if (isNo(asked)) return refuse(owned, 400, asked);
  const claim = await edges.desk.begin({ ...asked, by: by.name, how: 'resumable' });
  const status = 'id' in claim ? 201 : tus.STATUSES[claim.cause];
  edges.note(request, by, { operation: 'beginTemplateUpload', target: asked.name.slice(0, 200), status });
  if (!('id' in claim)) return refuse(owned, status, claim.why);
  const standing = await edges.desk.standing(claim.id);
  if (standing.kind === 'standing') response.set(tus.standingHeaders(standing));
  response.status(201).location(`/templates/uploads/${claim.id}`).end();
}

async function patch(edges: UploadEdges, owned: Owned): Promise<void> {
  const { request, response, by, name: id } = owned;
  if (request.headers['content-type'] !== tus.CHUNK_TYPE)
    return refuse(owned, 415, no(`the bytes of an upload are ${tus.CHUNK_TYPE}`));
  const piece = tus.readPiece(request.headers);
  if (isNo(piece)) return refuse(owned, 400, piece);
  const standing = await edges.desk.append(id, { ...piece, ...bodyOf(request) });
  const published = standing.kind === 'standing' ? standing.published : undefined;
  if (published !== undefined) {
    const { name, sha256 } = published;
    edges.note(request, by, { operation: 'uploadTemplate', target: name, status: 204, after: `sha256 ${sha256}` });
  }
  return tell(owned, standing, (stands) => {
    response.status(204).set(tus.standingHeaders(stands)).end();
  });
}

/** A whole file: `curl -T FILE`. Nothing is left of it where that fails. */
async function put(edges: UploadEdges, owned: Owned): Promise<void> {
  const { request, response, name, by } = owned;
  const { headers } = request;
  const sizeBytes = tus.countOf(headers, 'content-length');
  if (headers['content-range'] !== undefined)
    return refuse(owned, 400, no('PUT takes whole files (RFC 9110 §14.5)', 'resume uploads with tus'));
  if (headers['content-encoding'] !== undefined) return refuse(owned, 415, no('files are taken as they are'));
  if (sizeBytes === undefined) return refuse(owned, 411, no('Content-Length is missing', 'send a file, not a pipe'));
  const given = request.query['sha256'];
  if (given !== undefined && typeof given !== 'string') return refuse(owned, 400, no('?sha256= is there twice'));
  const sha256 = tus.announcedSha256(given, headers);
  if (isNo(sha256)) return refuse(owned, 400, sha256);
  const about = { name, sizeBytes, sha256, by: by.name, how: 'whole', metadata: '' } as const;
  const standing = await edges.desk.whole(about, bodyOf(request));
  const status = standing.kind === 'standing' ? 201 : tus.STATUSES[standing.cause];
  const after = standing.kind === 'standing' ? { after: `sha256 ${standing.published?.sha256 ?? 'unknown'}` } : {};
  edges.note(request, by, { operation: 'uploadTemplate', target: name.slice(0, 200), status, ...after });
  return tell(owned, standing, ({ published }) => {
    response.status(201).location(`/templates/${name}`).json(published);
  });
}

/** Leaving the loop over it early must not end the connection: an answer is still to go over it. */
function bodyOf(request: Request) {
  return {
    source: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
    cut: () => void request.destroy(),
  };
}

/** Refuses before a byte of the body is read. */
async function asOperator(edges: UploadEdges, named: Named, work: (owned: Owned) => Promise<void>): Promise<void> {
  const sender = edges.senderOf(named.request);
  if (sender.kind === 'operator') return work({ ...named, by: sender.by });
  const { by, status, why } = sender;
  if (named.method !== 'HEAD')
    edges.note(named.request, by, { operation: 'uploadTemplate', target: named.name.slice(0, 200), status });
  refuse(named, status, why);
}

function speaksTus(exchange: Exchange): boolean {
  exchange.response.set(tus.TUS_ALWAYS);
  if (tus.speaksTus(exchange.request.headers)) return true;
  exchange.response.set('Tus-Version', tus.TUS_VERSION);
  refuse(exchange, 412, no(`Tus-Resumable must be ${tus.TUS_VERSION}`, 'or send the file whole, with PUT'));
  return false;
}

function tell(exchange: Exchange, standing: Standing | Refused, send: (standing: Standing) => void): void {
  if (standing.kind === 'refused') return refuse(exchange, tus.STATUSES[standing.cause], standing.why);
  if (!exchange.response.destroyed) send(standing);
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function refuseMethod(exchange: Exchange, allow: string): void {
  exchange.response.set('Allow', allow);
  refuse(exchange, 405, no('this cannot be done here', `what can: ${allow}`));
}

/** Clients read the refusal while they still send: so much of a body is taken from them before the connection is cut. */
const LINGER_BYTES = 16 * 1024 * 1024;

function refuse({ request, response }: Exchange, status: number, why: No): void {
  if (response.destroyed) return;
  response.set('Cache-Control', 'no-store');
  if (status === 503) response.set('Retry-After', '60');
  sendProblem(response, status, why);
  let taken = 0;
  request.on('data', (bytes: Buffer) => {
    taken += bytes.byteLength;
    if (taken > LINGER_BYTES) request.destroy();
  });
}
