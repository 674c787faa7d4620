// Answers requests for content over plain node:http, before Express: locates, opens, and sends exactly what was planned.

import { createHash, randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../server/log.ts';
import { codeOf, Malformed, messageOf } from '../../server/malformed.ts';
import type { BodySource } from './body.ts';
import { renderListing } from './listing.ts';
import { contentTypeOf } from './media.ts';
import type { ContentPath, PublishPaths, RepoPath, TreePath } from './path.ts';
import { parseContentPath } from './path.ts';
import type { FilePlace, Place } from './place.ts';
import type { ContentRequest, Representation } from './response.ts';
import { etagOf, planNotAllowed, planProblem, planResponse } from './response.ts';
import type { Sent } from './send.ts';
import { sendPlan, transmit } from './send.ts';

/** One answered request for content, for whoever follows an installer's progress. `path` is decoded, without the query. */
export type Served = Sent & { readonly method: string; readonly path: string; readonly remote: string | undefined };

export type ContentHandlerParts = {
  /** Asked at each request: a reloaded site changes it. */
  publishPaths(): PublishPaths;
  locate(path: RepoPath | TreePath): Promise<Place>;
  readonly log: Log;
  onServed?(served: Served): void;
};

/** The handler: true where it answers the request (now or soon), false where the request is not for content. */
export function createContentHandler(
  parts: ContentHandlerParts,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const path = readPath(request.url ?? '', parts.publishPaths());
    if (path.kind === 'other') return false;
    const remote = request.socket.remoteAddress;
    const publicPath = path.kind === 'malformed' ? '' : path.publicPath;
    void answer(request, response, { parts, path }).then((sent) => {
      report(parts, { ...sent, method: request.method ?? '', path: publicPath, remote });
    });
    return true;
  };
}

