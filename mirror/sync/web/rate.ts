// A limit of bytes per second that many downloads share, as arithmetic on the clock. Pure.

/** From when on the bytes taken so far are paid for, in milliseconds of the clock that `takeBytes` is given. */
export type RateState = { readonly paidMs: number };

/** So much time may lie idle and still be used: a timer that fires late loses nothing, and no burst is longer. */
const BURST_MS = 50;

/** Nothing taken yet. */
export const FULL_RATE: RateState = { paidMs: Number.NEGATIVE_INFINITY };

/**
 * Takes bytes that have just arrived: answers the state after them, and for how many milliseconds whoever took them must pause
 * before it reads on. Each taker pays behind those before it, so together they keep to the limit.
 */
export function takeBytes(
  state: RateState,
  taken: { readonly bytes: number; readonly nowMs: number; readonly bytesPerSecond: number },
): { readonly state: RateState; readonly pauseMs: number } {
  const { bytes, nowMs, bytesPerSecond } = taken;
  const paidMs = Math.max(state.paidMs, nowMs - BURST_MS) + (bytes / bytesPerSecond) * 1000;
  return { state: { paidMs }, pauseMs: Math.max(0, paidMs - nowMs) };
}

/** How many downloads at once a limit feeds: each should get more than what counts as a broken connection. */
export function connectionsFor(connections: number, bytesPerSecond: number | undefined): number {
  if (bytesPerSecond === undefined) return connections;
  return Math.max(1, Math.min(connections, Math.floor(bytesPerSecond / LEAST_EACH)));
}
const LEAST_EACH = 8 * 1024;
