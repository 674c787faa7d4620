// HTTPS for operators: TLS 1.2 and later, one parser, the same handler as behind HTTP.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../log.ts';
import { codeOf, messageOf } from '../../malformed.ts';

export type SecureListenerOptions = {
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly log: Log;
  /** How long `close` leaves transfers to finish. */
  readonly closeMs: number;
};

export type SecureListener = { readonly port: number; close(): Promise<void> };

const HEADERS_LIMIT = 32 * 1024;
const HEADERS_MS = 20_000;
const HANDSHAKE_MS = 10_000;
const IDLE_MS = 300_000;
const KEEP_ALIVE_MS = 75_000;
/** Operators are few. */
const CONNECTIONS = 512;

/** Starts listening. Rejects with the system's error where the port cannot be had, and where key and certificate do not fit. */
export async function startSecureListener(options: SecureListenerOptions): Promise<SecureListener> {
  const { certificate, key, handle, log } = options;
  const server = createServer({
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_MS,
    maxHeaderSize: HEADERS_LIMIT,
    headersTimeout: HEADERS_MS,
    // An upload may take hours; only standing still ends it.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.timeout = IDLE_MS;
  server.maxConnections = CONNECTIONS;
  server.on('request', handle);
  server.on('tlsClientError', (error) => log.debug('TLS refused', { error: codeOf(error) ?? messageOf(error) }));
  await listening(server, options);
  server.on('error', (error) => log.error('HTTPS port failed', { error: messageOf(error) }));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => closeServer(server, options.closeMs) };
}

async function listening(server: Server, { address, port }: SecureListenerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function closeServer(server: Server, closeMs: number): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), closeMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cutOff);
}
