// How a request came: over TLS, over the socket in the file system, from which address. Pure.

import type { IncomingMessage } from 'node:http';
import type { No } from './malformed.ts';
import { no } from './malformed.ts';

/** Did it come over TLS? */
export function isEncrypted({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

const LOCAL = Symbol('a connection that never left this machine');

/** Marks a connection as one over the appliance's socket in the file system. */
export function markLocal(socket: object): void {
  Object.defineProperty(socket, LOCAL, { value: true });
}

/** Did it come over the socket in the file system? */
export function isLocal({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return LOCAL in socket;
}

/** The sender's address for what is written down; empty for a command of this machine. */
export function addressOf(request: Pick<IncomingMessage, 'socket'>): string {
  return isLocal(request) ? '' : (request.socket.remoteAddress ?? 'unknown');
}

/** Why an operator's request over plain HTTP is refused where there is HTTPS: what it holds can be read on its way. */
export function plainRefusal(
  request: Pick<IncomingMessage, 'socket'>,
  secureOrigin: string | undefined,
): No | undefined {
  if (secureOrigin === undefined || isEncrypted(request) || isLocal(request)) return undefined;
  return no('this appliance takes operators over HTTPS only', `use ${secureOrigin}`);
}
