// HTTP GET of the boot namespace: the same names that TFTP serves, below /boot/ and where GRUB looks for them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isNo, no } from '../malformed.ts';
import { sendProblem } from '../problem.ts';
import type { BootFile, BootNamespace } from './namespace.ts';

/** How a file is sent: the content side knows ranges and conditions. Resolves with the bytes that were handed to the connection. */
export type SendFile<F> = (request: IncomingMessage, response: ServerResponse, file: F) => Promise<SentFile>;
export type SentFile = { readonly bytes: number; readonly complete: boolean };

/** A question and what it means, for whoever follows a boot. `name` is as asked, without the query. */
export type BootQuestion<F> = { readonly name: string; readonly address: string; readonly found: BootFile<F> };
export type BootAsked<F> = BootQuestion<F> & { readonly sent: SentFile; readonly durationMs: number };

export type BootHandlerParts<F> = {
  readonly names: BootNamespace<F>;
  readonly sendFile: SendFile<F>;
  /** Told of each GET when it is about to be answered, and once it was; a HEAD boots nothing. */
  readonly onStarted: (asked: BootQuestion<F>) => void;
  readonly onAsked: (asked: BootAsked<F>) => void;
};

/**
 * Below /boot/; and /EFI/…, /grub/…, /grub2/… at the root, as a GRUB that came over HTTP takes its prefix for a path
 * from there (a medium's build: /EFI/BOOT, XenServer's: /EFI/xenserver, Debian's: /grub).
 */
const PREFIX = /^\/+(?:boot\/+|(?=(?:EFI|grub2?)\/))/i;

/** Answers requests for the boot namespace and says `true`; for any other it does nothing and says `false`. */
export function bootHandler<F>(parts: BootHandlerParts<F>) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const path = (request.url ?? '').replace(/[?#].*$/, '');
    if (!PREFIX.test(path)) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      sendProblem(response, 405, no('the boot namespace can only be read'));
      return true;
    }
    const started = performance.now();
    const name = path.replace(PREFIX, '');
    const address = request.socket.remoteAddress ?? '';
    // A HEAD boots nothing, so it is not counted as a boot.
    const find = request.method === 'GET' ? parts.names.open : parts.names.look;
    const found = await find(name, address);
    if (request.method === 'GET') parts.onStarted({ name, address, found });
    const sent = await send(parts, found, { request, response });
    const durationMs = Math.round(performance.now() - started);
    if (request.method === 'GET') parts.onAsked({ name, address, found, sent, durationMs });
    return true;
  };
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

async function send<F>(parts: BootHandlerParts<F>, { body }: BootFile<F>, { request, response }: Exchange) {
  if (isNo(body)) {
    sendProblem(response, 404, body);
    return { bytes: 0, complete: true };
  }
  if (body.kind === 'file') return parts.sendFile(request, response, body.file);
  sendText(response, body.text);
  return { bytes: Buffer.byteLength(body.text), complete: true };
}

/** A boot script holds the token of an arming: no cache keeps it. */
function sendText(response: ServerResponse, text: string): void {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
  response.writeHead(200, { ...headers, 'Content-Length': Buffer.byteLength(text) }).end(text);
}
