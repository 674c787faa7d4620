// A reader over bytes that never leaves their bounds: every overrun is `Malformed`, none a RangeError.

import { Malformed } from './malformed.ts';

/** A position in a buffer, moved by each read. */
export type ByteReader = {
  /** Bytes not yet read. */
  remaining(): number;
  u8(what: string): number;
  u16be(what: string): number;
  u32be(what: string): number;
  /** The next `length` bytes, as a view. */
  bytes(length: number, what: string): Uint8Array;
  /** Bytes up to the next NUL, as Latin-1 text; the NUL is consumed. `limit` bounds the text's length in bytes. */
  nulText(limit: number, what: string): string;
};

/** A reader over `buffer` from its start. Each read throws `Malformed` naming `what` where the bytes end too soon. */
export function readBytes(buffer: Uint8Array): ByteReader {
  let at = 0;
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const take = (length: number, what: string): number => {
    if (length > buffer.byteLength - at) throw new Malformed(`${what} ends too soon`, `byte ${at}`);
    const start = at;
    at += length;
    return start;
  };
  return {
    remaining: () => buffer.byteLength - at,
    u8: (what) => view.getUint8(take(1, what)),
    u16be: (what) => view.getUint16(take(2, what)),
    u32be: (what) => view.getUint32(take(4, what)),
    bytes: (length, what) => {
      const start = take(length, what);
      return buffer.subarray(start, start + length);
    },
    nulText: (limit, what) => {
      const end = buffer.indexOf(0, at);
      if (end === -1) throw new Malformed(`${what} has no closing NUL`, `byte ${at}`);
      if (end - at > limit) throw new Malformed(`${what} is longer than ${limit} bytes`, `byte ${at}`);
      const start = take(end - at + 1, what);
      return Buffer.from(buffer.subarray(start, end)).toString('latin1');
    },
  };
}