/** Sends a file, or the ranges of it that were asked for. `name` gives the Content-Type. Never throws: faults are in the result. */
export async function sendPlace(
  request: IncomingMessage,
  response: ServerResponse,
  content: { readonly place: FilePlace; readonly name: string },
): Promise<Sent> {
  let file: FileHandle;
  try {
    // O_NONBLOCK: opening a pipe by accident must not hang a thread.
    file = await open(content.place.file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return await sendFault(request, response, error);
    return await sendPlan(response, planProblem(request.method, { status: 404, detail: 'the file has just gone' }));
  }
  try {
    const stats = await file.stat({ bigint: true });
    requireSame(content.place, stats);
    const plan = planResponse(requestOf(request), representationOf(content.place, content.name, stats));
    return await transmit(response, plan, sourceOf(file, content.place, stats));
  } catch (error) {
    return await sendFault(request, response, error);
  } finally {
    await file.close();
  }
}

/** Sends bytes from memory by the same rules. Without an `etag` one is made from the bytes. */
export async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  content: {
    readonly bytes: Uint8Array;
    readonly contentType: string;
    readonly modifiedMs?: number | undefined;
    readonly etag?: string | undefined;
  },
): Promise<Sent> {
  const { bytes, contentType, modifiedMs } = content;
  const etag = content.etag ?? `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
  const sizeBytes = bytes.byteLength;
  const plan = planResponse(requestOf(request), { sizeBytes, modifiedMs, etag, contentType });
  return await transmit(response, plan, {
    extents: [{ offset: 0, length: sizeBytes }],
    readAt: async (target, position) => target.set(bytes.subarray(position, position + target.byteLength)),
    verify: async () => {},
  });
}

type ReadablePath = RepoPath | TreePath | { readonly kind: 'malformed'; readonly reason: string };

/** The one place where a malformed content URL is caught. */
function readPath(url: string, publishPaths: PublishPaths): ReadablePath | (ContentPath & { readonly kind: 'other' }) {
  try {
    return parseContentPath(url, publishPaths);
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', reason: error.message };
    throw error;
  }
}

type Asked = { readonly parts: ContentHandlerParts; readonly path: ReadablePath };

async function answer(request: IncomingMessage, response: ServerResponse, { parts, path }: Asked): Promise<Sent> {
  const { method } = request;
  if (method !== 'GET' && method !== 'HEAD') return await sendPlan(response, planNotAllowed());
  if (path.kind === 'malformed') {
    return await sendPlan(response, planProblem(method, { status: 400, detail: path.reason }));
  }
  let place: Place;
  try {
    place = await parts.locate(path);
  } catch (error) {
    return await sendFault(request, response, error);
  }
  switch (place.kind) {
    case 'no':
      return await sendPlan(response, planProblem(method, { status: 404, detail: place.reason, remedy: place.remedy }));
    case 'directory': {
      const page = renderListing(path.publicPath, place.names, path.path === '' ? 'none' : 'parent');
      return await sendBytes(request, response, { bytes: Buffer.from(page), contentType: 'text/html; charset=utf-8' });
    }
    case 'file':
      return await sendPlace(request, response, { place, name: path.path });
  }
}

function report(parts: ContentHandlerParts, served: Served): void {
  const { method, path, status, bytes, complete, remote, fault } = served;
  const fields = { method, path, status, bytes, complete, remote };
  if (fault === undefined) parts.log.debug('content answered', fields);
  else parts.log.error('content could not be read', { ...fields, error: fault });
  parts.onServed?.(served);
}

function requestOf(request: IncomingMessage): ContentRequest {
  // Only an answer of several parts needs a boundary; 96 random bits do not turn up in a file by chance or by design.
  const boundary = request.headers.range?.includes(',') === true ? randomBytes(12).toString('hex') : '';
  return { method: request.method, headers: request.headers, nowMs: Date.now(), boundary };
}

function representationOf(place: FilePlace, name: string, stats: BigIntStats): Representation {
  const { sizeBytes, modifiedMs } = place;
  const offset = place.extents[0]?.offset ?? 0;
  const etag = etagOf({ inode: stats.ino, modifiedNs: stats.mtimeNs, offset, sizeBytes });
  return { sizeBytes, modifiedMs, etag, contentType: contentTypeOf(name) };
}

/** Throws where the opened file cannot be the one that was located: no bytes of another are ever sent in its name. */
function requireSame(place: FilePlace, stats: BigIntStats): void {
  if (!stats.isFile()) throw new Error('the place is no regular file');
  const [first, second] = place.extents;
  const end = place.extents.reduce((most, { offset, length }) => Math.max(most, offset + length), 0);
  // A file of an ISO never starts at 0, where the ISO's own system area lies; for any other the file on disk is the place itself.
  const isWhole = first !== undefined && second === undefined && first.offset === 0;
  const sameSize = isWhole ? Number(stats.size) === place.sizeBytes : Number(stats.size) >= end;
  const sameTime = !isWhole || Math.abs(Number(stats.mtimeNs) / 1e6 - place.modifiedMs) < 1;
  if (!sameSize || !sameTime) throw new Error('the file changed after it was found');
}

function sourceOf(file: FileHandle, place: FilePlace, opened: BigIntStats): BodySource {
  return {
    extents: place.extents,
    readAt: async (target, position) => {
      for (let done = 0; done < target.byteLength;) {
        const { bytesRead } = await file.read(target, done, target.byteLength - done, position + done);
        if (bytesRead === 0) throw new Error('the file ended before the bytes that were promised');
        done += bytesRead;
      }
    },
    verify: async () => {
      const now = await file.stat({ bigint: true });
      if (now.mtimeNs !== opened.mtimeNs || now.size !== opened.size)
        throw new Error('the file changed while it was sent');
    },
  };
}

/** 500 for a fault of ours; its message goes to the log, not to the network. */
async function sendFault(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<Sent> {
  const fault = messageOf(error);
  if (response.headersSent) {
    response.destroy();
    return { status: response.statusCode, bytes: 0, complete: false, fault };
  }
  const detail = 'the appliance cannot read this file now; its log tells why';
  return {
    ...(await sendPlan(response, planProblem(request.method, { status: 500, detail }))),
    complete: false,
    fault,
  };
}
