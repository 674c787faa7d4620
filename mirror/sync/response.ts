// What an upstream's HTTP status and headers mean for a download. Pure: RFC 9110 rules as a table of verdicts.

import { retryAfterOf } from './retry.ts';
import type { Body, FetchRequest } from './upstream.ts';

export type ResponseHead = { readonly status: number; readonly header: (name: string) => string | undefined };

export type Verdict =
  | Omit<Body, 'chunks' | 'source'>
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'absent' | 'refused' | 'restart' | 'unchanged'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number | undefined };

/** What the question was: the bytes from `offset` on (0: no Range was sent), with a condition or without. */
export type Asked = { readonly offset: number; readonly conditional: 'yes' | 'no' };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** 403 too: object stores answer it for a missing name where listing is forbidden. */
const ABSENT = new Set([403, 404, 410]);
const AGAIN = new Set([408, 425, 429]);
/** What an operator can do about it. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [401, ': it wants a login, or not the one it was given'],
  [403, ': it is forbidden, or not there'],
  [407, ': the proxy wants a login, or not the one it was given'],
]);

/** The question that `request` puts. */
export function askedOf(request: Omit<FetchRequest, 'path'>): Asked {
  const { etag, lastModified } = request.condition ?? {};
  const conditional = etag !== undefined || lastModified !== undefined;
  return { offset: request.resume?.offset ?? 0, conditional: conditional ? 'yes' : 'no' };
}

/** Judges the response to a GET. */
export function judgeResponse(head: ResponseHead, asked: Asked): Verdict {
  const { status } = head;
  if (status === 200) return bodyOf(head, { offset: 0, totalBytes: lengthOf(head.header('content-length')) });
  if (status === 206) return judgePartial(head, asked.offset);
  if (status === 304 && asked.conditional === 'yes') return { kind: 'unchanged', reason: 'not changed (304)' };
  if (status === 416) return { kind: 'restart', reason: 'the upstream refused to continue (416)' };
  if (REDIRECTS.has(status)) {
    const location = head.header('location');
    if (location === undefined) return { kind: 'refused', reason: `a redirect (${status}) without a location` };
    return { kind: 'redirect', location };
  }
  const reason = `the upstream answered ${status}${HINTS.get(status) ?? ''}`;
  if (ABSENT.has(status)) return { kind: 'absent', reason };
  if (AGAIN.has(status) || status >= 500)
    return { kind: 'unavailable', reason, retryAfterMs: retryAfterOf(head.header) };
  return { kind: 'refused', reason };
}

function judgePartial(head: ResponseHead, offset: number): Verdict {
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(head.header('content-range') ?? '');
  if (range === null || Number(range[1]) !== offset || offset === 0) {
    return { kind: 'restart', reason: 'the upstream sent another part than asked for' };
  }
  return bodyOf(head, { offset, totalBytes: lengthOf(range[3]) });
}

function bodyOf(head: ResponseHead, span: { offset: number; totalBytes: number | undefined }): Verdict {
  const encoding = head.header('content-encoding')?.toLowerCase();
  return {
    kind: 'body',
    ...span,
    validator: validatorOf(head),
    etag: head.header('etag'),
    lastModified: head.header('last-modified'),
    encoding: encoding === 'identity' ? undefined : encoding,
  };
}

/** What If-Range may carry: a strong ETag, else the date (RFC 9110 §13.1.5). */
function validatorOf(head: ResponseHead): string | undefined {
  const etag = head.header('etag');
  if (etag?.startsWith('"') === true) return etag;
  return etag === undefined ? head.header('last-modified') : undefined;
}

function lengthOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
