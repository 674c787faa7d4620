// Answers a request with a file, or with bytes in memory, by the one table of HTTP rules. Running: the files and the response are handed in.

import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { codeOf, messageOf } from '../../server/malformed.ts';
import type { ContentFiles, OpenFile } from './cache/store.ts';
import type { Kept } from './kept.ts';
import { bodyOf, keptOf, plainAnswer } from './kept.ts';
import type { FilePlace, Spot } from './place.ts';
import type { ContentRequest } from './response.ts';
import { planProblem, planResponse } from './response.ts';
import type { Sent } from './send.ts';
import { sendPlan, sendWhole, transmit } from './send.ts';

/** A request, and where its answer goes. */
export type Exchange = { readonly request: ContentRequest; readonly response: ServerResponse };

/** A file that was located. `name` gives the Content-Type; with a `spot` it is remembered for the next request. */
export type Located = { readonly place: FilePlace; readonly name: string; readonly spot: Spot | undefined };

/** Nothing was sent: what was located is not there any more, or cannot be read. */
export type NotOpened = { readonly kind: 'not-opened'; readonly error: unknown };

/** Sends a file whose bytes are in memory. At once. */
export function deliverKept({ request, response }: Exchange, kept: Kept, bytes: Buffer): Sent {
  const plain = plainAnswer(kept, request);
  if (plain !== undefined) return sendWhole(response, plain);
  const plan = planResponse(request, kept.representation);
  return sendWhole(response, { status: plan.status, headers: plan.headers, body: bodyOf(plan, bytes) });
}

/** Sends a file whose place was remembered and has just been proved. Faults after the opening are in the result. */
export async function deliverKnown(exchange: Exchange, kept: Kept, files: ContentFiles): Promise<Sent | NotOpened> {
  return await withFile(
    exchange,
    () => files.open(kept.place, kept.about),
    (file) => deliverFrom(file, exchange, { kept, files }),
  );
}

/** Sends a file that was located. Faults after the opening are in the result. */
export async function deliverPlace(
  exchange: Exchange,
  { place, name, spot }: Located,
  files: ContentFiles,
): Promise<Sent | NotOpened> {
  return await withFile(
    exchange,
    () => files.open(place),
    async (file) => {
      const small = spot !== undefined && place.sizeBytes <= files.smallBytes;
      const bytes = small ? await readAll(place, file) : undefined;
      const kept = keptOf(place, { about: file.about, name, bytes });
      if (spot !== undefined) await files.remember(spot, kept);
      return bytes === undefined
        ? await deliverFrom(file, exchange, { kept, files })
        : deliverKept(exchange, kept, bytes);
    },
  );
}

type Delivery = { readonly kept: Kept; readonly files: ContentFiles };

async function deliverFrom(file: OpenFile, { request, response }: Exchange, { kept, files }: Delivery): Promise<Sent> {
  const plan = planResponse(request, kept.representation);
  return await transmit(response, plan, { source: { ...file, extents: kept.place.extents }, buffers: files.buffers });
}

/** Bytes from memory. Without an `etag` one is made from them. */
export type Text = {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly modifiedMs?: number | undefined;
  readonly etag?: string | undefined;
};

/** Sends bytes from memory by the same rules. */
export function deliverBytes({ request, response }: Exchange, text: Text): Sent {
  const { contentType, modifiedMs } = text;
  const bytes = Buffer.from(text.bytes.buffer, text.bytes.byteOffset, text.bytes.byteLength);
  const etag = text.etag ?? `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
  const plan = planResponse(request, { sizeBytes: bytes.byteLength, modifiedMs, etag, contentType });
  return sendWhole(response, { status: plan.status, headers: plan.headers, body: bodyOf(plan, bytes) });
}

/** 500 for a fault of ours; its message goes to the log, not to the network. */
export function deliverFault({ request, response }: Exchange, error: unknown): Sent {
  const fault = messageOf(error);
  if (response.headersSent) {
    response.destroy();
    return { status: response.statusCode, bytes: 0, complete: false, fault };
  }
  const detail = 'the appliance cannot read this file now; its log tells why';
  return { ...sendPlan(response, planProblem(request.method, { status: 500, detail })), complete: false, fault };
}

/** What is answered where a file could not be opened: 404 for one that is gone, else 500. */
export function deliverNotOpened(exchange: Exchange, { error }: NotOpened): Sent {
  if (codeOf(error) !== 'ENOENT') return deliverFault(exchange, error);
  const gone = planProblem(exchange.request.method, { status: 404, detail: 'the file has just gone' });
  return sendPlan(exchange.response, gone);
}

async function withFile(
  exchange: Exchange,
  open: () => Promise<OpenFile>,
  send: (file: OpenFile) => Promise<Sent>,
): Promise<Sent | NotOpened> {
  let file: OpenFile;
  try {
    file = await open();
  } catch (error) {
    return { kind: 'not-opened', error };
  }
  try {
    return await send(file);
  } catch (error) {
    return deliverFault(exchange, error);
  } finally {
    file.release();
  }
}

async function readAll(place: FilePlace, file: OpenFile): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(place.sizeBytes);
  let done = 0;
  for (const { offset, length } of place.extents) {
    await file.readAt(bytes.subarray(done, done + length), offset);
    done += length;
  }
  await file.verify();
  return bytes;
}
