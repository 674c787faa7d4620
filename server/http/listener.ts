// The one TCP port for HTTP: plain requests are answered as they come in, all others by a lenient or a strict parser.

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import type { Server as TcpServer, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../log.ts';
import { codeOf, Malformed, messageOf, no } from '../malformed.ts';
import { problemBody, sendProblem } from '../problem.ts';
import { originForm } from '../target.ts';
import type { InstallerPathTest, Side } from './audience.ts';
import { audienceOf, audienceOfTarget } from './audience.ts';
import { createCrowd } from './crowd.ts';
import type { PlainAnswer, PlainRequest } from './plain.ts';
import type { ReceptionParts } from './reception/listener.ts';
import { receive } from './reception/listener.ts';

export type HttpListenerOptions = {
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Asked at each connection and request: the paths change when a site is reloaded. */
  readonly isInstallerPath: InstallerPathTest;
  handle(request: IncomingMessage, response: ServerResponse, side: Side): void;
  /**
   * The answer to a plain request for an installer's path where it is ready at once: it then passes no parser. Undefined sends the request,
   * and all that follow on its connection, to `handle`.
   */
  answerPlain?(request: PlainRequest, remote: string | undefined): PlainAnswer | undefined;
  readonly log: Log;
  readonly limits?: Partial<HttpLimits>;
};

export type HttpLimits = {
  /** From the connection to the end of the first line. */
  readonly firstLineMs: number;
  /** From there to the end of the headers. */
  readonly headersMs: number;
  /** A connection on which no byte moves for so long is ended: a download may take days, but not stand still. */
  readonly idleMs: number;
  /** How long a connection waits for its next request: yum and anaconda think between files. */
  readonly keepAliveMs: number;
  /** How long `close` leaves transfers to finish. */
  readonly closeMs: number;
  /** Of all clients. Above it an idle or silent one of whoever holds most gives way to one of somebody who holds fewer. */
  readonly connections: number;
  /** Of one client address. One above it takes the place of an idle one, else it is closed at once. */
  readonly connectionsPerAddress: number;
};

export type HttpListener = {
  readonly port: number;
  /** Takes no more connections, ends idle ones, gives transfers `closeMs`, then cuts them off. */
  close(): Promise<void>;
};

const LIMITS: HttpLimits = {
  firstLineMs: 10_000,
  headersMs: 20_000,
  idleMs: 300_000,
  keepAliveMs: 75_000,
  closeMs: 5_000,
  connections: 4096,
  connectionsPerAddress: 256,
};

/** A zchunk client's 256 ranges, or a RHEL 6 loader's MAC headers of many cards, need more than a browser does. */
const HEADERS_LIMIT = 32 * 1024;
/** Installers send small reports; operators upload ISOs of many GB, which only `idleMs` bounds. */
const INSTALLER_REQUEST_MS = 60_000;
/** Connections that have given way, and are not quite closed. */
const CLOSING = 256;
const CLOSE_POLL_MS = 50;
/** How long a refused connection may go on sending before it is cut: closing at once could lose the refusal on its way. */
const LINGER_MS = 1000;

/** What `OPTIONS *` tells of the whole appliance (RFC 9110 §9.3.7). */
const METHODS = 'GET, HEAD, POST, OPTIONS';

type Sides = Readonly<Record<Side, HttpServer>>;
/** The newest answer on each connection; answers are sent in order, so when it is out, all are. */
type Answers = WeakMap<Duplex, Pick<ServerResponse, 'writableFinished'>>;

/** Starts listening. Rejects with the system's error (EADDRINUSE, EACCES …) where the port cannot be had. */
export async function startHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const limits = { ...LIMITS, ...options.limits };
  const answers: Answers = new WeakMap();
  const sides: Sides = {
    installer: createSide('installer', options, { limits, answers }),
    operator: createSide('operator', options, { limits, answers }),
  };
  const open = new Set<Socket>();
  const crowd = createCrowd<Socket>({
    limit: limits.connectionsPerAddress,
    total: limits.connections,
    isIdle: (socket) => answers.get(socket)?.writableFinished === true,
    isSilent: (socket) => socket.bytesRead === 0,
    end: (socket) => socket.destroySoon(),
  });
  const complain = (address: string, limit: number): void => {
    const refused = crowd.complain(address, Date.now());
    if (refused !== undefined) options.log.warn('connection refused: too many are open', { address, limit, refused });
  };
  const reception: ReceptionParts = {
    limits,
    choose: (line, socket) => {
      // What comes now is a request that has only begun: the connection is idle no more.
      answers.delete(socket);
      return sides[audienceOf(line, options.isInstallerPath)];
    },
    answer: (request, socket) => {
      if (audienceOfTarget(request.target, options.isInstallerPath) === 'operator') return undefined;
      const answer = options.answerPlain?.(request, socket.remoteAddress);
      if (answer !== undefined && !answers.has(socket)) answers.set(socket, plainAnswersOf(socket));
      return answer;
    },
    refuse: (socket, fault) => (fault === 'tls' ? socket.destroy() : refuse(socket, fault === 'too-slow' ? 408 : 414)),
  };
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    const address = socket.remoteAddress ?? '';
    if (!crowd.admit(address, socket)) {
      complain(address, open.size < limits.connections ? limits.connectionsPerAddress : limits.connections);
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      crowd.leave(address, socket);
    });
    receive(socket, reception);
  });
  server.maxConnections = limits.connections + CLOSING;
  server.on('drop', (dropped) => complain(dropped?.remoteAddress ?? '', limits.connections));
  await listening(server, options);
  server.on('error', (error) => options.log.error('HTTP port failed', { error: messageOf(error) }));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the HTTP listener has no TCP port');
  return { port: address.port, close: () => closeAll(server, { sides, open, answers, closeMs: limits.closeMs }) };
}

