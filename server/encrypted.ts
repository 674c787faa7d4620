// Did a request come over TLS, and where is it to be asked again if it had to? Pure.

import type { IncomingMessage } from 'node:http';
import type { No } from './malformed.ts';
import { no } from './malformed.ts';

/** Did it come over TLS? */
export function isEncrypted({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

/** Why an operator's request over plain HTTP is refused where there is HTTPS: what it holds can be read on its way. */
export function plainRefusal(
  request: Pick<IncomingMessage, 'socket'>,
  secureOrigin: string | undefined,
): No | undefined {
  if (secureOrigin === undefined || isEncrypted(request)) return undefined;
  return no('this appliance takes operators over HTTPS only', `use ${secureOrigin}`);
}
