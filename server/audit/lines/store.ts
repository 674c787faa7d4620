// The lines of a text file from the last to the first, a piece of it at a time in memory. Edge.

import type { FileHandle } from 'node:fs/promises';

/** A line without its end, and the offset of its first byte. */
export type Line = { readonly text: string; readonly offset: number };

const PIECE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The lines that begin before `end` and end no later. */
export async function* linesBackwards(file: FileHandle, end: number): AsyncGenerator<Line> {
  const piece = Buffer.alloc(PIECE_BYTES);
  // What was read of a line whose beginning was not: it follows the next piece.
  let rest = Buffer.alloc(0);
  for (let from = end; from > 0;) {
    const start = Math.max(0, from - PIECE_BYTES);
    const { bytesRead } = await file.read(piece, 0, from - start, start);
    // The file has become shorter: nobody appends there any more.
    if (bytesRead < from - start) return;
    const bytes = Buffer.concat([piece.subarray(0, bytesRead), rest]);
    let behind = bytes.length;
    for (let at = bytes.lastIndexOf(NEWLINE); at !== -1; at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)) {
      if (at + 1 < behind) yield { text: bytes.toString('utf8', at + 1, behind), offset: start + at + 1 };
      behind = at;
    }
    rest = bytes.subarray(0, behind);
    from = start;
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), offset: 0 };
}

/** The first line of a file, as far as it is no longer than an entry; empty where there is none yet. */
export async function firstLine(file: FileHandle): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
  return buffer.subarray(0, end === -1 ? bytesRead : end);
}
