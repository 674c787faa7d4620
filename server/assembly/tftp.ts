// Boot content as TFTP reads it: by offset and length, from a file's extents or from a text in memory.

import { open } from 'node:fs/promises';
import { extentsOf } from '../../mirror/content/body.ts';
import type { FilePlace } from '../../mirror/content/place.ts';
import type { BootContent, BootNamespace } from '../boot/namespace.ts';
import { isNo } from '../malformed.ts';
import type { TftpFile, TftpOpen } from '../tftp/types.ts';

/** Opens names of the boot namespace for TFTP clients. */
export function tftpOpen(names: BootNamespace<FilePlace>): TftpOpen {
  return async (name, client) => {
    const content = await names.open(name, client.address);
    return isNo(content) ? content : openContent(content);
  };
}

async function openContent(content: BootContent<FilePlace>): Promise<TftpFile> {
  if (content.kind === 'text') {
    const bytes = Buffer.from(content.text);
    return {
      sizeBytes: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => {},
    };
  }
  const { file: path, extents, sizeBytes } = content.file;
  const file = await open(path, 'r');
  return {
    sizeBytes,
    read: async (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
      let done = 0;
      for (const piece of extentsOf(extents, { offset, length: bytes.length })) {
        const { bytesRead } = await file.read(bytes, done, piece.length, piece.offset);
        if (bytesRead < piece.length) throw new Error(`${path} ends before byte ${piece.offset + piece.length}`);
        done += piece.length;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}
