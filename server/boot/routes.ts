// HTTP GET of the boot namespace under /boot/: the same names that TFTP serves.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isNo } from '../malformed.ts';
import { sendProblem } from '../problem.ts';
import type { BootNamespace } from './namespace.ts';

/** How the two kinds of content are sent; the content side knows ranges and conditions. */
export type BootSenders<F> = {
  file(request: IncomingMessage, response: ServerResponse, file: F): Promise<void>;
  text(request: IncomingMessage, response: ServerResponse, text: string): Promise<void>;
};

const PREFIX = /^\/+boot\/+/;

/** Answers requests below `/boot/` and says `true`; for any other it does nothing and says `false`. */
export function bootHandler<F>(open: BootNamespace<F>, send: BootSenders<F>) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const path = (request.url ?? '').replace(/[?#].*$/, '');
    if (!PREFIX.test(path)) return false;
    const found = await open(path.replace(PREFIX, ''), request.socket.remoteAddress ?? '');
    if (isNo(found)) sendProblem(response, 404, found);
    else if (found.kind === 'text') await send.text(request, response, found.text);
    else await send.file(request, response, found.file);
    return true;
  };
}
