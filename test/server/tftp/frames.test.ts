// Checks reading ahead: every block is the right bytes behind the right header, however the file is read and where it fails.

import { expect, test } from 'vitest';

import { Frames } from '../../../server/tftp/frames.ts';
import { decode } from '../../../server/tftp/packet.ts';
import { wireNumber } from '../../../server/tftp/transfer.ts';
import type { TftpFile } from '../../../server/tftp/types.ts';
import { patternBytes } from './files.ts';

type Source = { readonly content: Buffer; readonly readLimit?: number; readonly saidBytes?: number };

function fileOf({
  content,
  readLimit = Infinity,
  saidBytes = content.byteLength,
}: Source): TftpFile & { reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    sizeBytes: saidBytes,
    read: async (offset, length) => {
      reads.push(`${offset}+${length}`);
      return content.subarray(offset, offset + Math.min(length, readLimit));
    },
    close: async () => {},
  };
}

const terms = (blksize: number, windowsize: number) =>
  ({ blksize, windowsize, rollover: 0, timeoutMs: undefined, granted: [] }) as const;

const SHAPES = [
  [0, 512, 1],
  [1, 512, 1],
  [65_535, 512, 16],
  [65_536, 512, 16],
  [65_537, 512, 16],
  [200_000, 1468, 64],
  [200_000, 8, 64],
  [300_000, 65_464, 3],
] as const;

test.each(SHAPES)(
  'a file of %i bytes at blksize %i and windowsize %i is framed whole',
  async (size, blksize, windowsize) => {
    const content = patternBytes(size);
    const frames = new Frames(fileOf({ content }), terms(blksize, windowsize));
    const lastBlock = Math.floor(size / blksize) + 1;
    const parts: Uint8Array[] = [];
    for (let from = 1; from <= lastBlock; from += windowsize) {
      const to = Math.min(from + windowsize - 1, lastBlock);
      await frames.load(from, to);
      expect(frames.has(from, to)).toBe(true);
      for (let block = from; block <= to; block += 1) {
        const packet = decode(frames.frame(block));
        if (packet.kind !== 'data' || packet.block !== wireNumber(block, 0)) throw new Error(`block ${block} is wrong`);
        if (block < lastBlock && packet.bytes.byteLength !== blksize) throw new Error(`block ${block} is short`);
        parts.push(packet.bytes);
      }
      frames.moveTo(from);
    }
    await frames.settled();
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    expect(parts.at(-1)?.byteLength).toBe(size % blksize);
  },
);

test('windows are cut out of large reads, each byte read once', async () => {
  const file = fileOf({ content: patternBytes(200_000) });
  const frames = new Frames(file, terms(512, 4));
  for (let from = 1; from <= 391; from += 4) {
    await frames.load(from, Math.min(from + 3, 391));
    frames.moveTo(from);
  }
  await frames.settled();
  expect(file.reads).toEqual(['0+65536', '65536+65536', '131072+65536', '196608+3392']);
});

test('a source that gives less than asked is asked again', async () => {
  const content = patternBytes(10_000);
  const frames = new Frames(fileOf({ content, readLimit: 700 }), terms(5000, 1));
  await frames.load(1, 3);
  const bytes = [1, 2, 3].map((block) => frames.frame(block).subarray(4));
  expect(Buffer.concat(bytes).equals(content)).toBe(true);
});

test('a file that became shorter is a fault, not a short block', async () => {
  const frames = new Frames(fileOf({ content: patternBytes(600), saidBytes: 2000 }), terms(512, 1));
  await expect(frames.load(1, 1)).rejects.toThrow('the file ended at byte 600 of 2000');
});

test('a failure while reading ahead is told only when those blocks are due', async () => {
  const content = patternBytes(100_000);
  const file: TftpFile = {
    ...fileOf({ content }),
    read: async (offset, length) => {
      if (offset > 0) throw new Error('the disk is gone');
      return content.subarray(0, length);
    },
  };
  const frames = new Frames(file, terms(512, 1));
  await frames.load(1, 1);
  frames.moveTo(1);
  await frames.settled();
  expect(frames.has(128, 128)).toBe(true);
  await expect(frames.load(129, 129)).rejects.toThrow('the disk is gone');
});
