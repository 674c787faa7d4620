// Bits of a stream, the highest of each byte first, as bzip2 writes them. Pure but for its own place.

import { Malformed } from '../../server/malformed.ts';

export type BitReader = {
  /** The next `count` bits, at most 24, as a number. Throws `Malformed` behind the end of what was fed. */
  take(count: number): number;
  /** Goes on at the next whole byte. */
  align(): void;
  /** Whole bytes not taken yet. */
  leftBytes(): number;
  /** Adds bytes behind those that are left. */
  feed(more: readonly Uint8Array[]): void;
};

/** Reads what it is fed. `where` names the file. */
export function readBits(where: string): BitReader {
  let bytes: Uint8Array = new Uint8Array();
  let at = 0;
  let window = 0;
  let held = 0;
  return {
    take: (count) => {
      while (held < count) {
        const byte = bytes[at];
        if (byte === undefined) throw new Malformed('bzip2: it ends too soon', where);
        window = (window << 8) | byte;
        at += 1;
        held += 8;
      }
      held -= count;
      return (window >>> held) & ((1 << count) - 1);
    },
    align: () => {
      held -= held % 8;
    },
    leftBytes: () => bytes.length - at + (held >> 3),
    feed: (more) => {
      bytes = Buffer.concat([bytes.subarray(at), ...more]);
      at = 0;
    },
  };
}
