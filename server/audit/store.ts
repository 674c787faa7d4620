// What was changed, by whom and from where: one line of JSON each, only ever appended, the oldest files forgotten. Edge.

import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** A change that was asked for. `status` is the answer's; a command's is 0 where it went well. */
export type AuditEntry = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly via: string;
  readonly address: string;
  readonly operation: string;
  readonly target: string;
  readonly status: number;
  /** What it was and what it became, where that is a word or two. */
  readonly detail?: string;
};

/** About 40,000 entries in each file. */
const FILE_BYTES = 8 * 1024 * 1024;
const FILES = 10;
/** An entry has some 300 bytes: enough for the thousand that are asked for at most. */
const TAIL_BYTES = 1024 * 1024;

export type AuditStore = {
  /** Writes an entry; it is in the file when this returns. Throws where the disk fails: a change nobody can trace is not made. */
  readonly note: (entry: AuditEntry) => void;
  /** The newest entries, newest first. */
  readonly newest: (limit: number) => Promise<readonly AuditEntry[]>;
};

/** The log in `file`, made readable by its owner only; `FILE.1` to `FILE.9` are older. */
export function openAudit(file: string): AuditStore {
  return {
    note: (entry) => {
      rotate(file);
      appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    },
    newest: async (limit) => {
      const found: AuditEntry[] = [];
      for (let number = 0; number < FILES && found.length < limit; number += 1) {
        const lines = await tail(number === 0 ? file : `${file}.${number}`);
        found.push(...lines.toReversed().flatMap(entryOf));
      }
      return found.slice(0, limit);
    },
  };
}

function rotate(file: string): void {
  if (!existsSync(file) || statSync(file).size < FILE_BYTES) return;
  for (let number = FILES - 2; number >= 1; number -= 1) {
    if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
  }
  renameSync(file, `${file}.1`);
}

async function tail(path: string): Promise<readonly string[]> {
  if (!existsSync(path)) return [];
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    // The first may have been cut.
    return length < size ? lines.slice(1) : lines;
  } finally {
    await handle.close();
  }
}

/** A line that a crash cut short, or another hand wrote, is no entry. */
function entryOf(line: string): readonly AuditEntry[] {
  if (line === '') return [];
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? [value] : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null) return false;
  const texts = ['who', 'via', 'address', 'operation', 'target'].every(
    (key) => typeof Reflect.get(value, key) === 'string',
  );
  return texts && typeof Reflect.get(value, 'at') === 'number' && typeof Reflect.get(value, 'status') === 'number';
}
