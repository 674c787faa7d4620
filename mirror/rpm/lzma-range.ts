// LZMA's range decoder: packed bytes in, bits out, each by a probability that learns. Pure but for its own place.

import { Malformed } from '../../server/malformed.ts';

/** Decodes bits by the probabilities of one table, which it teaches; `at` is a bit's place in it. */
export type RangeDecoder = {
  /** Adds packed bytes behind those that are left. */
  feed(more: Uint8Array): void;
  /** Packed bytes not read yet. */
  left(): number;
  bit(at: number): number;
  /** `bits` bits that are as likely 0 as 1. */
  direct(bits: number): number;
  /** At the end of what was packed nothing is left in the decoder. */
  isSpent(): boolean;
};

/** A probability is of 0, in 2048ths. */
export const HALF = 1024;
const TOP = 2 ** 24;
const LEARN_BITS = 5;

/** A decoder by the probabilities of `table`, over `packed` and what it is fed. Throws `Malformed` where that ends. */
export function decodeRange(table: Uint16Array, packed: Uint8Array, where: string): RangeDecoder {
  let bytes = packed;
  let at = 0;
  let range = 0xffffffff;
  let code = 0;
  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) throw new Malformed('lzma: it ends too soon', where);
    at += 1;
    return byte;
  };
  const refill = (): void => {
    range = (range << 8) >>> 0;
    code = ((code << 8) | next()) >>> 0;
  };
  if (next() !== 0) throw new Malformed('lzma: it does not begin as it must', where);
  for (let count = 0; count < 4; count += 1) code = ((code << 8) | next()) >>> 0;

  const bit = (place: number): number => {
    const probability = table[place] ?? HALF;
    const bound = (range >>> 11) * probability;
    const isOne = code >= bound;
    if (isOne) {
      range = (range - bound) >>> 0;
      code = (code - bound) >>> 0;
      table[place] = probability - (probability >>> LEARN_BITS);
    } else {
      range = bound;
      table[place] = probability + ((2048 - probability) >>> LEARN_BITS);
    }
    if (range < TOP) refill();
    return isOne ? 1 : 0;
  };
  return {
    feed: (more) => {
      bytes = at === bytes.length ? more : Buffer.concat([bytes.subarray(at), more]);
      at = 0;
    },
    left: () => bytes.length - at,
    bit,
    direct: (bits) => {
      let value = 0;
      for (let count = 0; count < bits; count += 1) {
        range >>>= 1;
        const isOne = code >= range;
        if (isOne) code = (code - range) >>> 0;
        value = value * 2 + (isOne ? 1 : 0);
        if (range < TOP) refill();
      }
      return value;
    },
    isSpent: () => code === 0,
  };
}

type Tree = { readonly at: number; readonly bits: number };

/** A number of `bits` bits, the highest first, by a tree of 2^bits probabilities from `at` on; the first of them is not used. */
export function decodeTree(range: RangeDecoder, { at, bits }: Tree): number {
  let symbol = 1;
  for (let count = 0; count < bits; count += 1) symbol = symbol * 2 + range.bit(at + symbol);
  return symbol - 2 ** bits;
}

/** The same with the lowest bit first. */
export function decodeReverseTree(range: RangeDecoder, { at, bits }: Tree): number {
  let symbol = 1;
  let value = 0;
  for (let count = 0; count < bits; count += 1) {
    const one = range.bit(at + symbol);
    symbol = symbol * 2 + one;
    value |= one << count;
  }
  return value;
}
