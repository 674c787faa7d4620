// Asks an upstream for one file, as tests want to see it: what kind of answer, whose bytes, which reason.

import { parseHref } from '../../mirror/rpm/href.ts';
import { FETCH_LIMITS, openUpstream, type FetchLimits } from '../../mirror/sync/fetcher.ts';
import { readWhole } from '../../mirror/sync/small.ts';
import type { FetchRequest, Upstream, UpstreamTarget } from '../../mirror/sync/upstream.ts';

/** Gives up soon, and tries again at once. */
export const SOON: FetchLimits = {
  connectMs: 2000,
  headersMs: 1000,
  stallMs: 1000,
  slow: FETCH_LIMITS.slow,
  retryDelaysMs: [1, 1],
};

/** A request for a small file, with `more` of its fields. */
export function requestFor(path: string, more: Partial<FetchRequest> = {}): FetchRequest {
  return {
    path: parseHref(path, path),
    resume: undefined,
    limitBytes: 4 * 1024 * 1024,
    cache: 'any',
    redirects: 'anywhere',
    signal: new AbortController().signal,
    ...more,
  };
}

/** `bytes: …` with the content, or `kind: reason`. */
export async function fetchText(upstream: Upstream, path: string, more: Partial<FetchRequest> = {}): Promise<string> {
  const answer = await readWhole(upstream, requestFor(path, more));
  return answer.kind === 'bytes'
    ? `bytes: ${Buffer.from(answer.bytes).toString('latin1')}`
    : `${answer.kind}: ${answer.reason}`;
}

/** Opens, asks once, closes. */
export async function fetchOnce(
  target: string | UpstreamTarget,
  path: string,
  limits: FetchLimits = SOON,
): Promise<string> {
  const upstream = openUpstream(target, limits);
  try {
    return await fetchText(upstream, path);
  } finally {
    await upstream.close();
  }
}
