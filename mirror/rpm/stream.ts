// Reads exact numbers of bytes from chunks of any size. Pure but for its own place.

import { Malformed } from '../../server/malformed.ts';

export type StreamReader = {
  /** The next `length` bytes, as a copy of their own. Throws `Malformed` where the stream ends before. */
  bytes(length: number): Promise<Uint8Array>;
  skip(length: number): Promise<void>;
  /** Is there nothing more? */
  isAtEnd(): Promise<boolean>;
};
/** A reader that can also give the rest away. */
export type WholeReader = StreamReader & {
  /** Whatever is left, in chunks as they come. */
  rest(): AsyncGenerator<Uint8Array>;
};

/** A reader over `chunks`; `where` names them in errors. The caller lets `chunks` go. */
export function readStream(chunks: AsyncIterator<Uint8Array>, where: string): WholeReader {
  let chunk: Uint8Array = new Uint8Array();
  let at = 0;
  const isAtEnd = async (): Promise<boolean> => {
    while (at === chunk.byteLength) {
      const next = await chunks.next();
      if (next.done === true) return true;
      chunk = next.value;
      at = 0;
    }
    return false;
  };
  const take = async (length: number, use: (part: Uint8Array) => void): Promise<void> => {
    for (let left = length; left > 0;) {
      if (await isAtEnd()) throw new Malformed(`it ends ${left} bytes too soon`, where);
      const part = chunk.subarray(at, at + left);
      use(part);
      at += part.byteLength;
      left -= part.byteLength;
    }
  };
  return {
    bytes: async (length) => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      await take(length, (part) => {
        bytes.set(part, filled);
        filled += part.byteLength;
      });
      return bytes;
    },
    skip: (length) => take(length, () => {}),
    isAtEnd,
    rest: async function* () {
      while (!(await isAtEnd())) {
        const part = chunk.subarray(at);
        at = chunk.byteLength;
        yield part;
      }
    },
  };
}
