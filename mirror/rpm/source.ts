// The bytes of a package wherever they lie: a file, or ranges of an image, read piece by piece. Running: reading is handed in.

import { Malformed } from '../../server/malformed.ts';
import { extentsOf } from '../content/body.ts';
import type { Extent, FilePlace, TreeFiles } from '../content/place.ts';

/** Bytes that can be read anywhere. `where` names them in errors. */
export type ByteSource = {
  readonly where: string;
  readonly sizeBytes: number;
  /** Exactly the bytes of `range`. Throws `Malformed` for a range that is not inside. */
  read(range: Extent): Promise<Uint8Array>;
};

/** The bytes of a place that `files` found. */
export function sourceOf(files: Pick<TreeFiles, 'read'>, place: FilePlace, where: string): ByteSource {
  return {
    where,
    sizeBytes: place.sizeBytes,
    read: async (range) => {
      if (range.offset + range.length > place.sizeBytes) {
        throw new Malformed(`it ends ${range.offset + range.length - place.sizeBytes} bytes too soon`, where);
      }
      if (range.length === 0) return new Uint8Array();
      const part = { ...place, extents: extentsOf(place.extents, range), sizeBytes: range.length };
      return files.read(part, range.length);
    },
  };
}

/** Bytes in memory as a source. */
export function sourceOfBytes(bytes: Uint8Array, where: string): ByteSource {
  return {
    where,
    sizeBytes: bytes.byteLength,
    read: async ({ offset, length }) => {
      if (offset + length > bytes.byteLength) throw new Malformed('it ends too soon', where);
      return bytes.subarray(offset, offset + length);
    },
  };
}
