// LZMA-alone (`.lzma`, rpm's lzdio) as a stream: a header of 13 bytes, then symbols up to an end marker or a size; packed chunks in.

import { Malformed } from '../../server/malformed.ts';
import type { RangeDecoder } from './lzma-range.ts';
import { decodeRange } from './lzma-range.ts';
import type { DecodeSymbol, LzmaProperties } from './lzma-symbols.ts';
import { freshTable, parseProperties, SYMBOL_BYTES, symbolDecoder } from './lzma-symbols.ts';
import type { Window } from './lzma-window.ts';
import { FLUSH_BYTES, openWindow } from './lzma-window.ts';

type LzmaHeader = LzmaProperties & { readonly dictionaryBytes: number; readonly sizeBytes: number | undefined };

//  0            1                        5                            13
//  ┌────────────┬────────────────────────┬────────────────────────────┬───────┬───────────┬─────────
//  │ properties │ dictionary size, LE 32 │ size, LE 64; all ones: ask │ 0     │ code      │ symbols
//  └────────────┴────────────────────────┴────────────────────────────┴───────┴───────────┴─────────
const HEADER_BYTES = 13;
const START_BYTES = HEADER_BYTES + 5;
/** Twice what `xz -9` writes. */
const LIMIT_DICTIONARY_BYTES = 128 * 1024 * 1024;
const SIZE_UNKNOWN = 0xffff_ffff_ffff_ffffn;

/**
 * What `source` unpacks to, in pieces of some 32 KiB. The format has no checksum: damage may give other bytes. Throws `Malformed`
 * for what cannot be, for what ends too soon, and for bytes behind the end.
 */
export async function* unlzma(source: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    yield* unpack(iterator, where);
  } finally {
    await iterator.return?.();
  }
}

async function* unpack(source: AsyncIterator<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const start = await readStart(source, where);
  const header = parseHeader(start, where);
  const range = decodeRange(freshTable(header), start.subarray(HEADER_BYTES), where);
  const window = openWindow(header.dictionaryBytes);
  const step = symbolDecoder(header, window, where);
  let ended = false;
  const fill = async (): Promise<void> => {
    while (!ended && range.left() < SYMBOL_BYTES) {
      const next = await source.next();
      if (next.done === true) ended = true;
      else range.feed(next.value);
    }
  };
  for (let isOver = header.sizeBytes === 0; !isOver;) {
    await fill();
    isOver = runAhead({ header, range, window, step, isLast: () => ended }, where);
    if (window.pending() >= FLUSH_BYTES || isOver) yield window.flush();
  }
  await fill();
  checkEnd({ header, range, step }, where);
  await fill();
  if (range.left() > 0) throw new Malformed('lzma: there is more behind its end', where);
}

type Run = {
  readonly header: LzmaHeader;
  readonly range: RangeDecoder;
  readonly window: Window;
  readonly step: DecodeSymbol;
  readonly isLast: () => boolean;
};

/** Decodes symbols while there are packed bytes for one and room in the window; true at the end. */
function runAhead({ header, range, window, step, isLast }: Run, where: string): boolean {
  const { sizeBytes } = header;
  while (window.pending() < FLUSH_BYTES && (isLast() || range.left() >= SYMBOL_BYTES)) {
    const isMarker = step(range) === 'end';
    const total = window.total();
    if (sizeBytes !== undefined && (total > sizeBytes || (isMarker && total < sizeBytes))) {
      throw new Malformed('lzma: it has another size than it says', where);
    }
    if (isMarker) return true;
    if (total === sizeBytes) return true;
  }
  return false;
}

/** A stream that tells its size may have an end marker too. */
function checkEnd({ header, range, step }: Pick<Run, 'header' | 'range' | 'step'>, where: string): void {
  if (range.isSpent()) return;
  if (header.sizeBytes === undefined || step(range) !== 'end' || !range.isSpent()) {
    throw new Malformed('lzma: it does not end as it must', where);
  }
}

/** The header and the five bytes that begin the range decoder, and what came with them. */
async function readStart(source: AsyncIterator<Uint8Array>, where: string): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array();
  while (start.length < START_BYTES) {
    const next = await source.next();
    if (next.done === true) throw new Malformed('lzma: it ends too soon', where);
    start = Buffer.concat([start, next.value]);
  }
  return start;
}

function parseHeader(bytes: Uint8Array, where: string): LzmaHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const properties = parseProperties(view.getUint8(0), where);
  const dictionaryBytes = view.getUint32(1, true);
  if (dictionaryBytes > LIMIT_DICTIONARY_BYTES)
    throw new Malformed(`lzma: a dictionary of ${dictionaryBytes} bytes`, where);
  const size = view.getBigUint64(5, true);
  if (size !== SIZE_UNKNOWN && size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Malformed('lzma: a size that cannot be', where);
  return {
    ...properties,
    dictionaryBytes: Math.max(dictionaryBytes, 4096),
    sizeBytes: size === SIZE_UNKNOWN ? undefined : Number(size),
  };
}
