// Plans the HTTP answer to a request for content: status, headers and exactly which bytes follow. Pure; sends nothing.

import { no } from '../../server/malformed.ts';
import { problemBody } from '../../server/problem.ts';
import type { RequestHeaders } from './conditions.ts';
import { evaluateConditions, headerText, rangeStillApplies } from './conditions.ts';
import type { ByteRange } from './range.ts';
import { parseRange } from './range.ts';

/** What counts of a request. `boundary` parts a multipart answer; it must be unguessable, 1 to 70 letters and digits. */
export type ContentRequest = {
  readonly method: string | undefined;
  readonly headers: RequestHeaders;
  readonly nowMs: number;
  readonly boundary: string;
};

/** What there is to send. `etag` is strong, with its quotes; `modifiedMs` counts since 1970. */
export type Representation = {
  readonly sizeBytes: number;
  readonly modifiedMs: number | undefined;
  readonly etag: string;
  readonly contentType: string;
};

/** Text of the answer's own (UTF-8), or a slice of the content. */
export type BodyPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'slice'; readonly offset: number; readonly length: number };

/** The lengths of `body` sum to the Content-Length, but for HEAD and 304, which have no body. */
export type ResponsePlan = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly BodyPart[];
};

/**
 * Content comes from elsewhere and shares its origin with the operator's page: a browser must neither guess its type nor run
 * scripts in it. It is to be revalidated each time: a proxy must not mix an old repomd.xml with new packages.
 */
const ALWAYS = {
  'Accept-Ranges': 'bytes',
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': "default-src 'none'; sandbox allow-downloads",
  'X-Content-Type-Options': 'nosniff',
};

/** The answer to `request` for `content`: 200, 206, 304, 405, 412 or 416 (RFC 9110 §13.2.2, §14.2, §15). */
export function planResponse(request: ContentRequest, content: Representation): ResponsePlan {
  if (request.method !== 'GET' && request.method !== 'HEAD') return planNotAllowed();
  const validators = { etag: content.etag, modifiedMs: honestDate(content.modifiedMs, request.nowMs) };
  const headers = { ...ALWAYS, ...validatorHeaders(validators) };
  switch (evaluateConditions(request.headers, validators)) {
    case 'failed':
      return planProblem(request.method, { status: 412, detail: 'the file is not the one that was asked for' });
    case 'not-modified':
      return { status: 304, headers, body: [] };
    case 'proceed':
      break;
  }
  // §14.2: range handling is defined for GET alone; with any other method the header must be ignored.
  const range = request.method === 'GET' ? headerText(request.headers, 'range') : undefined;
  const asked =
    range !== undefined && rangeStillApplies(request.headers, validators)
      ? parseRange(range, content.sizeBytes)
      : ({ kind: 'whole' } as const);
  switch (asked.kind) {
    case 'whole':
      return planWhole(request.method, content, headers);
    case 'unsatisfiable':
      return planUnsatisfiable(request.method, content.sizeBytes);
    case 'ranges':
      return planRanges(asked.ranges, { content, headers, boundary: request.boundary });
  }
}

/** 405 for a method other than GET and HEAD. The connection ends: the request's body is not worth reading. */
export function planNotAllowed(): ResponsePlan {
  const detail = 'content can only be read: use GET or HEAD';
  return planProblem('GET', { status: 405, detail, headers: { Allow: 'GET, HEAD', Connection: 'close' } });
}

export type ContentProblem = {
  readonly status: number;
  readonly detail: string;
  readonly remedy?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
};

/** An error answer as `application/problem+json`: `detail` for a person, `remedy` where there is one. */
export function planProblem(method: string | undefined, problem: ContentProblem): ResponsePlan {
  const text = problemBody(problem.status, no(problem.detail, problem.remedy));
  return {
    status: problem.status,
    headers: {
      'Cache-Control': 'no-store',
      'Content-Type': 'application/problem+json',
      'Content-Length': String(Buffer.byteLength(text)),
      'X-Content-Type-Options': 'nosniff',
      ...problem.headers,
    },
    body: method === 'HEAD' ? [] : [{ kind: 'text', text }],
  };
}

