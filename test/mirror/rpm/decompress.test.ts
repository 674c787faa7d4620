// Every compression that metadata comes in: whole, in crumbs, in several streams, damaged, and far too large.

import { execFileSync, spawnSync } from 'node:child_process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../mirror/rpm/decompress.ts';
import { Malformed } from '../../../server/malformed.ts';
import { fixtureBytes } from '../../support/repo-fixture.ts';

const text = Buffer.concat([Buffer.from('<metadata>'), fixtureBytes('text', 60_000), Buffer.alloc(60_000, 'a')]);
const tool = (name: string) => (bytes: Buffer) => execFileSync(name, ['-c'], { input: bytes, maxBuffer: 1 << 28 });
const missing = (name: string): boolean =>
  spawnSync(name, ['--help']).error !== undefined && process.env['CI'] === undefined;

const KINDS: readonly (readonly [string, (bytes: Buffer) => Buffer, boolean])[] = [
  ['gzip', gzipSync, false],
  ['zstd', zstdCompressSync, false],
  ['xz', tool('xz'), missing('xz')],
  ['bzip2', tool('bzip2'), missing('bzip2')],
];

describe.each(KINDS)('%s', (kind, pack, skip) => {
  test.skipIf(skip)('whole, in crumbs and in two streams', async () => {
    const packed = pack(text);
    expect(await unpack(packed, packed.length)).toEqual(text);
    expect(await unpack(packed, 1000)).toEqual(text);
    expect(await unpack(pack(Buffer.from('x')), 1)).toEqual(Buffer.from('x'));
    if (kind === 'zstd') return;
    const two = Buffer.concat([packed, pack(Buffer.from('more'))]);
    expect(await unpack(two, 5000)).toEqual(Buffer.concat([text, Buffer.from('more')]));
  });

  test.skipIf(skip)('cut anywhere it is Malformed', async () => {
    const packed = pack(text);
    for (const length of [6, 20, 1000, packed.length >> 1, packed.length - 1]) {
      await expect(unpack(packed.subarray(0, length), 4096), `${length} bytes`).rejects.toThrow(Malformed);
    }
  });

  test.skipIf(skip)('damaged it is Malformed, or another content for the open-checksum to find', async () => {
    const packed = pack(text);
    for (let at = 100; at < packed.length; at += packed.length >> 3) {
      const damaged = Buffer.from(packed.map((byte, index) => (index === at ? byte ^ 0x40 : byte)));
      const outcome = await unpack(damaged, 8192).catch((error: unknown) => error);
      if (!Buffer.isBuffer(outcome)) expect(outcome).toBeInstanceOf(Malformed);
      else if (kind !== 'zstd') expect(outcome).toEqual('an error');
    }
  });

  test.skipIf(skip)('a bomb is stopped at the limit', async () => {
    const bomb = pack(Buffer.alloc(6_000_000));
    await expect(unpack(bomb, 8192, 1_000_000)).rejects.toThrow('unpacks to more than 1000000 bytes');
  });

  test.skipIf(skip)('a reader that stops early lets its source go', async () => {
    const ended = Promise.withResolvers<string>();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        const packed = pack(text);
        for (let at = 0; at < packed.length; at += 500) yield packed.subarray(at, at + 500);
      } finally {
        ended.resolve('let go');
      }
    };
    const stream = decompress(source(), 1e9, 'x');
    await stream.next();
    await stream.return(undefined);
    expect(await ended.promise).toBe('let go');
  });
});

test('a second zstd frame, or rubbish behind the first, is an error and never dropped in silence', async () => {
  const packed = zstdCompressSync(text);
  for (const more of [zstdCompressSync(Buffer.from('more')), Buffer.from('rubbish')]) {
    for (const size of [1000, 1_000_000]) {
      await expect(unpack(Buffer.concat([packed, more]), size)).rejects.toThrow(Malformed);
    }
  }
});

test('plain text passes, empty too', async () => {
  expect(await unpack(text, 100)).toEqual(text);
  expect(await unpack(Buffer.alloc(0), 100)).toEqual(Buffer.alloc(0));
});

test('an error of the disk stays what it is', async () => {
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield gzipSync(text).subarray(0, 1000);
    throw Object.assign(new Error('the disk is gone'), { code: 'EIO' });
  };
  await expect(collect(decompress(broken(), 1e9, 'x'))).rejects.toMatchObject({ code: 'EIO' });
});

async function unpack(bytes: Buffer, size: number, limit = 100_000_000): Promise<Buffer> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  return collect(decompress(source(), limit, 'primary.xml'));
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
