// Sends a planned answer over a response, chunk by chunk as the client takes it. Running: the response and the source are handed in.

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../server/malformed.ts';
import type { BodySource } from './body.ts';
import { readBody } from './body.ts';
import type { ResponsePlan } from './response.ts';
import { lengthOf } from './response.ts';

/** What became of an answer. `bytes` of body were handed to the connection; `fault` is what kept the rest back, if our own. */
export type Sent = {
  readonly status: number;
  readonly bytes: number;
  readonly complete: boolean;
  readonly fault: string | undefined;
};

/** Sends a plan whose body is all text. */
export async function sendPlan(response: ServerResponse, plan: ResponsePlan): Promise<Sent> {
  return await transmit(response, plan, {
    extents: [],
    readAt: () => Promise.reject(new Error('a plan of text alone reads nothing')),
    verify: async () => {},
  });
}

/**
 * Sends the headers and the body of `plan`. The first chunk is read before the headers go out, so a disk that fails at once still
 * makes a 500; one that fails later breaks the connection, since a length has been promised. Rejects only before the headers.
 */
export async function transmit(response: ServerResponse, plan: ResponsePlan, source: BodySource): Promise<Sent> {
  const chunks = readBody(plan.body, source);
  const first = await chunks.next();
  const { status } = plan;
  if (response.destroyed) return { status, bytes: 0, complete: false, fault: undefined };
  response.writeHead(status, plan.headers);
  if (first.done === true) {
    response.end();
    return { status, bytes: 0, complete: true, fault: undefined };
  }
  if (first.value.byteLength === lengthOf(plan.body)) {
    response.end(first.value);
    return { status, bytes: first.value.byteLength, complete: true, fault: undefined };
  }
  return await stream(response, { status, first: first.value, chunks });
}

type Streaming = { readonly status: number; readonly first: Uint8Array; readonly chunks: AsyncGenerator<Uint8Array> };

/** Sends the chunks as fast as the client takes them; the client may leave at any time, which is no fault. */
async function stream(response: ServerResponse, { status, first, chunks }: Streaming): Promise<Sent> {
  let bytes = 0;
  let fault: string | undefined;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      bytes += first.byteLength;
      yield first;
      for await (const chunk of chunks) {
        bytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      fault = messageOf(error);
      throw error;
    }
  };
  try {
    await pipeline(counted, response);
    return { status, bytes, complete: true, fault };
  } catch {
    // `pipeline` has destroyed the response, and with it the connection.
    return { status, bytes, complete: false, fault };
  }
}
