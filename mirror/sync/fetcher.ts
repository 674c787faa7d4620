// The edge to upstreams: a web server through undici, or a local directory, behind one interface.

import { constants } from 'node:fs';
import { open as openFile, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request as httpRequest } from 'undici';
import { codeOf, Malformed, messageOf } from '../../server/malformed.ts';
import { encodePath } from '../rpm/href.ts';
import { guardRedirects, isWeb, RefusedAddress, type Guard } from './guard/fetcher.ts';
import { judgeResponse, type Verdict } from './response.ts';
import { Interrupted, type FetchRequest, type Opened, type Upstream } from './upstream.ts';

export type FetchLimits = {
  readonly connectMs: number;
  /** From request to headers. */
  readonly headersMs: number;
  /** Between two pieces of a body. */
  readonly stallMs: number;
  /** A whole request may take this long, and a millisecond more for each `bytesPerMs` of its limit. */
  readonly baseMs: number;
  readonly bytesPerMs: number;
  readonly retryDelaysMs: readonly number[];
};
/** dnf gives up below 1000 B/s and after 30 s of silence (dnf.conf(5): minrate, timeout). */
export const FETCH_LIMITS: FetchLimits = {
  connectMs: 10_000,
  headersMs: 30_000,
  stallMs: 30_000,
  baseMs: 60_000,
  bytesPerMs: 1,
  retryDelaysMs: [500, 2000, 5000, 15_000],
};
const REDIRECTS = 5;
const CONNECTIONS = 8;

/** An upstream of a site: an http(s) URL, or an absolute directory path. Throws `Malformed` for anything else. */
export function openUpstream(upstream: string, limits: FetchLimits = FETCH_LIMITS): Upstream {
  if (upstream.startsWith('/')) return openDirectory(upstream);
  if (!URL.canParse(upstream)) throw new Malformed('neither a URL nor an absolute path', 'upstream');
  const base = new URL(upstream);
  if (!isWeb(base)) throw new Malformed(`cannot fetch from ${base.protocol}`, 'upstream');
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return openWeb(base, limits);
}

function openWeb(base: URL, limits: FetchLimits): Upstream {
  const guard = guardRedirects(base);
  const agent = new Agent({
    connections: CONNECTIONS,
    connect: { timeout: limits.connectMs, lookup: guard.lookup },
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.stallMs,
  });
  return {
    retryDelaysMs: limits.retryDelaysMs,
    pause,
    close: () => agent.destroy(),
    open: async (request) => {
      const deadline = AbortSignal.timeout(Math.ceil(limits.baseMs + request.limitBytes / limits.bytesPerMs));
      const signal = AbortSignal.any([request.signal, deadline]);
      try {
        return await followRedirects({ agent, guard, base, request, signal });
      } catch (error) {
        request.signal.throwIfAborted();
        const kind = error instanceof RefusedAddress ? 'refused' : 'unavailable';
        return { kind, reason: messageOf(error) };
      }
    },
  };
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal });
}

type WebRequest = {
  readonly agent: Agent;
  readonly guard: Guard;
  readonly base: URL;
  readonly request: FetchRequest;
  readonly signal: AbortSignal;
};

async function followRedirects(web: WebRequest): Promise<Opened> {
  let url = new URL(web.base);
  url.pathname += encodePath(web.request.path);
  for (let hops = 0; hops <= REDIRECTS; hops += 1) {
    const { verdict, chunks } = await ask(url, web);
    if (verdict.kind === 'body') return { ...verdict, chunks };
    if (verdict.kind !== 'redirect') return verdict;
    const redirect = web.guard.judge(url, { location: verdict.location, redirects: web.request.redirects });
    if (redirect.kind !== 'follow') return redirect;
    ({ url } = redirect);
  }
  return { kind: 'refused', reason: `more than ${REDIRECTS} redirects` };
}

async function ask(url: URL, web: WebRequest): Promise<{ verdict: Verdict; chunks: AsyncIterable<Uint8Array> }> {
  const target = new URL(url);
  target.username = '';
  target.password = '';
  const response = await httpRequest(target, {
    dispatcher: web.agent,
    signal: web.signal,
    headers: { ...headersOf(web.request), ...authorization(url, web.base) },
  });
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const verdict = judgeResponse({ status: response.statusCode, header }, web.request.resume?.offset ?? 0);
  if (verdict.kind !== 'body') await response.body.dump({ limit: 64 * 1024, signal: web.signal });
  return { verdict, chunks: guarded(response.body, web.request.signal) };
}

function headersOf(request: FetchRequest): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'kickstand', 'accept-encoding': 'identity' };
  if (request.cache === 'fresh') headers['cache-control'] = 'no-cache';
  if (request.resume === undefined) return headers;
  headers['range'] = `bytes=${request.resume.offset}-`;
  if (request.resume.validator !== undefined) headers['if-range'] = request.resume.validator;
  return headers;
}

/** A user and password of the upstream's URL, told to that server only. */
function authorization(url: URL, base: URL): Record<string, string> {
  if (base.username === '' || url.origin !== base.origin) return {};
  const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function* guarded(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal.throwIfAborted();
    throw new Interrupted('the upstream broke off', { cause: error });
  }
}

function openDirectory(root: string): Upstream {
  return {
    retryDelaysMs: [],
    pause,
    close: async () => undefined,
    open: async (request) => {
      try {
        return await openInside(root, request);
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR')
          return { kind: 'absent', reason: 'no such file' };
        return { kind: 'refused', reason: messageOf(error) };
      }
    },
  };
}

async function openInside(root: string, request: FetchRequest): Promise<Opened> {
  const top = await realpath(root);
  const real = await realpath(join(top, request.path));
  if (!real.startsWith(top.endsWith(sep) ? top : top + sep)) {
    return { kind: 'refused', reason: 'a symbolic link that leads out of the directory' };
  }
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  const file = await openFile(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    return { kind: 'refused', reason: 'not a regular file' };
  }
  const offset = Math.min(request.resume?.offset ?? 0, stats.size);
  const chunks = fileChunks(file, offset, request);
  return { kind: 'body', offset, totalBytes: stats.size, validator: undefined, encoding: undefined, chunks };
}

async function* fileChunks(file: FileHandle, offset: number, request: FetchRequest): AsyncGenerator<Uint8Array> {
  const stream = file.createReadStream({ start: offset, highWaterMark: 1024 * 1024, signal: request.signal });
  for await (const chunk of stream) yield chunk as Uint8Array;
}
