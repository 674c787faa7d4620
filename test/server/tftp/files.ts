// Files for the TFTP tests: deterministic bytes, kept on disk in a directory of the test's own, opened as the house opens them.

import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { no } from '../../../server/malformed.ts';
import type { TftpOpen } from '../../../server/tftp/types.ts';

/** Bytes that repeat at no block size: a block in the wrong place changes the checksum. */
export function patternBytes(sizeBytes: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export type TestFiles = {
  readonly directory: string;
  readonly open: TftpOpen;
  /** How many files are open now. */
  openCount(): number;
  /** A file of `sizeBytes` patterned bytes, made at its first use; its name. */
  make(sizeBytes: number): Promise<string>;
  hash(sizeBytes: number): string;
  remove(): Promise<void>;
};

/** A temporary directory, served as a flat namespace; `remove` deletes it. */
export async function createTestFiles(): Promise<TestFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-tftp-'));
  const made = new Map<string, { written: Promise<void>; hash: string }>();
  let openCount = 0;
  const make = async (sizeBytes: number): Promise<string> => {
    const name = `size-${sizeBytes}`;
    if (!made.has(name)) {
      const bytes = patternBytes(sizeBytes);
      made.set(name, { written: writeFile(join(directory, name), bytes), hash: sha256(bytes) });
    }
    await made.get(name)?.written;
    return name;
  };
  return {
    directory,
    make,
    openCount: () => openCount,
    hash: (sizeBytes) => made.get(`size-${sizeBytes}`)?.hash ?? 'not made',
    remove: () => rm(directory, { recursive: true, force: true }),
    open: async (asked) => {
      const name = asked.replace(/^\/+/, '');
      if (!made.has(name)) return no(`there is no ${name}`);
      const handle = await open(join(directory, name));
      openCount += 1;
      const { size } = await handle.stat();
      return {
        sizeBytes: size,
        read: async (offset, length) => {
          const buffer = Buffer.allocUnsafe(length);
          const { bytesRead } = await handle.read(buffer, 0, length, offset);
          return buffer.subarray(0, bytesRead);
        },
        close: async () => {
          openCount -= 1;
          await handle.close();
        },
      };
    },
  };
}

/** The checksum of a file that a client wrote. */
export async function hashOf(path: string): Promise<string> {
  return sha256(await readFile(path));
}
