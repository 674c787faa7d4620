// Answers requests for content over plain node:http, before Express: from memory at once where it can be, else located, opened and sent.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../server/log.ts';
import { Malformed } from '../../server/malformed.ts';
import type { ContentFiles } from './cache/store.ts';
import type { Exchange, NotOpened, Text } from './deliver.ts';
import { deliverBytes, deliverFault, deliverKept, deliverKnown, deliverNotOpened, deliverPlace } from './deliver.ts';
import type { Kept, PlainAnswer } from './kept.ts';
import { plainAnswer } from './kept.ts';
import { renderListing } from './listing.ts';
import type { ContentPath, PublishPaths, RepoPath, TreePath } from './path.ts';
import { parseContentPath } from './path.ts';
import type { FilePlace, Place, Spot } from './place.ts';
import type { ContentRequest } from './response.ts';
import { planNotAllowed, planProblem } from './response.ts';
import type { Sent } from './send.ts';
import { sendPlan, sentWhole } from './send.ts';

/** One answered request for content, for whoever follows an installer's progress. `path` is decoded, without the query. */
export type Served = Sent & { readonly method: string; readonly path: string; readonly remote: string | undefined };

export type ContentHandlerParts = {
  /** Asked at each request: a reloaded site changes it. */
  publishPaths(): PublishPaths;
  locate(path: RepoPath | TreePath): Promise<Place>;
  /** Where the file of a path must lie if it is still where it was; undefined where it has to be located. */
  spot(path: RepoPath | TreePath): Spot | undefined;
  readonly files: ContentFiles;
  readonly log: Log;
  onServed?(served: Served): void;
};

export type ContentHandler = {
  /** True where it answers the request (now or soon), false where the request is not for content. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The answer to a request that asks for nothing but a file, where that is in memory and still the one on disk. It counts as sent. */
  readonly answerPlain: (request: PlainRequest, remote: string | undefined) => PlainAnswer | undefined;
};

type PlainRequest = { readonly method: 'GET' | 'HEAD'; readonly target: string };

/** What answers requests for content. */
export function createContentHandler(parts: ContentHandlerParts): ContentHandler {
  return {
    handle: (request, response) => {
      const path = readPath(request.url ?? '', parts.publishPaths());
      if (path.kind === 'other') return false;
      const remote = request.socket.remoteAddress;
      const asked: Asked = { request: requestOf(request), response, path, spot: spotOf(parts, path), remote };
      const kept = asked.spot === undefined ? undefined : parts.files.recall(asked.spot);
      if (kept?.bytes !== undefined && isRead(request.method)) {
        report(parts, asked, deliverKept(asked, kept, kept.bytes));
      } else {
        void answer(parts, asked, kept).then((sent) => report(parts, asked, sent));
      }
      return true;
    },
    answerPlain: ({ method, target }, remote) => {
      const path = readPath(target, parts.publishPaths());
      const spot = path.kind === 'other' ? undefined : spotOf(parts, path);
      const kept = spot === undefined ? undefined : parts.files.recall(spot);
      if (path.kind === 'other' || kept?.bytes === undefined) return undefined;
      const request: ContentRequest = { method, headers: {}, nowMs: Date.now(), boundary: '' };
      const plain = plainAnswer(kept, request);
      if (plain !== undefined) report(parts, { request, path, remote }, sentWhole(plain));
      return plain;
    },
  };
}

/** Sends a file, or the ranges of it that were asked for. `name` gives the Content-Type. Never throws: faults are in the result. */
export async function sendPlace(
  request: IncomingMessage,
  response: ServerResponse,
  content: { readonly place: FilePlace; readonly name: string; readonly files: ContentFiles },
): Promise<Sent> {
  const { place, name, files } = content;
  const exchange = { request: requestOf(request), response };
  const sent = await deliverPlace(exchange, { place, name, spot: undefined }, files);
  return 'kind' in sent ? deliverNotOpened(exchange, sent) : sent;
}

/** Sends bytes from memory by the same rules. Without an `etag` one is made from the bytes. */
export function sendBytes(request: IncomingMessage, response: ServerResponse, text: Text): Sent {
  return deliverBytes({ request: requestOf(request), response }, text);
}

type ReadablePath = RepoPath | TreePath | { readonly kind: 'malformed'; readonly reason: string };
type Asked = Exchange & {
  readonly path: ReadablePath;
  readonly spot: Spot | undefined;
  readonly remote: string | undefined;
};

type Reported = Pick<Asked, 'request' | 'path' | 'remote'>;

/** The one place where a malformed content URL is caught. */
function readPath(url: string, publishPaths: PublishPaths): ReadablePath | (ContentPath & { readonly kind: 'other' }) {
  try {
    return parseContentPath(url, publishPaths);
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', reason: error.message };
    throw error;
  }
}

/** Only a directory answers to a path with a slash at its end, and directories are not remembered. */
function spotOf(parts: ContentHandlerParts, path: ReadablePath): Spot | undefined {
  return path.kind === 'malformed' || path.directory ? undefined : parts.spot(path);
}

function isRead(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function answer(parts: ContentHandlerParts, asked: Asked, kept: Kept | undefined): Promise<Sent> {
  const { request, response, path } = asked;
  const { method } = request;
  if (!isRead(method)) return sendPlan(response, planNotAllowed());
  if (path.kind === 'malformed') {
    return sendPlan(response, planProblem(method, { status: 400, detail: path.reason }));
  }
  const known = kept === undefined ? undefined : await deliverKnown(asked, kept, parts.files);
  if (known !== undefined && !('kind' in known)) return known;
  // Between locating and opening a file, another snapshot may be published and the one located pruned: then it lies elsewhere.
  const sent = await answerLocated(parts, asked, path);
  if (!('kind' in sent)) return sent;
  const again = await answerLocated(parts, asked, path);
  return 'kind' in again ? deliverNotOpened(asked, again) : again;
}

async function answerLocated(
  parts: ContentHandlerParts,
  asked: Asked,
  path: RepoPath | TreePath,
): Promise<Sent | NotOpened> {
  const { method } = asked.request;
  let place: Place;
  try {
    place = await parts.locate(path);
  } catch (error) {
    return deliverFault(asked, error);
  }
  switch (place.kind) {
    case 'no': {
      const { reason, remedy } = place;
      return sendPlan(asked.response, planProblem(method, { status: 404, detail: reason, remedy }));
    }
    case 'directory': {
      const page = renderListing(path.publicPath, place.names, path.path === '' ? 'none' : 'parent');
      return deliverBytes(asked, { bytes: Buffer.from(page), contentType: 'text/html; charset=utf-8' });
    }
    case 'file':
      return await deliverPlace(asked, { place, name: path.path, spot: asked.spot }, parts.files);
  }
}

function report(parts: ContentHandlerParts, { request, path, remote }: Reported, sent: Sent): void {
  const { status, bytes, complete, fault } = sent;
  const publicPath = path.kind === 'malformed' ? '' : path.publicPath;
  const served: Served = { status, bytes, complete, fault, method: request.method ?? '', path: publicPath, remote };
  if (fault === undefined) parts.log.debug('content answered', served);
  else parts.log.error('content could not be read', { ...served, fault: undefined, error: fault });
  parts.onServed?.(served);
}

function requestOf({ method, headers }: IncomingMessage): ContentRequest {
  // Only an answer of several parts needs a boundary; 96 random bits do not turn up in a file by chance or by design.
  const boundary = headers.range?.includes(',') === true ? randomBytes(12).toString('hex') : '';
  return { method, headers, nowMs: Date.now(), boundary };
}
