// GET /api/v1/events: what happens on the appliance, as server-sent events; who may look may listen, nobody may slow it down.

import type { Request, Response } from 'express';
import { Router } from 'express';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import { sendProblem } from '../../problem.ts';
import type { StreamEvent } from './format.ts';
import { HEARTBEAT, OPENING, readLastEventId, renderEvent } from './format.ts';

/** Who listens: given each event, and told when there will be no more. */
export type StreamListener = {
  readonly send: (event: StreamEvent) => void;
  readonly end: () => void;
};

/** What the stream is given. `subscribe` first sends what the client missed since `lastId`, or what runs now. */
export type EventParts = {
  readonly subscribe: (listener: StreamListener, lastId: number | undefined) => (() => void) | No;
  readonly limits?: Partial<StreamLimits>;
  /** May whoever asks listen at all? */
  readonly mayListen: (request: Request) => boolean;
};

type StreamLimits = {
  /** Proxies and the appliance's own port end connections on which nothing moves. */
  readonly heartbeatMs: number;
  /** What a client may leave unread before it is cut off; it comes back with Last-Event-ID. */
  readonly unreadBytes: number;
  readonly perAddress: number;
};

const LIMITS: StreamLimits = { heartbeatMs: 15_000, unreadBytes: 256 * 1024, perAddress: 8 };

/** The stream. */
export function eventRoutes(parts: EventParts): Router {
  const limits = { ...LIMITS, ...parts.limits };
  const perAddress = new Map<string, number>();
  const router = Router();
  router.get('/api/v1/events', (request, response) => {
    if (!parts.mayListen(request)) {
      sendProblem(
        response,
        401,
        no('this needs a login', 'log in on the page, or send Authorization: Bearer with an API token'),
      );
      return;
    }
    const address = request.socket.remoteAddress ?? '';
    const open = perAddress.get(address) ?? 0;
    if (open >= limits.perAddress) {
      refuse(response, {
        kind: 'no',
        reason: 'this address listens often enough',
        remedy: 'end another listener first',
      });
      return;
    }
    perAddress.set(address, open + 1);
    response.once('close', () => {
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
    stream(request, response, { subscribe: parts.subscribe, limits });
  });
  return router;
}

type Streaming = { readonly subscribe: EventParts['subscribe']; readonly limits: StreamLimits };

function stream(request: Request, response: Response, { subscribe, limits }: Streaming): void {
  const headers = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' };
  if (request.method === 'HEAD') {
    response.writeHead(200, headers).end();
    return;
  }
  const write = (text: string): void => {
    if (!response.headersSent) response.writeHead(200, { ...headers, 'X-Accel-Buffering': 'no' }).write(OPENING);
    response.write(text);
    if (response.writableLength > limits.unreadBytes) response.destroy();
  };
  // What was missed is told at once, before anybody could read of it.
  let missed: string[] | undefined = [];
  const send = (event: StreamEvent): void => {
    if (missed === undefined) write(renderEvent(event));
    else missed.push(renderEvent(event));
  };
  const listener = { send, end: () => void response.end() };
  const unsubscribe = subscribe(listener, readLastEventId(request.headers['last-event-id']));
  if (isNo(unsubscribe)) {
    refuse(response, unsubscribe);
    return;
  }
  for (const text of newestThatFit(missed, limits.unreadBytes / 2)) write(text);
  missed = undefined;
  write(HEARTBEAT);
  const heartbeat = setInterval(() => write(HEARTBEAT), limits.heartbeatMs);
  response.once('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
  });
}

/** The last of `texts` that have no more bytes than that together: who were cut off for them would come back for them, for ever. */
function newestThatFit(texts: readonly string[], limitBytes: number): readonly string[] {
  let from = texts.length;
  for (let bytes = 0; from > 0; from -= 1) {
    bytes += Buffer.byteLength(texts[from - 1] ?? '');
    if (bytes > limitBytes) break;
  }
  return texts.slice(from);
}

function refuse(response: Response, answer: No): void {
  response.setHeader('Retry-After', '30');
  sendProblem(response, 503, answer);
}
