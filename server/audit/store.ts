// What was changed, by whom and from where: one line of JSON each, only ever appended, the oldest files forgotten. Edge.

import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  lchownSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { takeLock } from '../lock.ts';
import { codeOf } from '../malformed.ts';
import type { AuditEntry, AuditFilter } from './entry.ts';
import { formatEntry, isWanted, parseEntry } from './entry.ts';
import { firstLine, linesBackwards } from './lines/store.ts';
import { fileId, formatPlace, parsePlace } from './place.ts';
import { admit, PATIENT } from './strangers.ts';

/** About 40,000 entries in each file. */
const FILE_BYTES = 8 * 1024 * 1024;
const FILES = 10;

/** An entry with the name by which it is found again. */
export type KeptEntry = AuditEntry & { readonly id: string };

/** `next` is the id of the last entry, where older ones are wanted and there. */
export type AuditPage = { readonly items: readonly KeptEntry[]; readonly next?: string };

export type AuditQuery = AuditFilter & {
  readonly limit: number;
  /** The id of an entry: only older ones are answered. */
  readonly cursor?: string | undefined;
};

export type AuditStore = {
  /** Writes an entry; it is in the file when this returns. Throws where the disk fails. Of strangers' refusals only so many are written. */
  readonly note: (entry: AuditEntry) => void;
  /** The newest entries that are asked for, newest first, from all files that are kept; none where the cursor's file is forgotten. */
  readonly page: (query: AuditQuery) => Promise<AuditPage>;
};

/** The log in `file`, made readable by its owner only; `FILE.1` to `FILE.9` are older. A file is full with `fileBytes`. */
export function openAudit(file: string, fileBytes = FILE_BYTES): AuditStore {
  let patience = PATIENT;
  return {
    note: (entry) => {
      const admitted = admit(patience, entry);
      patience = admitted.patience;
      if (admitted.entry !== undefined) append(file, admitted.entry, fileBytes);
    },
    page: async (query) => {
      const files = await openAll(file);
      try {
        return await collect(files, query);
      } finally {
        await Promise.all(files.map(({ handle }) => handle.close()));
      }
    },
  };
}

function append(file: string, entry: AuditEntry, fileBytes: number): void {
  if (sizeOf(file) >= fileBytes) rotate(file, fileBytes);
  const isNew = sizeOf(file) === 0;
  // What a crash cut short must not take this entry with it.
  const line = `${isNew || endsWhole(file) ? '' : '\n'}${formatEntry(entry)}`;
  appendFileSync(file, line, { mode: 0o600 });
  if (isNew) giveToOwner(file);
}

/** 0 where there is none. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Does the file end with the end of a line? */
function endsWhole(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const last = Buffer.alloc(1);
    readSync(descriptor, last, 0, 1, Math.max(0, fstatSync(descriptor).size - 1));
    return last.toString() === '\n';
  } finally {
    closeSync(descriptor);
  }
}

/** One process at a time: of two, the second would put a file away that has just been begun. */
function rotate(file: string, fileBytes: number): void {
  const lock = takeLock(`${file}.lock`, 'exclusive');
  if (lock === undefined) return;
  try {
    giveToOwner(`${file}.lock`);
    if (sizeOf(file) < fileBytes) return;
    for (let number = FILES - 2; number >= 1; number -= 1) {
      if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
    }
    renameSync(file, `${file}.1`);
  } finally {
    lock.release();
  }
}

/**
 * A command that root runs must not leave a log that the appliance's own user cannot write. That user may have put a link there: what
 * it leads to is not given away.
 */
function giveToOwner(file: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(file));
  lchownSync(file, uid, gid);
}

type OpenFile = { readonly handle: FileHandle; readonly id: string; readonly size: number };

/** Newest first. Opened in that order, a rotation meanwhile shows a file twice, which is seen, and hides none. */
async function openAll(file: string): Promise<readonly OpenFile[]> {
  const files: OpenFile[] = [];
  for (let number = 0; number < FILES; number += 1) {
    const handle = await openIfThere(number === 0 ? file : `${file}.${number}`);
    if (handle === undefined) continue;
    const { size } = await handle.stat();
    const id = fileId(await firstLine(handle));
    if (size > 0 && files.every((other) => other.id !== id)) files.push({ handle, id, size });
    else await handle.close();
  }
  return files;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function collect(files: readonly OpenFile[], { limit, cursor, ...filter }: AuditQuery): Promise<AuditPage> {
  const from = cursor === undefined ? undefined : parsePlace(cursor);
  const first = cursor === undefined ? 0 : files.findIndex(({ id }) => id === from?.file);
  const items: KeptEntry[] = [];
  for (const { handle, id, size } of first === -1 ? [] : files.slice(first)) {
    const end = id === from?.file ? Math.min(from.offset, size) : size;
    for await (const { text, offset } of linesBackwards(handle, end)) {
      const entry = parseEntry(text);
      if (entry === undefined || !isWanted(entry, filter)) continue;
      const last = items.at(-1);
      if (items.length >= limit && last !== undefined) return { items, next: last.id };
      items.push({ id: formatPlace({ file: id, offset }), ...entry });
    }
  }
  return { items };
}
