// HTTP GET of the boot namespace under /boot/: the same names that TFTP serves.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isNo, no } from '../malformed.ts';
import { sendProblem } from '../problem.ts';
import type { BootNamespace } from './namespace.ts';

/** How a file is sent: the content side knows ranges and conditions. */
export type SendFile<F> = (request: IncomingMessage, response: ServerResponse, file: F) => Promise<void>;

const PREFIX = /^\/+boot\/+/;

/** Answers requests below `/boot/` and says `true`; for any other it does nothing and says `false`. */
export function bootHandler<F>(names: BootNamespace<F>, sendFile: SendFile<F>) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const path = (request.url ?? '').replace(/[?#].*$/, '');
    if (!PREFIX.test(path)) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      sendProblem(response, 405, no('the boot namespace can only be read'));
      return true;
    }
    // A HEAD boots nothing, so it is not counted as a boot.
    const find = request.method === 'GET' ? names.open : names.look;
    const found = await find(path.replace(PREFIX, ''), request.socket.remoteAddress ?? '');
    if (isNo(found)) sendProblem(response, 404, found);
    else if (found.kind === 'file') await sendFile(request, response, found.file);
    else sendText(response, found.text);
    return true;
  };
}

/** A boot script holds the token of an arming: no cache keeps it. */
function sendText(response: ServerResponse, text: string): void {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
  response.writeHead(200, { ...headers, 'Content-Length': Buffer.byteLength(text) }).end(text);
}
