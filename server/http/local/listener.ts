// The appliance's answers on a socket in the file system, for commands of this machine: who may open the file may ask. Edge.

import { chmod, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { markLocal } from '../../encrypted.ts';
import type { Log } from '../../log.ts';
import { messageOf } from '../../malformed.ts';

export type LocalListenerOptions = {
  readonly path: string;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly log: Log;
  /** How long `close` leaves requests to finish. */
  readonly closeMs: number;
};

export type LocalListener = { close(): Promise<void> };

/** What `sockaddr_un` holds, its zero byte counted (unix(7)). */
const PATH_BYTES = 108;
const HEADERS_MS = 5000;
const CONNECTIONS = 64;

/**
 * Listens at `path`, readable and writable by the owner alone. What a process that died has left there is removed: the caller holds
 * the data directory's lock. Undefined, and logged, where there can be none (the path is longer than a socket's may be, the file system
 * has no sockets): commands then work without it.
 */
export async function startLocalListener({
  path,
  handle,
  log,
  closeMs,
}: LocalListenerOptions): Promise<LocalListener | undefined> {
  if (Buffer.byteLength(path) >= PATH_BYTES) {
    log.info('no socket for commands: the path of the data directory is too long', { path });
    return undefined;
  }
  await rm(path, { force: true });
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: 0 }, handle);
  server.maxConnections = CONNECTIONS;
  server.on('connection', markLocal);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  const failure = await promise.then(() => undefined, messageOf);
  if (failure !== undefined) {
    log.warn('no socket for commands: they work beside the appliance', { path, error: failure });
    return undefined;
  }
  server.off('error', reject);
  server.on('error', (error) => log.error('socket for commands failed', { error: messageOf(error) }));
  await chmod(path, 0o600);
  return {
    close: async () => {
      const cutOff = setTimeout(() => server.closeAllConnections(), closeMs);
      // Closing removes the file (net.Server: sockets that it made are unlinked).
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeIdleConnections();
      });
      clearTimeout(cutOff);
    },
  };
}
