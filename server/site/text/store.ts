// The text of a site file: an ordinary file, bounded, in UTF-8; or why it cannot be had. Edge.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { codeOf, messageOf } from '../../malformed.ts';
import type { SiteProblems } from '../parse.ts';

/** Twice what ten thousand hosts take, one on a line as in the example; a disk image named by mistake is not read into memory. */
export const MAX_SITE_BYTES = 2 * 1024 * 1024;

/** The file's text, or why it cannot be had. */
export type SiteText = { readonly kind: 'text'; readonly text: string } | SiteProblems;

/** Reads the text of a site file: an ordinary file of at most 2 MiB, in UTF-8. */
export async function readSiteText(file: string): Promise<SiteText> {
  return siteTextReader(file)();
}

/** What a file holds: the first `length` bytes of `memory`. */
type Bytes = { readonly kind: 'bytes'; readonly memory: Buffer; readonly length: number };

/**
 * Reads the file each time it is called; not to be called again before it has answered. What has not changed is answered by
 * the same value: a file of a megabyte is looked at every other second, and memory made for that would be garbage at once.
 */
export function siteTextReader(file: string): () => Promise<SiteText> {
  let spare: Buffer = Buffer.alloc(0);
  let held: { readonly bytes: Bytes; readonly text: SiteText } | undefined;
  return async () => {
    const bytes = await readBytes(file, spare);
    if (bytes.kind === 'problems') return bytes;
    spare = bytes.memory;
    if (held !== undefined && contentOf(held.bytes).equals(contentOf(bytes))) return held.text;
    spare = held?.bytes.memory ?? Buffer.alloc(0);
    held = { bytes, text: decodeText(contentOf(bytes)) };
    return held.text;
  };
}

function contentOf({ memory, length }: Bytes): Buffer {
  return memory.subarray(0, length);
}

async function readBytes(file: string, spare: Buffer): Promise<Bytes | SiteProblems> {
  try {
    // Non-blocking, so that a named pipe put there does not hold up the appliance.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readHandle(handle, spare);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read: ${messageOf(error)}`;
    return problem(
      message,
      code === 'ENOENT' ? 'copy site.example.yaml there, or name another with --site' : undefined,
    );
  }
}

/** All bytes of the file, in the `spare` memory where they fit. */
async function readHandle(handle: FileHandle, spare: Buffer): Promise<Bytes | SiteProblems> {
  const status = await handle.stat();
  if (!status.isFile()) return problem('is not an ordinary file', 'name the site file itself');
  // One byte more shows that there are no more.
  const wanted = Math.min(status.size, MAX_SITE_BYTES) + 1;
  let memory: Buffer = spare.length >= wanted ? spare : Buffer.alloc(wanted);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(memory, length, memory.length - length, length);
    if (bytesRead === 0) return { kind: 'bytes', memory, length };
    length += bytesRead;
    if (length > MAX_SITE_BYTES) return problem('is larger than 2 MiB', 'name the site file itself');
    if (length === memory.length) memory = grown(memory);
  }
}

/** For a file that grows while it is read, or does not tell its size. */
function grown(memory: Buffer): Buffer {
  const more = Buffer.alloc(2 * memory.length);
  memory.copy(more);
  return more;
}

function decodeText(bytes: Uint8Array): SiteText {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return problem('is not UTF-8 text', 'save it as UTF-8');
    throw error;
  }
}

function problem(message: string, remedy: string | undefined): SiteProblems {
  return { kind: 'problems', problems: [{ path: '', line: undefined, message, remedy }] };
}
