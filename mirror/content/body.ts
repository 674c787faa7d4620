// Turns a planned body into chunks of bytes, reading through the extents of a place. Running: reading is handed in.

import type { Extent } from './place.ts';
import type { BodyPart } from './response.ts';
import { lengthOf } from './response.ts';

/** Bytes given to the connection at once. */
export const CHUNK_BYTES = 256 * 1024;

export type BodySource = {
  readonly extents: readonly Extent[];
  /** Fills all of `target` from `position` of the file on disk, or throws. */
  readAt(target: Uint8Array, position: number): Promise<void>;
  /** Throws where the file on disk is no longer the one that was planned for. */
  verify(): Promise<void>;
};

/**
 * The bytes of `body`, in chunks of `CHUNK_BYTES` but for the last. The last chunk of a body that took several is only given after
 * the file was verified, so that a file rewritten meanwhile ends as a broken transfer, never as a whole one of mixed bytes.
 */
export async function* readBody(body: readonly BodyPart[], source: BodySource): AsyncGenerator<Uint8Array> {
  let remaining = lengthOf(body);
  let chunk = newChunk(remaining);
  let used = 0;
  const verifyLast = remaining > CHUNK_BYTES;
  for (const piece of piecesOf(body, source.extents)) {
    for (let done = 0; done < piece.length;) {
      const length = Math.min(piece.length - done, chunk.byteLength - used);
      await fill(chunk.subarray(used, used + length), piece, { done, source });
      done += length;
      used += length;
      if (used < chunk.byteLength) continue;
      remaining -= used;
      if (remaining === 0 && verifyLast) await source.verify();
      yield chunk;
      chunk = newChunk(remaining);
      used = 0;
    }
  }
}

type Piece =
  | { readonly kind: 'text'; readonly bytes: Uint8Array; readonly length: number }
  | { readonly kind: 'disk'; readonly position: number; readonly length: number };

type Progress = { readonly done: number; readonly source: BodySource };

async function fill(target: Uint8Array, piece: Piece, { done, source }: Progress): Promise<void> {
  if (piece.kind === 'text') target.set(piece.bytes.subarray(done, done + target.byteLength));
  else await source.readAt(target, piece.position + done);
}

function* piecesOf(body: readonly BodyPart[], extents: readonly Extent[]): Generator<Piece> {
  for (const part of body) {
    if (part.kind === 'text') {
      const bytes = Buffer.from(part.text);
      yield { kind: 'text', bytes, length: bytes.byteLength };
      continue;
    }
    for (const { offset, length } of extentsOf(extents, part)) yield { kind: 'disk', position: offset, length };
  }
}

/** Where `slice` of the content lies on disk: the parts of `extents` that it covers, in order. Throws if they end too soon. */
export function extentsOf(extents: readonly Extent[], slice: Extent): readonly Extent[] {
  const found: Extent[] = [];
  const end = slice.offset + slice.length;
  let at = 0;
  for (const extent of extents) {
    const from = Math.max(slice.offset, at);
    const to = Math.min(end, at + extent.length);
    if (from < to) found.push({ offset: extent.offset + (from - at), length: to - from });
    at += extent.length;
    if (at >= end) return found;
  }
  if (slice.length > 0) throw new Error('the extents of a place are shorter than its size');
  return found;
}

function newChunk(remaining: number): Uint8Array {
  return Buffer.allocUnsafe(Math.min(CHUNK_BYTES, remaining));
}
