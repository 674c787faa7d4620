// The files that metadata is made of and into: packages of the pool opened, documents gathered beside it and put in.

import { createHash, randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Malformed } from '../../server/malformed.ts';
import { ensureDirectory } from '../../server/store.ts';
import type { Pool, Staging } from '../content/pool/store.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import type { ByteSource } from '../rpm/source.ts';
import type { SavedFile, SaveFile } from './document.ts';
import type { PackageFile } from './packages.ts';

/** The headers of most packages lie in it: one read each. */
const HEAD_BYTES = 64 * 1024;
const READ_BYTES = 1024 * 1024;

export type DocumentPlaces = {
  /** Documents are gathered below this directory, and removed. */
  readonly scratch: string;
  readonly sizeOf: Pool['sizeOf'];
  /** The staging area of the repo, whose lock is held: what is put there is kept from sweeping. */
  readonly openPart: Staging['openPart'];
};

/** Opens packages of the directory `pool`, where every file lies under its sha256. One that is not there is a fault. */
export function openPackages({ pool }: { readonly pool: string }): (sha256: Sha256) => Promise<PackageFile> {
  return async (sha256) => {
    const file = await open(join(pool, sha256), 'r');
    try {
      const { size, mtimeMs } = await file.stat();
      const source = sourceOfFile(file, size, await readAt(file, 0, Math.min(size, HEAD_BYTES)));
      return { source, modifiedMs: mtimeMs, close: () => file.close() };
    } catch (error) {
      await file.close();
      throw error;
    }
  };
}

function sourceOfFile(file: FileHandle, sizeBytes: number, head: Uint8Array): ByteSource {
  return {
    where: 'package',
    sizeBytes,
    read: async ({ offset, length }) => {
      if (offset + length > sizeBytes) throw new Malformed('it ends too soon', 'package');
      if (offset + length <= head.byteLength) return head.subarray(offset, offset + length);
      return readAt(file, offset, length);
    },
  };
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new Malformed('it ends too soon', 'package');
    done += bytesRead;
  }
  return bytes;
}

/**
 * Puts documents into the pool. Their names are known at their ends only, so each is gathered in a file of its own first;
 * `Staging.settle` makes them durable, as all else.
 */
export function saveDocuments({ scratch, sizeOf, openPart }: DocumentPlaces): SaveFile {
  return async (chunks) => {
    await ensureDirectory(scratch);
    const path = join(scratch, `document-${randomBytes(8).toString('hex')}`);
    const file = await open(path, 'wx+', 0o600);
    try {
      const saved = await gather(file, chunks);
      if ((await sizeOf(saved.sha256)) !== saved.sizeBytes) await move(file, saved, openPart);
      return saved;
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  };
}

async function gather(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<SavedFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
    await file.appendFile(chunk);
  }
  return { sha256: hash.digest('hex') as Sha256, sizeBytes };
}

async function move(file: FileHandle, { sha256, sizeBytes }: SavedFile, openPart: Staging['openPart']): Promise<void> {
  const part = await openPart({ type: 'sha256', digest: sha256 });
  try {
    await part.restart();
    for (let at = 0; at < sizeBytes; at += READ_BYTES) {
      await part.append(await readAt(file, at, Math.min(READ_BYTES, sizeBytes - at)));
    }
    await part.keep(sha256);
  } finally {
    await part.close();
  }
}