/** What a file's entity tag is made of: `offset` is where it starts in the file on disk. */
export type FileIdentity = {
  readonly inode: bigint;
  readonly modifiedNs: bigint;
  readonly offset: number;
  readonly sizeBytes: number;
};

/**
 * A strong entity tag (RFC 9110 §8.8.3): the same for each snapshot that a file is hard-linked into, since links share inode and
 * time; another for each file of an ISO, since they start at different offsets; and new whenever the bytes on disk are replaced.
 */
export function etagOf(identity: FileIdentity): string {
  const parts = [identity.inode, identity.modifiedNs, identity.offset, identity.sizeBytes];
  return `"${parts.map((part) => part.toString(36)).join('-')}"`;
}

function planWhole(method: string, content: Representation, headers: Readonly<Record<string, string>>): ResponsePlan {
  const { sizeBytes, contentType } = content;
  return {
    status: 200,
    headers: { ...headers, 'Content-Type': contentType, 'Content-Length': String(sizeBytes) },
    body: method === 'HEAD' || sizeBytes === 0 ? [] : [{ kind: 'slice', offset: 0, length: sizeBytes }],
  };
}

function planUnsatisfiable(method: string, sizeBytes: number): ResponsePlan {
  const detail = `no byte of the range exists: the file has ${sizeBytes} bytes`;
  return planProblem(method, { status: 416, detail, headers: { 'Content-Range': `bytes */${sizeBytes}` } });
}

type RangeContext = {
  readonly content: Representation;
  readonly headers: Readonly<Record<string, string>>;
  readonly boundary: string;
};

/** 206 (§15.3.7): one range as it is, several as multipart/byteranges (§14.6). */
function planRanges(ranges: readonly [ByteRange, ...ByteRange[]], context: RangeContext): ResponsePlan {
  const { content, boundary } = context;
  const [only, second] = ranges;
  const body = second === undefined ? [sliceOf(only)] : multipart(ranges, content, boundary);
  const specific =
    second === undefined
      ? { 'Content-Type': content.contentType, 'Content-Range': contentRange(only, content.sizeBytes) }
      : { 'Content-Type': `multipart/byteranges; boundary=${boundary}` };
  const headers = { ...context.headers, ...specific, 'Content-Length': String(lengthOf(body)) };
  return { status: 206, headers, body };
}

/** The empty line before the first boundary is what Apache and nginx send too, and zchunk's reader looks for. */
function multipart(ranges: readonly ByteRange[], content: Representation, boundary: string): readonly BodyPart[] {
  const parts = ranges.flatMap((range): readonly BodyPart[] => {
    const covered = contentRange(range, content.sizeBytes);
    const text = `\r\n--${boundary}\r\nContent-Type: ${content.contentType}\r\nContent-Range: ${covered}\r\n\r\n`;
    return [{ kind: 'text', text }, sliceOf(range)];
  });
  return [...parts, { kind: 'text', text: `\r\n--${boundary}--\r\n` }];
}

/** The bytes that `body` will be. */
export function lengthOf(body: readonly BodyPart[]): number {
  return body.reduce((sum, part) => sum + (part.kind === 'text' ? Buffer.byteLength(part.text) : part.length), 0);
}

function sliceOf(range: ByteRange): BodyPart {
  return { kind: 'slice', offset: range.start, length: range.length };
}

function contentRange(range: ByteRange, sizeBytes: number): string {
  return `bytes ${range.start}-${range.start + range.length - 1}/${sizeBytes}`;
}

function validatorHeaders(validators: { etag: string; modifiedMs: number | undefined }): Record<string, string> {
  const etag = { ETag: validators.etag };
  if (validators.modifiedMs === undefined) return etag;
  return { ...etag, 'Last-Modified': new Date(validators.modifiedMs).toUTCString() };
}

/** §8.8.2.1: no Last-Modified may lie in the future, as on an ISO made under another clock. Nonsense dates are left out too. */
function honestDate(modifiedMs: number | undefined, nowMs: number): number | undefined {
  return modifiedMs !== undefined && modifiedMs >= 0 && modifiedMs <= nowMs ? modifiedMs : undefined;
}
