// A content server on loopback over a temporary directory, and the requests that tests make of it.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { locate } from '../../../mirror/content/catalog.ts';
import { LIMITS, openContentFiles, type ContentFiles } from '../../../mirror/content/cache/store.ts';
import type { FilePlace } from '../../../mirror/content/place.ts';
import type { Served } from '../../../mirror/content/routes.ts';
import { createContentHandler, sendPlace } from '../../../mirror/content/routes.ts';
import { openDirectoryTree } from '../../../mirror/tree/store.ts';
import { startHttpListener } from '../../../server/http/listener.ts';
import { quietLog } from '../../../server/log.ts';
import { no } from '../../../server/malformed.ts';

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** Bytes that differ at each place, so that a wrong offset shows. */
export function patternBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 255;
  return bytes;
}

/** A fresh directory with these files in it. */
export async function makeDirectory(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'kickstand-content-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return root;
}

export async function removeDirectory(root: string): Promise<void> {
  await rm(root, { recursive: true, force: true });
}

export type Running = { readonly port: number; close(): Promise<void> };

/** `listener` on a free port of loopback. */
export async function serve(listener: RequestListener): Promise<Running> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  return { port: address.port, close };
}

/**
 * The content handler, behind the port of the appliance, over `root`: repo `base` (published at `/4.0/` and `/pub/os/`) with snapshot `s1`, and tree `dvd`, all being
 * that directory. What is not content is answered 418. `parsed` are the targets of requests that were not answered as plain ones.
 */
export async function serveContent(
  root: string,
  contentFiles = openContentFiles({ ...LIMITS, idleMs: 20, settledMs: 0 }),
): Promise<Running & { readonly served: Served[]; readonly parsed: string[]; readonly contentFiles: ContentFiles }> {
  const served: Served[] = [];
  const parsed: string[] = [];
  const files = await openDirectoryTree(root);
  const handler = createContentHandler({
    publishPaths: () =>
      new Map([
        ['/4.0/', 'base'],
        ['/pub/os/', 'base'],
      ]),
    locate: (path) =>
      locate(path, {
        repo: async (name, snapshot) =>
          name === 'base' && (snapshot ?? 's1') === 's1' ? files : no(`no repo ${name}`, 'kickstand repo list'),
        tree: async (name) => (name === 'dvd' ? files : no(`no tree ${name}`)),
      }),
    spot: (path) => {
      const known =
        path.kind === 'tree' ? path.name === 'dvd' : path.name === 'base' && (path.snapshot ?? 's1') === 's1';
      return known ? { key: join(root, path.path), file: join(root, path.path) } : undefined;
    },
    files: contentFiles,
    log: quietLog,
    onServed: (one) => served.push(one),
  });
  const listener = await startHttpListener({
    address: '127.0.0.1',
    port: 0,
    isInstallerPath: () => true,
    handle: (request, response) => {
      parsed.push(request.url ?? '');
      if (!handler.handle(request, response)) response.writeHead(418).end('not content');
    },
    answerPlain: handler.answerPlain,
    log: quietLog,
    limits: { closeMs: 1 },
  });
  const close = async (): Promise<void> => {
    await listener.close();
    contentFiles.close();
  };
  return { port: listener.port, close, served, parsed, contentFiles };
}

/** One place, whatever the URL, through `sendPlace`. */
export async function servePlace(
  place: FilePlace,
  wrap: (request: IncomingMessage, response: ServerResponse) => void = () => {},
): Promise<Running> {
  const files = openContentFiles();
  const running = await serve((request, response) => {
    wrap(request, response);
    void sendPlace(request, response, { place, name: 'file.bin', files });
  });
  const close = async (): Promise<void> => {
    await running.close();
    files.close();
  };
  return { port: running.port, close };
}

export type Asking = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** One request by Node's client, path as given: a plain one, where nothing is asked for but the file. */
export function ask(port: number, path: string, { method = 'GET', headers = {} }: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const kept = { Connection: 'keep-alive', ...headers };
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers: kept, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        request.destroy();
      });
    });
    request.on('error', reject);
    request.end();
  });
}

/** Sends bytes as they are and answers all that comes back until the server closes. */
export function askRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => (received += String(chunk)));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    socket.write(Buffer.from(text, 'latin1'));
  });
}

/** The parts of a multipart/byteranges answer: their Content-Range and bytes. */
export function multipartParts(answer: Answer): readonly { readonly range: string; readonly bytes: Buffer }[] {
  const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(answer.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) throw new Error(`not multipart: ${answer.headers['content-type']}`);
  const text = answer.body.toString('latin1');
  const pieces = text.split(`\r\n--${boundary}`);
  if (pieces[0] !== '' || pieces.at(-1) !== '--\r\n') throw new Error('the multipart body is not closed');
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf('\r\n\r\n');
    const range = /\r\nContent-Range: bytes (\S+)/.exec(piece.slice(0, end))?.[1] ?? '';
    return { range, bytes: Buffer.from(piece.slice(end + 4), 'latin1') };
  });
}
