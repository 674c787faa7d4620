// One block of bzip2: Huffman codes → move-to-front → Burrows-Wheeler → run lengths. Bounded by the block, never by its output.

import { Malformed } from '../../server/malformed.ts';
import type { BitReader } from './bits.ts';

/** A block's symbols, each with the place of its successor: what the Burrows-Wheeler transform is undone with. */
export type Bzip2Block = { readonly next: Uint32Array; readonly length: number; readonly first: number };

type Code = {
  readonly min: number;
  readonly max: number;
  /** By length: the largest code, and what to take off a code for its place in `symbols`. */
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
};

const GROUP = 50;
const LIMIT_CODE_BITS = 20;
/** A run longer than the largest block ends the search for its length. */
const LIMIT_RUN = 1 << 21;
const SLICE_BYTES = 128 * 1024;
const RUN_A = 0;
const RUN_B = 1;

/** Reads a block of no more symbols than `next` has room for, from behind its checksum on, into `next`. Throws `Malformed`. */
export function readBlock(bits: BitReader, next: Uint32Array, where: string): Bzip2Block {
  const bad = (what: string): Malformed => new Malformed(`bzip2: ${what}`, where);
  if (bits.take(1) === 1) throw bad('a randomised block');
  const origin = bits.take(24);
  const used = readUsed(bits);
  if (used.length === 0) throw bad('a block without bytes');
  const groups = bits.take(3);
  if (groups < 2 || groups > 6) throw bad(`${groups} code tables`);
  const selectors = readSelectors(bits, groups);
  if (selectors === undefined) throw bad('a code table that is not there');
  const codes = Array.from({ length: groups }, () => readCode(bits, used.length + 2));
  const symbol = symbolReader(bits, codes, selectors);
  const length = unpackSymbols(next, used, symbol);
  if (length === undefined) throw bad('a broken or overlong block');
  if (origin >= length) throw bad('a block that starts behind its end');
  return { next: link(next, length), length, first: origin };
}

function readUsed(bits: BitReader): Uint8Array {
  const rows = bits.take(16);
  const used: number[] = [];
  for (let row = 0; row < 16; row += 1) {
    if (((rows >> (15 - row)) & 1) === 0) continue;
    const columns = bits.take(16);
    for (let column = 0; column < 16; column += 1) {
      if (((columns >> (15 - column)) & 1) === 1) used.push(row * 16 + column);
    }
  }
  return Uint8Array.from(used);
}

function readSelectors(bits: BitReader, groups: number): Uint8Array | undefined {
  const selectors = new Uint8Array(bits.take(15));
  const order = Uint8Array.from({ length: groups }, (_, index) => index);
  for (let index = 0; index < selectors.length; index += 1) {
    let place = 0;
    while (bits.take(1) === 1) place += 1;
    if (place >= groups) return undefined;
    selectors[index] = toFront(order, place);
  }
  return selectors;
}

/** The value at `place`, which then comes first. */
function toFront(order: Uint8Array, place: number): number {
  const value = order[place] ?? 0;
  order.copyWithin(1, 0, place);
  order[0] = value;
  return value;
}

