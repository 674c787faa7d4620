// A file whose place is known, and its bytes where they are few: what a request for it is answered with. Pure.

import type { Identity } from './cache/identity.ts';
import type { FilePlace } from './place.ts';
import type { ContentRequest, Representation, ResponsePlan } from './response.ts';
import { etagOf, planResponse } from './response.ts';
import { contentTypeOf } from './media.ts';

/** A file in memory, or where to find it. */
export type Kept = {
  readonly place: FilePlace;
  /** What the file on disk was when all this was learnt of it. */
  readonly about: Identity;
  readonly representation: Representation;
  /** All of them, where the file is small. */
  readonly bytes: Buffer | undefined;
  /** The answers to requests that ask for nothing but the file, made once. */
  readonly plain: { GET?: PlainAnswer; HEAD?: PlainAnswer };
};

/**
 * A whole answer: `headers` are names and values in turns, which node:http writes with the least work. So it does a short body that is a
 * string of its bytes (Latin-1); undefined where there is none.
 */
export type PlainAnswer = {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer | string | undefined;
};

/** Up to here a body is kept as a string too; what is longer is copied less as a buffer. */
const TEXT_BYTES = 8 * 1024;

/** What a remembered file costs besides its bytes: its names, its place, and the answers made for it. */
const ENTRY_BYTES = 2048;

/** The memory that a remembered file takes. */
export function weightOf({ bytes }: Kept): number {
  const length = bytes?.byteLength ?? 0;
  return ENTRY_BYTES + (length <= TEXT_BYTES ? 2 * length : length);
}

/** The file `place`, opened as `about`. `name` gives the Content-Type. */
export function keptOf(place: FilePlace, opened: { about: Identity; name: string; bytes?: Buffer | undefined }): Kept {
  const { about, name, bytes } = opened;
  return { place, about, representation: representationOf(place, name, about), bytes, plain: {} };
}

function representationOf(place: FilePlace, name: string, about: Identity): Representation {
  const { sizeBytes, modifiedMs } = place;
  const offset = place.extents[0]?.offset ?? 0;
  const etag = etagOf({ inode: about.ino, modifiedNs: about.mtimeNs, offset, sizeBytes });
  return { sizeBytes, modifiedMs, etag, contentType: contentTypeOf(name) };
}

const SPECIAL = ['range', 'if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since'] as const;

/**
 * The answer to `request` where nothing in it but its method counts. Undefined where its headers have to be read, and for a file dated in
 * the future: what is planned for that changes with the clock.
 */
export function plainAnswer(kept: Kept, request: ContentRequest): PlainAnswer | undefined {
  const { method, headers } = request;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  for (const name of SPECIAL) if (headers[name] !== undefined) return undefined;
  const made = kept.plain[method];
  if (made !== undefined) return made;
  if (kept.place.modifiedMs > request.nowMs) return undefined;
  const plan = planResponse({ ...request, headers: {} }, kept.representation);
  const body = kept.bytes === undefined || plan.body.length === 0 ? undefined : shortened(kept.bytes);
  return (kept.plain[method] = { status: plan.status, headers: Object.entries(plan.headers).flat(), body });
}

function shortened(bytes: Buffer): Buffer | string {
  return bytes.byteLength <= TEXT_BYTES ? bytes.toString('latin1') : bytes;
}

/** The bytes of a planned body, out of the file's bytes in memory; undefined where it has none. */
export function bodyOf(plan: ResponsePlan, bytes: Buffer): Buffer | undefined {
  const parts = plan.body.map((part) =>
    part.kind === 'text' ? Buffer.from(part.text) : bytes.subarray(part.offset, part.offset + part.length),
  );
  const [only, second] = parts;
  return second === undefined ? only : Buffer.concat(parts);
}
