// LZMA-alone and .xz by hand: what the tools packed comes back, whatever the options; cut or damaged it never passes for whole.

import { execFileSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../mirror/rpm/decompress.ts';
import { unlzma } from '../../../mirror/rpm/lzma.ts';
import { unxz } from '../../../mirror/rpm/xz.ts';
import { Malformed } from '../../../server/malformed.ts';
import { skipWithout } from '../../support/iso.ts';
import { fixtureBytes } from '../../support/repo-fixture.ts';

const noise = fixtureBytes('noise', 150_000);
const words = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `word ${(index * 7919) % 1000} `).join(''));
const mixed = Buffer.concat([words, noise, Buffer.alloc(100_000, 'a'), words]);

type Unpack = (source: AsyncIterable<Uint8Array>, where: string) => AsyncIterable<Uint8Array>;

const pack =
  (...args: readonly string[]) =>
  (bytes: Uint8Array): Buffer =>
    execFileSync('xz', [...args, '-c'], { input: bytes, maxBuffer: 1 << 28 });

async function unpack(by: Unpack, bytes: Uint8Array, size = 4096): Promise<Buffer> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  const chunks: Uint8Array[] = [];
  for await (const chunk of by(source(), 'x')) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const lzma = (options: string) => pack('--format=lzma', options);

describe.skipIf(skipWithout('xz'))('what was packed comes back', () => {
  test.each<[string, Unpack, (bytes: Uint8Array) => Buffer]>([
    ['lzma', unlzma, lzma('-6')],
    ['lzma, fastest', unlzma, lzma('-0')],
    ['lzma with a window smaller than the content', unlzma, lzma('--lzma1=dict=4KiB')],
    ['lzma with literals told apart by place', unlzma, lzma('--lzma1=lc=0,lp=4,pb=0')],
    ['lzma with places told apart most', unlzma, lzma('--lzma1=lc=4,lp=0,pb=4')],
    ['xz with SHA-256', unxz, pack('--check=sha256')],
    ['xz with CRC-32', unxz, pack('--check=crc32')],
    ['xz without a check', unxz, pack('--check=none')],
    ['xz in several blocks', unxz, pack('--check=sha256', '--block-size=60000')],
    ['xz by threads, which tells sizes beforehand', unxz, pack('--check=sha256', '-T2', '--block-size=60000')],
    ['xz with a small window', unxz, pack('--check=sha256', '--lzma2=dict=4KiB,lc=1,lp=3,pb=1')],
  ])('%s', async (_name, by, packer) => {
    for (const content of [mixed, noise, Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(3_000_000)]) {
      const packed = packer(content);
      expect((await unpack(by, packed)).equals(content)).toBe(true);
    }
    expect((await unpack(by, packer(words), 1)).equals(words)).toBe(true);
  });

  test('a size in the header, with the end marker behind it', async () => {
    const sized = lzma('-6')(words);
    sized.writeBigUInt64LE(BigInt(words.length), 5);
    expect((await unpack(unlzma, sized)).equals(words)).toBe(true);
    for (const wrong of [words.length - 1, words.length + 1]) {
      sized.writeBigUInt64LE(BigInt(wrong), 5);
      await expect(unpack(unlzma, sized)).rejects.toThrow(Malformed);
    }
  });

  test('every content: property', async () => {
    const run = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 80 }));
    await fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 12 }), async (runs) => {
        const content = Buffer.concat(runs.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes)));
        expect(await unpack(unlzma, lzma('-6')(content), 5)).toEqual(content);
        expect(await unpack(unxz, pack('--check=sha256')(content), 5)).toEqual(content);
      }),
      { numRuns: 30 },
    );
  });

  test('the right decoder is found by the first bytes, or by name', async () => {
    const options = { limitBytes: 1e9, breathe: turn };
    const plain: Unpack = (source, where) => decompress(source, options, where);
    const called: Unpack = (source, where) => decompress(source, { ...options, called: 'lzma' }, where);
    expect(await unpack(plain, pack('--check=sha256')(words), 3)).toEqual(words);
    expect(await unpack(called, lzma('-6')(words), 3)).toEqual(words);
    const small: Unpack = (source, where) =>
      decompress(source, { ...options, limitBytes: 1000, called: 'lzma' }, where);
    await expect(unpack(small, lzma('-6')(words))).rejects.toThrow('unpacks to more than 1000 bytes');
  });
});

describe.skipIf(skipWithout('xz'))('damage', () => {
  const content = Buffer.concat([words.subarray(0, 700), noise.subarray(0, 100)]);

  test.each<[string, Unpack, () => Buffer]>([
    ['lzma', unlzma, () => lzma('-6')(content)],
    ['xz', unxz, () => pack('--check=sha256')(content)],
  ])('%s: every prefix and every extra byte is Malformed', async (_name, by, packed) => {
    const whole = packed();
    for (let length = 0; length < whole.length; length += 1) {
      await expect(unpack(by, whole.subarray(0, length), 64), `${length} bytes`).rejects.toThrow(Malformed);
    }
    await expect(unpack(by, Buffer.concat([whole, Buffer.alloc(1)]))).rejects.toThrow(Malformed);
  });

  test('xz: every bit turned round is Malformed', async () => {
    const whole = pack('--check=sha256')(content);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      await expect(unpack(unxz, flipped(whole, bit), 500), `bit ${bit}`).rejects.toThrow(Malformed);
    }
  });

  test('lzma: every bit turned round is Malformed, or bytes that a digest must catch', async () => {
    const whole = lzma('-6')(content);
    let caught = 0;
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const limited: Unpack = (source, where) =>
        decompress(source, { limitBytes: 1e6, breathe: turn, called: 'lzma' }, where);
      const outcome = await unpack(limited, flipped(whole, bit), 500).catch((error: unknown) => error);
      if (Buffer.isBuffer(outcome)) continue;
      expect(outcome, `bit ${bit}`).toBeInstanceOf(Malformed);
      caught += 1;
    }
    expect(caught).toBeGreaterThan(whole.length * 6);
  });

  test('any bytes at all: property', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 224 }), async (bytes, packed) => {
        const start = Buffer.from([packed, 0, 0, 1, 0, ...Array.from({ length: 8 }, () => 0xff), 0]);
        const limited: Unpack = (source, where) =>
          decompress(source, { limitBytes: 1e5, breathe: turn, called: 'lzma' }, where);
        const outcome = await unpack(limited, Buffer.concat([start, bytes])).catch((error: unknown) => error);
        if (!Buffer.isBuffer(outcome)) expect(outcome).toBeInstanceOf(Malformed);
      }),
      { numRuns: 300 },
    );
  });
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return damaged;
}
