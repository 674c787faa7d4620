// LZMA2: LZMA in chunks of at most 2 MiB, each telling its size and what it starts anew. Running: bytes are handed in.

import { Malformed } from '../../server/malformed.ts';
import { decodeRange } from './lzma-range.ts';
import type { DecodeSymbol, LzmaProperties } from './lzma-symbols.ts';
import { freshTable, parseProperties, symbolDecoder } from './lzma-symbols.ts';
import type { Window } from './lzma-window.ts';
import { FLUSH_BYTES, openWindow } from './lzma-window.ts';
import type { StreamReader } from './stream.ts';

type Model = { readonly properties: LzmaProperties; readonly table: Uint16Array; readonly decode: DecodeSymbol };

/** What each chunk goes on with, as far as it does not start it anew. */
type Progress = { readonly dictionaryBytes: number; window: Window | undefined; model: Model | undefined };

//  control 0: the end · 1: stored, all starts anew · 2: stored · 80 and above: packed, its bits 5 and 6 say what starts anew:
//  0 nothing · 1 state · 2 state, properties · 3 state, properties, window
//  ┌─────────┬─────────────────────┬───────────────────┬──────────────┬────────┐   ┌─────────┬────────────┬───────┐
//  │ control │ unpacked size - 1   │ packed size - 1   │ properties,  │ packed │   │ control │ size - 1   │ bytes │
//  │ 1….…... │ BE 16 (+ 5 bits ↖)  │ BE 16             │ if they are  │        │   │ 1 or 2  │ BE 16      │       │
//  └─────────┴─────────────────────┴───────────────────┴──────────────┴────────┘   └─────────┴────────────┴───────┘
const PACKED = 0x80;

/** What the chunks up to the end unpack to, in pieces of some 32 KiB. Throws `Malformed`. */
export async function* readLzma2(
  reader: StreamReader,
  dictionaryBytes: number,
  where: string,
): AsyncGenerator<Uint8Array> {
  const progress: Progress = { dictionaryBytes, window: undefined, model: undefined };
  for (let control = await readByte(reader); control !== 0; control = await readByte(reader)) {
    if (control >= PACKED) yield* readPacked(reader, { control, progress }, where);
    else yield* readStored(reader, { control, progress }, where);
  }
}

type Chunk = { readonly control: number; readonly progress: Progress };

async function* readStored(
  reader: StreamReader,
  { control, progress }: Chunk,
  where: string,
): AsyncGenerator<Uint8Array> {
  if (control > 2) throw new Malformed('xz: a chunk of no kind', where);
  if (control === 1) startWindow(progress);
  const window = windowOf(progress, where);
  for (let left = (await readShort(reader)) + 1; left > 0;) {
    const bytes = await reader.bytes(Math.min(left, FLUSH_BYTES));
    for (const byte of bytes) window.put(byte);
    left -= bytes.byteLength;
    yield window.flush();
  }
}

async function* readPacked(
  reader: StreamReader,
  { control, progress }: Chunk,
  where: string,
): AsyncGenerator<Uint8Array> {
  const unpackedBytes = ((control & 0x1f) << 16) + (await readShort(reader)) + 1;
  const packedBytes = (await readShort(reader)) + 1;
  const anew = (control >> 5) & 3;
  if (anew === 3) startWindow(progress);
  const window = windowOf(progress, where);
  const properties = anew >= 2 ? parseProperties(await readByte(reader), where) : progress.model?.properties;
  if (properties === undefined) throw new Malformed('xz: a chunk without properties', where);
  if (anew > 0 || progress.model === undefined) {
    progress.model = { properties, table: freshTable(properties), decode: symbolDecoder(properties, window, where) };
  }
  const { table, decode } = progress.model;
  const range = decodeRange(table, await reader.bytes(packedBytes), where);
  const end = window.total() + unpackedBytes;
  while (window.total() < end) {
    while (window.total() < end && window.pending() < FLUSH_BYTES) {
      if (decode(range) === 'end') throw new Malformed('xz: an end marker inside a chunk', where);
    }
    yield window.flush();
  }
  if (window.total() !== end || range.left() > 0 || !range.isSpent()) {
    throw new Malformed('xz: a chunk of another size than it says', where);
  }
}

function startWindow(progress: Progress): void {
  progress.window = openWindow(progress.dictionaryBytes);
  progress.model = undefined;
}

function windowOf({ window }: Progress, where: string): Window {
  if (window === undefined) throw new Malformed('xz: it does not begin as it must', where);
  return window;
}

async function readByte(reader: StreamReader): Promise<number> {
  const [byte = 0] = await reader.bytes(1);
  return byte;
}

async function readShort(reader: StreamReader): Promise<number> {
  const [high = 0, low = 0] = await reader.bytes(2);
  return high * 256 + low;
}