/** A canonical Huffman code, from the lengths of its codes; undefined for a length that cannot be. */
function readCode(bits: BitReader, alphabet: number): Code | undefined {
  const lengths = new Uint8Array(alphabet);
  let length = bits.take(5);
  for (let symbol = 0; symbol < alphabet; symbol += 1) {
    for (;;) {
      if (length < 1 || length > LIMIT_CODE_BITS) return undefined;
      if (bits.take(1) === 0) break;
      length += bits.take(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return canonical(lengths);
}

function canonical(lengths: Uint8Array): Code {
  const min = Math.min(...lengths);
  const max = Math.max(...lengths);
  const symbols = new Uint16Array(lengths.length);
  const limit = new Int32Array(max + 1);
  const base = new Int32Array(max + 1);
  let code = 0;
  let placed = 0;
  for (let length = min; length <= max; length += 1) {
    base[length] = code - placed;
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      if (lengths[symbol] !== length) continue;
      symbols[placed] = symbol;
      placed += 1;
      code += 1;
    }
    limit[length] = code - 1;
    code *= 2;
  }
  return { min, max, limit, base, symbols };
}

/** Reads one symbol after the other, changing the code every 50; -1 where the block is broken. */
function symbolReader(bits: BitReader, codes: readonly (Code | undefined)[], selectors: Uint8Array): () => number {
  let group = 0;
  let left = 0;
  let code: Code | undefined;
  return () => {
    if (left === 0) {
      code = codes[selectors[group] ?? codes.length];
      group += 1;
      left = GROUP;
    }
    left -= 1;
    if (code === undefined) return -1;
    let length = code.min;
    let value = bits.take(length);
    while (value > (code.limit[length] ?? 0)) {
      length += 1;
      if (length > code.max) return -1;
      value = value * 2 + bits.take(1);
    }
    return code.symbols[value - (code.base[length] ?? 0)] ?? -1;
  };
}

/** Fills `into` with the bytes that the symbols stand for; their count, or undefined where they are broken or too many. */
function unpackSymbols(into: Uint32Array, used: Uint8Array, symbol: () => number): number | undefined {
  const order = Uint8Array.from(used);
  const end = used.length + 1;
  let count = 0;
  let run = 0;
  let weight = 1;
  for (;;) {
    const found = symbol();
    if (found === -1) return undefined;
    if (found === RUN_A || found === RUN_B) {
      run += weight * (found + 1);
      weight *= 2;
      if (run > LIMIT_RUN) return undefined;
      continue;
    }
    if (count + run > into.length) return undefined;
    into.fill(order[0] ?? 0, count, count + run);
    count += run;
    run = 0;
    weight = 1;
    if (found === end) return count;
    if (count === into.length) return undefined;
    into[count] = toFront(order, found - 1);
    count += 1;
  }
}

/** Puts above each byte the place of the one that follows it in the text: the n-th of a byte in the sorted column. */
function link(bytes: Uint32Array, length: number): Uint32Array {
  const starts = new Uint32Array(257);
  for (let at = 0; at < length; at += 1) starts[(bytes[at] ?? 0) + 1] = (starts[(bytes[at] ?? 0) + 1] ?? 0) + 1;
  for (let byte = 0; byte < 256; byte += 1) starts[byte + 1] = (starts[byte + 1] ?? 0) + (starts[byte] ?? 0);
  for (let at = 0; at < length; at += 1) {
    const byte = (bytes[at] ?? 0) & 0xff;
    const place = starts[byte] ?? 0;
    starts[byte] = place + 1;
    bytes[place] = (bytes[place] ?? 0) | (at << 8);
  }
  return bytes;
}

/**
 * The text of a block, a slice at a time: four equal bytes are followed by how many more of them come, so that 900 kB may
 * stand for 46 MB.
 */
export function* unfold({ next, length, first }: Bzip2Block): Generator<Uint8Array> {
  const out = new Uint8Array(SLICE_BYTES + 256);
  let filled = 0;
  let place = (next[first] ?? 0) >>> 8;
  let last = -1;
  let equal = 0;
  for (let left = length; left > 0; left -= 1) {
    const entry = next[place] ?? 0;
    const byte = entry & 0xff;
    place = entry >>> 8;
    if (equal === 4) {
      out.fill(last, filled, filled + byte);
      filled += byte;
      equal = 0;
      last = -1;
    } else {
      out[filled] = byte;
      filled += 1;
      equal = byte === last ? equal + 1 : 1;
      last = byte;
    }
    if (filled < SLICE_BYTES) continue;
    yield out.slice(0, filled);
    filled = 0;
  }
  yield out.slice(0, filled);
}
