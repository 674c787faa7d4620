// One file on its way into the pool: gathered in memory while it is small, on disk under its declared checksum's name.

import { constants } from 'node:fs';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { codeOf } from '../../../../server/malformed.ts';
import type { Sha256 } from '../../../rpm/checksum.ts';

/** A file on its way into the pool. Whoever opened it closes it. */
export type Part = {
  sizeBytes(): number;
  read(): AsyncIterable<Uint8Array>;
  append(chunk: Uint8Array): Promise<void>;
  /** Empties it. */
  restart(): Promise<void>;
  /**
   * Into the pool it goes, under a name that its content was checked against: found there by this process at once, by all
   * others once it is durable, which `Staging.settle` waits for. Nothing is done with the part after it.
   */
  keep(sha256: Sha256): Promise<void>;
  /** What was received and not kept stays for the next time. */
  close(): Promise<void>;
};

/** Most packages are smaller: they are written by one call. */
const GATHER_BYTES = 256 * 1024;
/** Linux takes 1,024 of them in one call. */
const LIMIT_PIECES = 1000;
const CONTINUE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
const BEGIN = CONTINUE | constants.O_TRUNC;

export type PartEdges = {
  readonly path: string;
  /** Is there a file from an earlier try? */
  readonly found: boolean;
  /** Takes the whole file over, its open handle with it. */
  readonly onVerified: (
    sha256: Sha256,
    file: { readonly handle: FileHandle; readonly sizeBytes: number },
  ) => Promise<void>;
};

/** Opens the part at `path`; a new one touches no disk before its first quarter of a MiB is there, or all of it. */
export async function openPart({ path, found, onVerified }: PartEdges): Promise<Part> {
  let onDisk = found ? (await stat(path)).size : 0;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let handle: FileHandle | undefined;
  let isKept = false;

  // What is not counted here is not in the file: a new one begins empty, whatever lies under its name.
  const opened = async (): Promise<FileHandle> => (handle ??= await open(path, onDisk > 0 ? CONTINUE : BEGIN, 0o644));
  const flush = async (): Promise<void> => {
    if (gatheredBytes === 0) return;
    const pieces = gathered;
    const bytes = gatheredBytes;
    [gathered, gatheredBytes] = [[], 0];
    await writePieces(await opened(), pieces);
    onDisk += bytes;
  };
  return {
    sizeBytes: () => onDisk + gatheredBytes,
    read: async function* () {
      await flush();
      if (onDisk > 0) yield* readFrom(path);
    },
    append: async (chunk) => {
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes >= GATHER_BYTES) await flush();
    },
    restart: async () => {
      [gathered, gatheredBytes] = [[], 0];
      if (onDisk > 0) await (await opened()).truncate(0);
      onDisk = 0;
    },
    keep: async (sha256) => {
      await flush();
      const file = { handle: await opened(), sizeBytes: onDisk };
      handle = undefined;
      [onDisk, gathered, isKept] = [0, [], true];
      await onVerified(sha256, file);
    },
    close: async () => {
      try {
        await flush();
      } finally {
        await handle?.close();
        handle = undefined;
      }
      // What was kept waits under this name until it is durable.
      if (found && onDisk === 0 && !isKept) await rm(path, { force: true });
    },
  };
}

/**
 * Appends pieces as they lie, for a copy of each file in one piece costs more garbage collection than the whole download. A call
 * may write less than it was given (writev(2)); one with more pieces than IOV_MAX is several to libuv, which would not tell
 * where it fell short.
 */
async function writePieces(handle: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let rest = pieces.length > LIMIT_PIECES ? [Buffer.concat(pieces)] : pieces;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest);
    rest = behind(rest, bytesWritten);
  }
}

/** What is left of pieces after their first `bytes`. */
function behind(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  return pieces.flatMap((piece) => {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    return skipped === piece.length ? [] : [piece.subarray(skipped)];
  });
}

/** The bytes of the file at `path`. */
export async function* readFrom(path: string): AsyncGenerator<Uint8Array> {
  yield* readOpened(await open(path, 'r'));
}

/** The bytes of an open file, which is closed at their end. */
export async function* readOpened(file: FileHandle): AsyncGenerator<Uint8Array> {
  for await (const chunk of file.createReadStream({ highWaterMark: 1024 * 1024 })) yield chunk as Uint8Array;
}

/** The file at `path`, open for reading; undefined where it is not, or no longer. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
