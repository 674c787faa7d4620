// Boot content as TFTP reads it: by offset and length, from a file's extents or from a text in memory; and what became of it.

import { open } from 'node:fs/promises';
import { extentsOf } from '../../mirror/content/body.ts';
import type { FilePlace } from '../../mirror/content/place.ts';
import type { BootContent, BootFile, BootNamespace } from '../boot/namespace.ts';
import { isNo } from '../malformed.ts';
import type { FileOutcome, NoteStage, Stage } from '../stages.ts';
import { fileStage, sendingStage } from './file-stages.ts';
import type { TftpClient, TftpEvent, TftpFile, TftpOpen } from '../tftp/types.ts';

/** The names of the boot namespace for TFTP clients. */
export type BootTftp = { readonly open: TftpOpen; readonly ended: (event: TftpEvent) => void };

/** Opens names for TFTP clients, and notes each request's end with what the name had meant. */
export function bootTftp(names: BootNamespace<FilePlace>, note: NoteStage): BootTftp {
  // By the request's own client object: an answer nobody fetches any more is forgotten with it.
  const opened = new WeakMap<TftpClient, BootFile<FilePlace>>();
  return {
    open: async (name, client) => {
      const found = await names.open(name, client.address);
      opened.set(client, found);
      const sending = sendingStage(found, { via: 'tftp', name, asked: '', granted: '' });
      if (sending !== undefined) note({ mac: undefined, address: client.address }, sending);
      return isNo(found.body) ? found.body : openContent(found.body);
    },
    ended: (event) => {
      note({ mac: undefined, address: event.client.address }, stageOf(event, opened.get(event.client)));
    },
  };
}

/** Opens names for TFTP clients. */
export function tftpOpen(names: BootNamespace<FilePlace>): TftpOpen {
  return bootTftp(names, () => {}).open;
}

function stageOf(event: TftpEvent, found: BootFile<FilePlace> | undefined): Stage {
  const { name, bytes, reason, asked, options } = event;
  const outcome = outcomeOf(event, found?.body);
  const durationMs = Math.round(event.durationMs);
  return fileStage(found, { via: 'tftp', name, outcome, bytes, durationMs, asked, granted: options, reason });
}

function outcomeOf(event: TftpEvent, body: BootFile<FilePlace>['body'] | undefined): FileOutcome {
  if (event.outcome === 'refused') return body !== undefined && isNo(body) ? 'not-found' : 'refused';
  return event.outcome;
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