function plainAnswersOf(socket: Socket): Pick<ServerResponse, 'writableFinished'> {
  return {
    get writableFinished() {
      return socket.writableLength === 0;
    },
  };
}

async function listening(server: TcpServer, { address, port }: HttpListenerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

type Keeping = { readonly limits: HttpLimits; readonly answers: Answers };

/** An HTTP server that listens nowhere: it is handed connections. */
function createSide(side: Side, options: HttpListenerOptions, { limits, answers }: Keeping): HttpServer {
  const server = createHttpServer({
    // RHEL 6.2's loader ends its X-System-Serial-Number header with a bare LF, which the strict parser answers with 400.
    insecureHTTPParser: side === 'installer',
    maxHeaderSize: HEADERS_LIMIT,
    headersTimeout: limits.headersMs,
    // A request without a body then costs no stream: installers send little else, thousands a second when many install.
    ...(side === 'installer' ? { optimizeEmptyRequests: true } : {}),
    requestTimeout: side === 'installer' ? INSTALLER_REQUEST_MS : 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersMs),
  });
  server.timeout = limits.idleMs;
  server.on('request', (request, response) => {
    answers.set(request.socket, response);
    if (side === 'installer' && audienceOfTarget(request.url ?? '', options.isInstallerPath) === 'operator') {
      turnAway(request, response);
    } else if (request.method === 'OPTIONS' && request.url === '*') {
      response.writeHead(204, { Allow: METHODS }).end();
    } else {
      const target = originOf(request.url ?? '');
      if (target === undefined) {
        sendProblem(response, 400, no('the request target cannot be read'));
        return;
      }
      // Express would read the absolute form with a parser that throws.
      if (!request.url?.startsWith('/')) request.url = target;
      options.handle(request, response, side);
    }
  });
  server.on('clientError', (error, socket) => {
    options.log.debug('request refused', { side, error: codeOf(error) ?? messageOf(error) });
    // A refusal must not land in the middle of an answer that is still on its way.
    if (answers.get(socket)?.writableFinished === false) socket.destroy();
    else refuse(socket, statusOfParserError(codeOf(error)));
  });
  // Node starts its check of the header and request timeouts when a server begins to listen, which this one never does.
  server.emit('listening');
  return server;
}

/** A request that belongs to the strict parser came over a lenient connection: it has to be made again over a new one. */
function turnAway(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Connection', 'close');
  const location = request.method === 'GET' || request.method === 'HEAD' ? originOf(request.url ?? '') : undefined;
  if (location === undefined) {
    sendProblem(response, 421, no('this connection is for installers', 'ask again over a new connection'));
    return;
  }
  response.writeHead(307, { Location: location, 'Content-Length': 0 });
  response.end();
}

/** The target in origin form, as a Location that stays on this appliance; undefined where it has none. */
function originOf(target: string): string | undefined {
  try {
    return originForm(target);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
};

function statusOfParserError(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

/** Answers a request that never became one, and closes. */
function refuse(socket: Duplex, status: number): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const title = REFUSALS[status] ?? 'Bad Request';
  const body = problemBody(status, no(`not a request that can be read: ${title}`));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(linger));
  socket.resume();
}

type Closing = {
  readonly sides: Sides;
  readonly open: ReadonlySet<Socket>;
  readonly answers: Answers;
  readonly closeMs: number;
};

async function closeAll(server: TcpServer, { sides, open, answers, closeMs }: Closing): Promise<void> {
  const endIdle = (): void => {
    for (const socket of open) {
      const idle = answers.get(socket)?.writableFinished ?? socket.bytesRead === 0;
      if (idle) socket.destroySoon();
    }
  };
  const poll = setInterval(endIdle, CLOSE_POLL_MS);
  const cutOff = setTimeout(() => open.forEach((socket) => socket.destroy()), closeMs);
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  endIdle();
  await closed;
  clearInterval(poll);
  clearTimeout(cutOff);
  // They listen nowhere and hold no connection any more; closing them stops their timers.
  sides.installer.close();
  sides.operator.close();
}
