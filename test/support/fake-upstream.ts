// A real web server, on loopback unless told otherwise, that serves a repository from memory, keeps a log, and misbehaves when told to.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { RepoFiles } from './repo-fixture.ts';

export type LoggedRequest = {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly headers: IncomingMessage['headers'];
};

/** What a request gets instead of the file; return `false` to be served as usual after all. */
export type Trick = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => false | void;

export type FakeUpstream = {
  readonly url: string;
  readonly log: readonly LoggedRequest[];
  /** Forgets the log. */
  clearLog(): void;
  serve(files: RepoFiles): void;
  /** The next requests for the path meet these tricks, one each. */
  next(path: string, ...tricks: readonly Trick[]): void;
  /** Every request for the path meets the trick, until `heal`. */
  always(path: string, trick: Trick): void;
  heal(): void;
  close(): Promise<void>;
};

/** With `tls` (PEM text) it speaks https. `at`: another place than a free port of loopback. */
export type UpstreamOptions = {
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly at?: { readonly address: string; readonly port: number };
};

const LOOPBACK = { address: '127.0.0.1', port: 0 };

export async function startUpstream(
  first: RepoFiles,
  { tls, at = LOOPBACK }: UpstreamOptions = {},
): Promise<FakeUpstream> {
  let files = first;
  const log: LoggedRequest[] = [];
  const once = new Map<string, Trick[]>();
  const ever = new Map<string, Trick>();
  const answer: RequestListener = (request, response) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '').replace(/^\/repo\//, '');
    const { range, 'if-range': ifRange } = request.headers;
    log.push({ path, range, ifRange: typeof ifRange === 'string' ? ifRange : undefined, headers: request.headers });
    const bytes = files.get(path);
    const trick = once.get(path)?.shift() ?? ever.get(path);
    if (trick !== undefined && trick(request, response, bytes ?? Buffer.alloc(0)) !== false) return;
    if (bytes === undefined) response.writeHead(404).end('no such file');
    else sendFile(request, response, bytes);
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  await listen(server, at);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${at.address}:${(server.address() as AddressInfo).port}/repo/`,
    log,
    clearLog: () => void log.splice(0),
    serve: (now) => {
      files = now;
    },
    next: (path, ...tricks) => void once.set(path, [...(once.get(path) ?? []), ...tricks]),
    always: (path, trick) => void ever.set(path, trick),
    heal: () => {
      once.clear();
      ever.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const etag = etagOf(request.url ?? '', bytes);
  const seen = [request.headers['if-none-match'], request.headers['if-modified-since']];
  if (seen[0] === etag || (seen[0] === undefined && seen[1] === LAST_MODIFIED)) {
    response.writeHead(304, { etag }).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const stale = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
  if (start > 0 && start < bytes.length && !stale) {
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { 'content-range': range, 'content-length': bytes.length - start, etag });
    response.end(bytes.subarray(start));
    return;
  }
  if (start >= bytes.length && start > 0) {
    response.writeHead(416).end();
    return;
  }
  response.writeHead(200, { 'content-length': bytes.length, etag });
  response.end(bytes);
}

/** What a server that sends no ETag may say of a file that it never changes. */
export const LAST_MODIFIED = 'Sun, 22 Nov 2026 12:00:00 GMT';

/** Two repomd.xml or .treeinfo are often equally long and begin alike: theirs is of the whole content. */
function etagOf(url: string, bytes: Buffer): string {
  if (/repomd\.xml$|treeinfo$/.test(url)) return `"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}"`;
  return `"${bytes.length}-${bytes.subarray(0, 4).toString('hex')}"`;
}

/** Sends the first half, then resets the connection. */
export const breakHalfWay: Trick = (_request, response, bytes) => {
  response.writeHead(200, {
    'content-length': bytes.length,
    etag: `"${bytes.length}-${bytes.subarray(0, 4).toString('hex')}"`,
  });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.resetAndDestroy());
};

/** Sends the file in `pieces`, one each `everyMs`. */
export function slowly({ pieces, everyMs }: { readonly pieces: number; readonly everyMs: number }): Trick {
  return (_request, response, bytes) => {
    const size = Math.ceil(bytes.length / pieces);
    response.writeHead(200, { 'content-length': bytes.length, etag: etagOf('', bytes) });
    let at = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(at, at + size));
      at += size;
      if (at < bytes.length) return;
      clearInterval(timer);
      response.end();
    }, everyMs);
    response.once('close', () => clearInterval(timer));
  };
}

/** Answers a bare status. */
export function status(code: number): Trick {
  return (_request, response) => void response.writeHead(code).end('no');
}

/** Serves these bytes whole, whatever was asked for, with headers of choice. */
export function serveBytes(bytes: Buffer, headers: Readonly<Record<string, string>> = {}): Trick {
  return (_request, response) =>
    void response.writeHead(200, { 'content-length': bytes.length, ...headers }).end(bytes);
}

function listen(server: Server, { address, port }: typeof LOOPBACK): Promise<void> {
  return new Promise((resolve) => {
    server.listen(port, address, resolve);
  });
}
