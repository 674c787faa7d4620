// One metadata file on its way into the pool: text in, gzip out, hashed before and after, never held as a whole. Running: saving is handed in.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import type { Sha256 } from '../rpm/checksum.ts';

export type SavedFile = { readonly sha256: Sha256; readonly sizeBytes: number };
/** Puts all of `chunks` into the pool. Whatever it throws passes through; where `chunks` throws, nothing may stay behind. */
export type SaveFile = (chunks: AsyncIterable<Uint8Array>) => Promise<SavedFile>;
/** A file in the pool and, where it is packed, its content. */
export type SavedDocument = SavedFile & { readonly open: SavedFile | undefined };

export type Document = {
  /** Returns when there is room for more. */
  write(piece: string | Uint8Array): Promise<void>;
  end(): Promise<SavedDocument & { readonly open: SavedFile }>;
  /** Leaves nothing behind. Does not throw. */
  abandon(reason: unknown): Promise<void>;
};

const SLICE_CHARACTERS = 64 * 1024;

/**
 * Begins a document that `save` receives packed. The same content gives the same bytes, however it was cut: gzip's header
 * carries no time and no name, and pieces are gathered before they are packed.
 */
export function openDocument(save: SaveFile): Document {
  const gzip = createGzip({ level: 9 });
  const hash = createHash('sha256');
  let [sizeBytes, pending] = [0, ''];
  // A saver that gives up destroys what it read from; its reason comes from `saved`.
  gzip.on('error', () => undefined);
  const saved = save(gzip);
  saved.catch(() => undefined);
  const pack = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    sizeBytes += bytes.byteLength;
    if (gzip.write(bytes)) return;
    // Where the saver gave up, gzip only knows that it was aborted.
    await Promise.race([once(gzip, 'drain').catch(() => saved), saved]);
  };
  const flush = async (): Promise<void> => {
    const text = pending;
    pending = '';
    if (text !== '') await pack(Buffer.from(text));
  };
  return {
    write: async (piece) => {
      if (typeof piece === 'string') {
        pending += piece;
        if (pending.length >= SLICE_CHARACTERS) await flush();
        return;
      }
      await flush();
      await pack(piece);
    },
    end: async () => {
      await flush();
      gzip.end();
      const file = await saved;
      return { ...file, open: { sha256: hash.digest('hex') as Sha256, sizeBytes } };
    },
    abandon: async (reason) => {
      gzip.destroy(reason instanceof Error ? reason : new Error('abandoned', { cause: reason }));
      await saved.catch(() => undefined);
    },
  };
}

/** Opens a document, lets `fill` write it, and ends it; where `fill` throws, nothing stays behind. */
export async function writeDocument(
  save: SaveFile,
  fill: (document: Document) => Promise<void>,
): Promise<SavedDocument> {
  const document = openDocument(save);
  try {
    await fill(document);
    return await document.end();
  } catch (error) {
    await document.abandon(error);
    throw error;
  }
}
