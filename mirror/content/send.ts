// Sends a planned answer over a response, chunk by chunk as the client takes it. Running: the response and the source are handed in.

import type { ServerResponse } from 'node:http';
import { messageOf } from '../../server/malformed.ts';
import type { BodyReader, BodySource } from './body.ts';
import { readBody } from './body.ts';
import type { BufferPool, Lease } from './buffers.ts';
import type { PlainAnswer } from './kept.ts';
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
export function sendPlan(response: ServerResponse, plan: ResponsePlan): Sent {
  const text = plan.body.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  return sendWhole(response, { ...plan, body: text === '' ? undefined : Buffer.from(text) });
}

/** An answer whose body is in memory: its bytes, or a string of them (Latin-1). */
export type WholeAnswer = Pick<PlainAnswer, 'status' | 'body'> & {
  readonly headers: ResponsePlan['headers'] | PlainAnswer['headers'];
};

/** Sends an answer at once, whatever the client does with it. */
export function sendWhole(response: ServerResponse, answer: WholeAnswer): Sent {
  const { status, headers, body } = answer;
  if (response.destroyed) return { status, bytes: 0, complete: false, fault: undefined };
  response.writeHead(status, headers);
  if (body === undefined) response.end();
  else response.end(body, 'latin1');
  return sentWhole(answer);
}

/** What became of an answer that the connection has taken whole. */
export function sentWhole({ status, body }: Pick<WholeAnswer, 'status' | 'body'>): Sent {
  return { status, bytes: body?.length ?? 0, complete: true, fault: undefined };
}

/**
 * Sends the headers and the body of `plan`. The first chunk is read before the headers go out, so a disk that fails at once still
 * makes a 500; one that fails later breaks the connection, since a length has been promised. Rejects only before the headers.
 */
export async function transmit(
  response: ServerResponse,
  plan: ResponsePlan,
  { source, buffers }: { readonly source: BodySource; readonly buffers: BufferPool },
): Promise<Sent> {
  const { status, headers } = plan;
  if (lengthOf(plan.body) === 0) return sendWhole(response, { status, headers, body: undefined });
  const body = readBody(plan.body, source);
  const first = await readChunk(body, buffers);
  if (response.destroyed) {
    first.release();
    return { status, bytes: 0, complete: false, fault: undefined };
  }
  response.writeHead(status, headers);
  return await stream(response, { status, body, first, buffers });
}

/** `bytes` are what was read. */
type Chunk = Lease;

async function readChunk(body: BodyReader, buffers: BufferPool): Promise<Chunk> {
  const lease = buffers.lend(body.remaining);
  try {
    const length = await body.fill(lease.bytes);
    return length === lease.bytes.byteLength ? lease : { ...lease, bytes: lease.bytes.subarray(0, length) };
  } catch (error) {
    lease.release();
    throw error;
  }
}

type Streaming = {
  readonly status: number;
  readonly body: BodyReader;
  readonly first: Chunk;
  readonly buffers: BufferPool;
};

/**
 * Sends the chunks as fast as the client takes them, the next one being read while one is on its way. The client may leave at any
 * time, which is no fault.
 */
async function stream(response: ServerResponse, { status, body, first, buffers }: Streaming): Promise<Sent> {
  const write = writerOf(response);
  let bytes = 0;
  let chunk: Chunk | undefined = first;
  try {
    while (chunk !== undefined) {
      const ahead: Promise<Chunk> | undefined = body.remaining > 0 ? readChunk(body, buffers) : undefined;
      // It is awaited below; until then nobody else hears that it failed.
      ahead?.catch(ignore);
      bytes += chunk.bytes.byteLength;
      const taken = await write(chunk.bytes, ahead === undefined ? 'last' : 'more');
      if (taken === 'gone') {
        // The system may still be reading this one; the other was never given to it.
        chunk.abandon();
        void ahead?.then(({ release }) => release(), ignore);
        return { status, bytes, complete: false, fault: undefined };
      }
      chunk.release();
      chunk = await ahead;
    }
  } catch (error) {
    response.destroy();
    return { status, bytes, complete: false, fault: messageOf(error) };
  }
  return { status, bytes, complete: true, fault: undefined };
}

const ignore = (): void => {};

/** `taken` once the system has all the bytes, so that their buffer can be filled anew; `gone` where the client left before. */
type Taken = 'taken' | 'gone';

/** Hands bytes to the connection, one call after the other. */
function writerOf(response: ServerResponse): (bytes: Buffer, place: 'more' | 'last') => Promise<Taken> {
  let settle: ((taken: Taken) => void) | undefined;
  response.once('close', () => settle?.('gone'));
  return (bytes, place) => {
    if (response.destroyed) return Promise.resolve('gone');
    return new Promise((resolve) => {
      settle = resolve;
      const onWritten = (error?: Error | null): void =>
        resolve(error === undefined || error === null ? 'taken' : 'gone');
      if (place === 'last') response.end(bytes, onWritten);
      else response.write(bytes, onWritten);
    });
  };
}
