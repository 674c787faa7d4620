// The DATA datagrams of one open file, read ahead in chunks of many blocks; knows no socket, client or clock.

import { DATA_HEADER_BYTES, writeDataHeader } from './packet.ts';
import type { Terms } from './options.ts';
import { wireNumber } from './transfer.ts';
import type { TftpFile } from './types.ts';

/** Blocks lie in `frames` one behind the other, each behind its header, ready to send and to send again. */
type Chunk = { readonly firstBlock: number; readonly lastBlock: number; readonly frames: Buffer };

/** A small blksize would cost a read a block; this many bytes are read at once at least. */
const CHUNK_BYTES = 64 * 1024;

/** Holds the file's frames for the blocks now under way and the next ones: two chunks at most, each no shorter than a window. */
export class Frames {
  readonly #file: TftpFile;
  readonly #terms: Terms;
  readonly #chunkBlocks: number;
  readonly #lastChunk: number;
  readonly #frameBytes: number;
  readonly #chunks = new Map<number, Chunk>();
  readonly #loading = new Map<number, Promise<void>>();
  /** The chunk last sent from: nearly every question is about its blocks. */
  #current: Chunk | undefined;
  #movedTo = -1;

  constructor(file: TftpFile, terms: Terms) {
    this.#file = file;
    this.#terms = terms;
    this.#frameBytes = DATA_HEADER_BYTES + terms.blksize;
    this.#chunkBlocks = Math.max(terms.windowsize, Math.ceil(CHUNK_BYTES / terms.blksize));
    this.#lastChunk = this.#chunkOf(Math.floor(file.sizeBytes / terms.blksize) + 1);
  }

  /** Can all these blocks be sent without reading? */
  has(from: number, to: number): boolean {
    return this.#chunkWith(from) !== undefined && this.#chunkWith(to) !== undefined;
  }

  /** The datagram of a block that `has` said is here. */
  frame(block: number): Buffer {
    const chunk = this.#chunkWith(block);
    if (chunk === undefined) throw new Error(`block ${block} was not loaded`);
    const start = (block - chunk.firstBlock) * this.#frameBytes;
    return chunk.frames.subarray(start, start + this.#frameBytes);
  }

  /** Reads these blocks (no more than a window of them). Rejects where the file cannot be read or is shorter than it was. */
  async load(from: number, to: number): Promise<void> {
    await Promise.all([this.#loadChunk(this.#chunkOf(from)), this.#loadChunk(this.#chunkOf(to))]);
  }

  /** The client has everything before `from`: forgets what it needs no more, begins to read what comes next. */
  moveTo(from: number): void {
    const current = this.#chunkOf(from);
    if (current === this.#movedTo) return;
    this.#movedTo = current;
    for (const index of this.#chunks.keys()) if (index < current) this.#chunks.delete(index);
    const next = current + 1;
    if (next > this.#lastChunk || this.#chunks.has(next) || this.#loading.has(next)) return;
    // A failure here is nobody's yet: the chunk is read again, and the failure told, when its blocks are due.
    this.#loadChunk(next).catch(() => undefined);
  }

  /** Resolves when no read is under way, so that the file can be closed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#loading.values());
  }

  #chunkWith(block: number): Chunk | undefined {
    const current = this.#current;
    if (current !== undefined && block >= current.firstBlock && block <= current.lastBlock) return current;
    this.#current = this.#chunks.get(this.#chunkOf(block));
    return this.#current;
  }

  #chunkOf(block: number): number {
    return Math.floor((block - 1) / this.#chunkBlocks);
  }

  async #loadChunk(index: number): Promise<void> {
    if (this.#chunks.has(index)) return;
    const underWay = this.#loading.get(index);
    if (underWay !== undefined) return underWay;
    const loading = this.#readChunk(index).finally(() => this.#loading.delete(index));
    this.#loading.set(index, loading);
    return loading;
  }

  async #readChunk(index: number): Promise<void> {
    const { blksize, rollover } = this.#terms;
    const offset = index * this.#chunkBlocks * blksize;
    const length = Math.min(this.#chunkBlocks * blksize, this.#file.sizeBytes - offset);
    const bytes = await readFully(this.#file, offset, length);
    const firstBlock = index * this.#chunkBlocks + 1;
    // The last block of the file is short or empty, so the last chunk has one block more than it has full ones.
    const count = index === this.#lastChunk ? Math.floor(length / blksize) + 1 : this.#chunkBlocks;
    const frames = Buffer.allocUnsafe(length + count * DATA_HEADER_BYTES);
    for (let i = 0; i < count; i += 1) {
      const at = i * this.#frameBytes;
      writeDataHeader(frames, at, wireNumber(firstBlock + i, rollover));
      frames.set(bytes.subarray(i * blksize, (i + 1) * blksize), at + DATA_HEADER_BYTES);
    }
    this.#chunks.set(index, { firstBlock, lastBlock: firstBlock + count - 1, frames });
  }
}

async function readFully(file: TftpFile, offset: number, length: number): Promise<Uint8Array> {
  const first = length === 0 ? new Uint8Array(0) : await file.read(offset, length);
  if (first.byteLength >= length) return first.subarray(0, length);
  const whole = new Uint8Array(length);
  let have = 0;
  for (let part = first; have < length; part = await file.read(offset + have, length - have)) {
    if (part.byteLength === 0) throw new Error(`the file ended at byte ${offset + have} of ${file.sizeBytes}`);
    whole.set(part.subarray(0, length - have), have);
    have += part.byteLength;
    if (have >= length) break;
  }
  return whole;
}
