// The last bytes that LZMA unpacked, as far back as it may copy from; grows with what there is, never with what was announced. Pure.

/** Unpacked bytes. `back` 0 is the last one. */
export type Window = {
  put(byte: number): void;
  /** Puts `length` bytes again that begin `back` bytes before the last one; they may overlap. */
  copy(back: number, length: number): void;
  /** The byte `back` before the last; `reaches` says whether it is there. */
  at(back: number): number;
  reaches(back: number): boolean;
  /** How many bytes were put. */
  total(): number;
  /** Bytes put since the last `flush`: flush before they are more than `FLUSH_BYTES` and one copy. */
  pending(): number;
  /** A copy of the bytes put since the last flush. */
  flush(): Uint8Array;
};

export const FLUSH_BYTES = 32 * 1024;
const FIRST_BYTES = 64 * 1024;

/** A window that reaches `dictionaryBytes` back. */
export function openWindow(dictionaryBytes: number): Window {
  const full = Math.max(FIRST_BYTES, dictionaryBytes);
  let ring = new Uint8Array(FIRST_BYTES);
  let place = 0;
  let total = 0;
  let flushed = 0;
  const put = (byte: number): void => {
    if (place === ring.length) {
      if (ring.length < full) {
        const larger = new Uint8Array(Math.min(full, ring.length * 2));
        larger.set(ring);
        ring = larger;
      } else {
        place = 0;
      }
    }
    ring[place] = byte;
    place += 1;
    total += 1;
  };
  const at = (back: number): number => {
    const index = place - 1 - back;
    return ring[index < 0 ? index + ring.length : index] ?? 0;
  };
  return {
    put,
    at,
    copy: (back, length) => {
      const from = place - 1 - back;
      if (from < 0 || place + length > ring.length) {
        for (let left = length; left > 0; left -= 1) put(at(back));
        return;
      }
      for (let index = 0; index < length; index += 1) ring[place + index] = ring[from + index] ?? 0;
      place += length;
      total += length;
    },
    reaches: (back) => back < total && back < dictionaryBytes,
    total: () => total,
    pending: () => total - flushed,
    flush: () => {
      const length = total - flushed;
      flushed = total;
      if (place >= length) return ring.slice(place - length, place);
      return Buffer.concat([ring.subarray(ring.length - (length - place)), ring.subarray(0, place)]);
    },
  };
}
