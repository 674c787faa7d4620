// Turns a planned body into bytes in buffers that are handed in, reading through the extents of a place. Running: reading is handed in.

import type { Extent } from './place.ts';
import type { BodyPart } from './response.ts';
import { lengthOf } from './response.ts';

export type BodySource = {
  readonly extents: readonly Extent[];
  /** Fills all of `target` from `position` of the file on disk, or rejects. */
  readAt(target: Uint8Array, position: number): Promise<void>;
  /** Rejects where the file on disk is no longer the one that was planned for. */
  verify(): Promise<void>;
};

export type BodyReader = {
  /** Bytes not read yet. */
  readonly remaining: number;
  /**
   * Fills `target` with the next bytes of the body and answers how many they are: all of `target`, or less at the end. The last bytes
   * are only given after the file was verified, so that a file rewritten meanwhile ends as a broken transfer, never as a whole one of mixed
   * bytes.
   */
  fill(target: Uint8Array): Promise<number>;
};

/** Reads `body` from its beginning. */
export function readBody(body: readonly BodyPart[], source: BodySource): BodyReader {
  const pieces = piecesOf(body, source.extents);
  let piece = nextPiece(pieces);
  let done = 0;
  let remaining = lengthOf(body);
  return {
    get remaining() {
      return remaining;
    },
    fill: async (target) => {
      const wanted = Math.min(target.byteLength, remaining);
      for (let used = 0; used < wanted;) {
        if (piece === undefined) throw new Error('the pieces of a body are shorter than its length');
        const length = Math.min(piece.length - done, wanted - used);
        const part = target.subarray(used, used + length);
        if (piece.kind === 'text') part.set(piece.bytes.subarray(done, done + length));
        else await source.readAt(part, piece.position + done);
        used += length;
        done += length;
        if (done < piece.length) continue;
        piece = nextPiece(pieces);
        done = 0;
      }
      remaining -= wanted;
      if (remaining === 0 && wanted > 0) await source.verify();
      return wanted;
    },
  };
}

type Piece =
  | { readonly kind: 'text'; readonly bytes: Uint8Array; readonly length: number }
  | { readonly kind: 'disk'; readonly position: number; readonly length: number };

function nextPiece(pieces: Iterator<Piece>): Piece | undefined {
  const next = pieces.next();
  return next.done === true ? undefined : next.value;
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
