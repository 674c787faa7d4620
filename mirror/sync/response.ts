// What an upstream's HTTP status and headers mean for a download. Pure: RFC 9110 rules as a table of verdicts.

export type ResponseHead = { readonly status: number; readonly header: (name: string) => string | undefined };

export type Verdict =
  | {
      readonly kind: 'body';
      readonly offset: number;
      readonly totalBytes: number | undefined;
      readonly validator: string | undefined;
      readonly encoding: string | undefined;
    }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'absent' | 'refused' | 'unavailable' | 'restart'; readonly reason: string };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** 403 too: object stores answer it for a missing name where listing is forbidden. */
const ABSENT = new Set([403, 404, 410]);
const AGAIN = new Set([408, 425, 429]);

/** Judges a response to a GET that asked for the bytes from `offset` on (0: no Range was sent). */
export function judgeResponse(head: ResponseHead, offset: number): Verdict {
  const { status } = head;
  if (status === 200) return bodyOf(head, { offset: 0, totalBytes: lengthOf(head.header('content-length')) });
  if (status === 206) return judgePartial(head, offset);
  if (status === 416) return { kind: 'restart', reason: 'the upstream refused to continue (416)' };
  if (REDIRECTS.has(status)) {
    const location = head.header('location');
    if (location === undefined) return { kind: 'refused', reason: `a redirect (${status}) without a location` };
    return { kind: 'redirect', location };
  }
  const reason = `the upstream answered ${status}`;
  if (ABSENT.has(status)) return { kind: 'absent', reason };
  if (AGAIN.has(status) || status >= 500) return { kind: 'unavailable', reason };
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
