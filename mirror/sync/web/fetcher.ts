// The edge to web servers: undici's connections to them, straight or through a proxy, and what comes over each, paced and limited.

import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, Pool, ProxyAgent, request as httpRequest, type Dispatcher } from 'undici';
import { guardRedirects, RefusedAddress, type Guard } from '../guard/fetcher.ts';
import { askedOf, judgeResponse, type Verdict } from '../response.ts';
import { Interrupted, type Opened } from '../upstream.ts';
import { faultOf } from './faults.ts';
import { addPiece, NO_PACE, type Pace, type SlowLimit } from './pace.ts';
import { FULL_RATE, takeBytes } from './rate.ts';
import { headersFor, sourceOf, type WebRequest } from './request.ts';
import type { WebTarget } from './target.ts';

export type WebLimits = {
  readonly connectMs: number;
  /** From request to headers. */
  readonly headersMs: number;
  /** Between two pieces of a body. */
  readonly stallMs: number;
  readonly slow: SlowLimit;
};

/** Where a file is: `home` is the directory it was sought in, whose server alone is believed without a checksum. */
export type WebFile = { readonly url: URL; readonly home: URL };

/** The way to one upstream's servers: one limit, one guard, and a pool of connections for each server. */
export type WebLine = {
  open(file: WebFile, request: WebRequest): Promise<Opened>;
  readonly judge: Guard['judge'];
  close(): Promise<void>;
};

const REDIRECTS = 5;
/** So much of an answer that is no file is read, to keep its connection. */
const LIMIT_DUMP_BYTES = 64 * 1024;

type Line = {
  readonly target: WebTarget;
  readonly limits: WebLimits;
  readonly dispatcher: Dispatcher;
  readonly guard: Guard;
  /** Accounts for bytes that came; answers how long to pause. */
  readonly take: (bytes: number) => number;
};

/** Opens the way; nothing is connected to before the first request. */
export function openLine(target: WebTarget, limits: WebLimits): WebLine {
  const guard = guardRedirects(target.url);
  const dispatcher = target.proxy === undefined ? direct(target, limits, guard) : proxied(target, limits);
  const line: Line = { target, limits, dispatcher, guard, take: sharedRate(target.bytesPerSecond) };
  return {
    judge: (from, redirect) => guard.judge(from, redirect),
    close: () => dispatcher.destroy(),
    open: async (file, request) => {
      let url = file.url;
      try {
        for (let hops = 0; hops <= REDIRECTS; hops += 1) {
          const answer = await ask(url, request, line);
          if (answer.kind !== 'redirect')
            return answer.kind === 'body' ? { ...answer, source: sourceOf(file.home) } : answer;
          const redirect = guard.judge(url, { ...answer, redirects: request.redirects, home: file.home });
          if (redirect.kind !== 'follow') return redirect;
          ({ url } = redirect);
        }
        return { kind: 'refused', reason: `more than ${REDIRECTS} redirects` };
      } catch (error) {
        request.signal.throwIfAborted();
        if (error instanceof RefusedAddress) return { kind: 'refused', reason: error.message };
        return faultOf(error, { host: url.host, proxy: target.proxy?.url.host });
      }
    },
  };
}

/** HTTP/1.1 alone: "connections" then means connections, and a broken one breaks one download. */
function poolOptions({ connections }: WebTarget, limits: WebLimits): Pool.Options {
  return { connections, headersTimeout: limits.headersMs, bodyTimeout: limits.stallMs, allowH2: false };
}

function direct(target: WebTarget, limits: WebLimits, guard: Guard): Dispatcher {
  const authorities = target.ca === undefined ? {} : { ca: target.ca };
  const connect = { timeout: limits.connectMs, lookup: guard.lookup, ...authorities };
  return new Agent({ ...poolOptions(target, limits), connect });
}

/**
 * A proxy is asked for http in full (RFC 9112 §3.2.2) and for https to connect, as every proxy allows. undici's own pools to a proxy
 * drop these limits, so they are made here.
 */
function proxied(target: WebTarget, limits: WebLimits): Dispatcher {
  const options = poolOptions(target, limits);
  const pool = (origin: string | URL, given: object): Dispatcher => new Pool(origin, { ...given, ...options });
  const tls = { timeout: limits.connectMs, allowH2: false, ...(target.ca === undefined ? {} : { ca: target.ca }) };
  const { url, authorization } = target.proxy ?? {};
  return new ProxyAgent({
    ...options,
    uri: url?.href ?? '',
    ...(authorization === undefined ? {} : { token: authorization }),
    proxyTunnel: false,
    requestTls: tls,
    proxyTls: tls,
    factory: pool,
    clientFactory: pool,
  });
}

function sharedRate(bytesPerSecond: number | undefined): (bytes: number) => number {
  if (bytesPerSecond === undefined) return () => 0;
  let state = FULL_RATE;
  return (bytes) => {
    const taken = takeBytes(state, { bytes, nowMs: performance.now(), bytesPerSecond });
    ({ state } = taken);
    return taken.pauseMs;
  };
}

type Answer =
  | (Extract<Verdict, { kind: 'body' }> & { readonly chunks: AsyncIterable<Uint8Array> })
  | Exclude<Verdict, { kind: 'body' }>;

async function ask(target: URL, request: WebRequest, line: Line): Promise<Answer> {
  const url = new URL(target);
  url.username = '';
  url.password = '';
  const response = await httpRequest(url, {
    dispatcher: line.dispatcher,
    signal: request.signal,
    headers: headersFor(url, request, line.target),
  });
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  // What goes wrong is told to whoever reads; nobody reads what is discarded.
  response.body.on('error', () => {});
  const verdict = judgeResponse({ status: response.statusCode, header }, askedOf(request));
  if (verdict.kind === 'body') return { ...verdict, chunks: readBody(response.body, request.signal, line) };
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(line.limits.headersMs)]);
  await response.body.dump({ limit: LIMIT_DUMP_BYTES, signal }).catch(() => request.signal.throwIfAborted());
  return verdict;
}

function readBody(
  body: Dispatcher.ResponseData['body'],
  signal: AbortSignal,
  { limits, take }: Line,
): AsyncIterable<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let pace: Pace = NO_PACE;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const askedMs = performance.now();
    const piece = await pieces.next().catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new Interrupted('the upstream broke off', { cause });
    });
    if (piece.done === true) return piece;
    const paced = addPiece(pace, { waitedMs: performance.now() - askedMs, bytes: piece.value.length }, limits.slow);
    if (paced === 'slow') {
      body.destroy();
      throw new Interrupted('the upstream is too slow', { cause: new Error(slowText(limits.slow)) });
    }
    pace = paced;
    const pauseMs = take(piece.value.length);
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    return piece;
  };
  const stop = async (): Promise<IteratorResult<Uint8Array>> => {
    body.destroy();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
}

function slowText({ bytesPerSecond, forMs }: SlowLimit): string {
  return `less than ${bytesPerSecond} bytes a second for ${forMs / 1000} s`;
}
