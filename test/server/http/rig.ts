// The one HTTP port on loopback as tests meet it: handlers that tell what they saw, and raw connections that keep what they receive.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { isInstallerPath } from '../../../server/http/audience.ts';
import type { HttpLimits, HttpListener, HttpListenerOptions } from '../../../server/http/listener.ts';
import { startHttpListener } from '../../../server/http/listener.ts';
import { quietLog } from '../../../server/log.ts';

const listeners: HttpListener[] = [];

/** Closes all that were started, after each test. */
export async function closeListeners(): Promise<void> {
  for (const listener of listeners.splice(0)) await listener.close();
}

export type Handler = (request: IncomingMessage, response: ServerResponse, side: string) => void;

/** Answers with the side, the URL and the serial number it read. */
export const echo: Handler = (request, response, side) => {
  response.end(`${side} ${request.url} ${String(request.headers['x-system-serial-number'])}`);
};

/** A port of loopback at which a repo is published at `/4.0/`. */
export async function start(
  handle: Handler = echo,
  limits: Partial<HttpLimits> = {},
  over: Partial<Pick<HttpListenerOptions, 'log' | 'answerPlain'>> = {},
): Promise<HttpListener> {
  const listener = await startHttpListener({
    address: '127.0.0.1',
    port: 0,
    isInstallerPath: (path) => isInstallerPath(path, ['/4.0/']),
    handle,
    log: quietLog,
    limits: { closeMs: 300, ...limits },
    ...over,
  });
  listeners.push(listener);
  return listener;
}

export type Conversation = {
  readonly socket: Socket;
  readonly received: () => string;
  readonly closed: Promise<string>;
};

/** A raw connection that keeps what it receives. */
export function converse(port: number, localAddress = '127.0.0.1'): Conversation {
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => {}); // a reset ends a conversation too
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(text));
  });
  return { socket, received: () => text, closed };
}

/** Sends all at once; what came back when the server closed. */
export async function say(port: number, text: string): Promise<string> {
  const { socket, closed } = converse(port);
  socket.write(Buffer.from(text, 'latin1'));
  return await closed;
}

/** A request after which the connection is to end. */
export const closing = (target: string, extra = '', method = 'GET'): string =>
  `${method} ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${extra}\r\n`;
export const SERIAL = 'X-System-Serial-Number: VMware-56 4d\n'; // as RHEL 6.2's loader sends it: a bare LF
