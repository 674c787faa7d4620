// LZMA's symbols: literals, matches and repeated matches, one after the other into a window. Pure but for its own state.

import { Malformed } from '../../server/malformed.ts';
import type { RangeDecoder } from './lzma-range.ts';
import { decodeReverseTree, decodeTree, HALF } from './lzma-range.ts';
import type { Window } from './lzma-window.ts';

/** How many high bits of the last byte, and how many low bits of the position, literals and matches are told apart by. */
export type LzmaProperties = { readonly lc: number; readonly lp: number; readonly pb: number };

/** The most packed bytes that one symbol takes. */
export const SYMBOL_BYTES = 32;

const STATES = 12;
/** States below it come from a literal. */
const AFTER_MATCH = 7;
const POSITIONS = 16;
const LENGTH_PROBABILITIES = 2 + 2 * (POSITIONS << 3) + 256;
const END_DISTANCE = 0xffffffff;
/** Where each kind of probability begins in the decoder's table. */
const AT = layout({
  isMatch: STATES * POSITIONS,
  isRepeat: STATES,
  isRepeat0: STATES,
  isRepeat1: STATES,
  isRepeat2: STATES,
  isRepeat0Long: STATES * POSITIONS,
  slot: 4 * 64,
  special: 115,
  align: 16,
  length: LENGTH_PROBABILITIES,
  repeatLength: LENGTH_PROBABILITIES,
  literal: 0,
});

function layout<K extends string>(sizes: Readonly<Record<K, number>>): Readonly<Record<K, number>> {
  let at = 0;
  const places = Object.entries<number>(sizes).map(([name, size]) => {
    at += size;
    return [name, at - size];
  });
  return Object.fromEntries(places) as Record<K, number>;
}

/** The probabilities that a stream of these properties teaches, all even. */
export function freshTable({ lc, lp }: LzmaProperties): Uint16Array {
  return new Uint16Array(AT.literal + (0x300 << (lc + lp))).fill(HALF);
}

/** Properties as one byte tells them, in both formats. Throws `Malformed`. */
export function parseProperties(packed: number, where: string): LzmaProperties {
  const properties = { lc: packed % 9, lp: Math.floor(packed / 9) % 5, pb: Math.floor(packed / 45) };
  // liblzma's own rule; it keeps the table small.
  if (properties.pb > 4 || properties.lc + properties.lp > 4) {
    throw new Malformed('lzma: properties that cannot be', where);
  }
  return properties;
}

type State = { state: number; rep0: number; rep1: number; rep2: number; rep3: number };

/** Decodes one symbol and says whether it was the end marker. Throws `Malformed`. */
export type DecodeSymbol = (range: RangeDecoder) => 'more' | 'end';

/** A decoder of symbols into `window`, in the state that a stream begins with. */
export function symbolDecoder(properties: LzmaProperties, window: Window, where: string): DecodeSymbol {
  const now: State = { state: 0, rep0: 0, rep1: 0, rep2: 0, rep3: 0 };
  const { lc, lp, pb } = properties;
  const positionMask = (1 << pb) - 1;
  const literalMask = (1 << lp) - 1;

  /** Where the probabilities of a literal here begin: they go by its place and by the byte before it. */
  const literalAt = (): number => {
    const total = window.total();
    const last = total === 0 ? 0 : window.at(0);
    return AT.literal + 0x300 * (((total & literalMask) << lc) + (last >> (8 - lc)));
  };
  const copy = (length: number): 'more' => {
    if (!window.reaches(now.rep0)) throw new Malformed('lzma: a copy of what was never there', where);
    window.copy(now.rep0, length);
    return 'more';
  };
  const repeat = (range: RangeDecoder, position: number): 'more' => {
    const { state } = now;
    if (range.bit(AT.isRepeat0 + state) === 1) {
      chooseRepeat(range, now);
    } else if (range.bit(AT.isRepeat0Long + state * POSITIONS + position) === 0) {
      now.state = state < AFTER_MATCH ? 9 : 11;
      return copy(1);
    }
    now.state = state < AFTER_MATCH ? 8 : 11;
    return copy(readLength(range, AT.repeatLength, position));
  };
  const match = (range: RangeDecoder, position: number): 'more' | 'end' => {
    now.state = now.state < AFTER_MATCH ? 7 : 10;
    const length = readLength(range, AT.length, position);
    const distance = readDistance(range, length);
    if (distance === END_DISTANCE) return 'end';
    now.rep3 = now.rep2;
    now.rep2 = now.rep1;
    now.rep1 = now.rep0;
    now.rep0 = distance;
    return copy(length);
  };
  return (range) => {
    const position = window.total() & positionMask;
    if (range.bit(AT.isMatch + now.state * POSITIONS + position) === 1) {
      return range.bit(AT.isRepeat + now.state) === 1 ? repeat(range, position) : match(range, position);
    }
    const hint = now.state < AFTER_MATCH ? undefined : window.at(now.rep0);
    window.put(readLiteral(range, literalAt(), hint));
    now.state = now.state < 4 ? 0 : now.state < 10 ? now.state - 3 : now.state - 6;
    return 'more';
  };
}

/** One of the three older distances comes first, and those before it move back. */
function chooseRepeat(range: RangeDecoder, now: State): void {
  let chosen = now.rep1;
  if (range.bit(AT.isRepeat1 + now.state) === 1) {
    chosen = now.rep2;
    if (range.bit(AT.isRepeat2 + now.state) === 1) {
      chosen = now.rep3;
      now.rep3 = now.rep2;
    }
    now.rep2 = now.rep1;
  }
  now.rep1 = now.rep0;
  now.rep0 = chosen;
}

/** A byte. After a match the byte that the match would have gone on with is a hint, until the two differ. */
function readLiteral(range: RangeDecoder, at: number, hint: number | undefined): number {
  let symbol = 1;
  for (let bits = hint ?? 0, left = hint === undefined ? 0 : 8; left > 0; left -= 1) {
    const expected = (bits >> 7) & 1;
    bits <<= 1;
    const bit = range.bit(at + ((1 + expected) << 8) + symbol);
    symbol = symbol * 2 + bit;
    if (bit !== expected) break;
  }
  while (symbol < 0x100) symbol = symbol * 2 + range.bit(at + symbol);
  return symbol & 0xff;
}

/** 2 to 9, 10 to 17 or 18 to 273. */
function readLength(range: RangeDecoder, at: number, position: number): number {
  const [low, middle, high] = [at + 2, at + 2 + (POSITIONS << 3), at + 2 + 2 * (POSITIONS << 3)];
  if (range.bit(at) === 0) return 2 + decodeTree(range, { at: low + (position << 3), bits: 3 });
  if (range.bit(at + 1) === 0) return 10 + decodeTree(range, { at: middle + (position << 3), bits: 3 });
  return 18 + decodeTree(range, { at: high, bits: 8 });
}

/** How far behind the last byte a match begins: a slot for its highest two bits, then the others. */
function readDistance(range: RangeDecoder, length: number): number {
  const slot = decodeTree(range, { at: AT.slot + Math.min(length - 2, 3) * 64, bits: 6 });
  if (slot < 4) return slot;
  const bits = (slot >> 1) - 1;
  const start = (2 + (slot & 1)) * 2 ** bits;
  if (slot < 14) return start + decodeReverseTree(range, { at: AT.special + start - slot, bits });
  return start + range.direct(bits - 4) * 16 + decodeReverseTree(range, { at: AT.align, bits: 4 });
}
