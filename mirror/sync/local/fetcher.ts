// The edge to an upstream that is a directory of this machine.

import { constants } from 'node:fs';
import { open as openFile, opendir, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf, messageOf } from '../../../server/malformed.ts';
import type { DirectoryPath } from '../../rpm/href.ts';
import type { FetchRequest, LocalListing, Opened } from '../upstream.ts';

const LIMIT_NAMES = 250_000;

/** Opens a file below `root`, an absolute directory path. Symbolic links are followed as long as they stay below it. */
export async function openInside(root: string, request: FetchRequest): Promise<Opened> {
  try {
    const top = await realpath(root);
    const real = await realpath(join(top, request.path));
    if (!isInside(top, real)) return { kind: 'refused', reason: 'a symbolic link that leads out of the directory' };
    return await openRegular(real, request);
  } catch (error) {
    return faultOf(error, 'no such file');
  }
}

/**
 * Lists a directory below `root`, by name. What is neither file nor directory is passed over, and so is a link that leads
 * out, or nowhere. Rejects when `signal` aborts.
 */
export async function listInside(
  root: string,
  directory: DirectoryPath,
  signal: AbortSignal,
): Promise<LocalListing | { readonly kind: 'absent' | 'refused'; readonly reason: string }> {
  const names: LocalListing['names'][number][] = [];
  try {
    const top = await realpath(root);
    const real = await realpath(join(top, directory));
    if (real !== top && !isInside(top, real)) {
      return { kind: 'refused', reason: 'a symbolic link that leads out of the directory' };
    }
    for await (const { name } of await opendir(real)) {
      signal.throwIfAborted();
      if (names.length >= LIMIT_NAMES) return { kind: 'refused', reason: `more than ${LIMIT_NAMES} names` };
      const found = await lookAt(top, join(real, name));
      if (found !== undefined) names.push({ name, ...found });
    }
  } catch (error) {
    signal.throwIfAborted();
    return faultOf(error, 'no such directory');
  }
  return { kind: 'listing', names: names.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

async function lookAt(top: string, path: string): Promise<Omit<LocalListing['names'][number], 'name'> | undefined> {
  try {
    const real = await realpath(path);
    if (!isInside(top, real)) return undefined;
    const about = await stat(real);
    if (!about.isFile() && !about.isDirectory()) return undefined;
    const kind = about.isFile() ? 'file' : 'directory';
    return { kind, sizeBytes: about.size, modifiedMs: Math.floor(about.mtimeMs) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

function isInside(top: string, real: string): boolean {
  return real.startsWith(top.endsWith(sep) ? top : top + sep);
}

function faultOf(error: unknown, absent: string): { readonly kind: 'absent' | 'refused'; readonly reason: string } {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return { kind: 'absent', reason: absent };
  return { kind: 'refused', reason: messageOf(error) };
}

async function openRegular(path: string, request: FetchRequest): Promise<Opened> {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  const file = await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    return { kind: 'refused', reason: 'not a regular file' };
  }
  const offset = Math.min(request.resume?.offset ?? 0, stats.size);
  const said = { validator: undefined, etag: undefined, lastModified: undefined, encoding: undefined };
  const chunks = fileChunks(file, offset, request.signal);
  return { kind: 'body', source: 'the directory', offset, totalBytes: stats.size, ...said, chunks };
}

/** An iterator that closes the file however it ends, even where nothing was read. */
function fileChunks(file: FileHandle, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const stream = file.createReadStream({ start: offset, highWaterMark: 1024 * 1024, signal });
  stream.on('error', () => {});
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const stop = async (): Promise<IteratorResult<Uint8Array>> => {
    stream.destroy();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => pieces.next(), return: stop }) };
}
