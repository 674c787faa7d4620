// Whether a body comes so slowly that its connection is as good as broken. Pure.

/** Below `bytesPerSecond` for `forMs` is too slow. */
export type SlowLimit = { readonly bytesPerSecond: number; readonly forMs: number };

/** What came in the stretch of waiting that is looked at. */
export type Pace = { readonly waitedMs: number; readonly bytes: number };

export const NO_PACE: Pace = { waitedMs: 0, bytes: 0 };

/**
 * The pace after one more piece, for which was waited `waitedMs`; or `slow`. Only time spent waiting for the upstream counts, so
 * neither a rate limit of our own nor a slow disk is held against it.
 */
export function addPiece(pace: Pace, piece: Pace, limit: SlowLimit): Pace | 'slow' {
  const waitedMs = pace.waitedMs + piece.waitedMs;
  const bytes = pace.bytes + piece.bytes;
  if (waitedMs < limit.forMs) return { waitedMs, bytes };
  return bytes * 1000 < limit.bytesPerSecond * waitedMs ? 'slow' : NO_PACE;
}
