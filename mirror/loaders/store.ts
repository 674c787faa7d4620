// Loaders kept on disk below DATA/loaders, edge: what was unpacked once, by what it was unpacked from; proved before it is trusted.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { codeOf } from '../../server/malformed.ts';
import { ensureDirectory, saveFile } from '../../server/store.ts';
import type { FilePlace } from '../content/place.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import { asSha256, sha256Of } from '../rpm/checksum.ts';

export type KeptFiles = ReadonlyMap<string, FilePlace>;

export type LoaderStore = {
  /** What was kept under `key`, by its names; undefined where nothing was, or where it is no longer what was kept. */
  kept(key: Sha256): Promise<KeptFiles | undefined>;
  /** Keeps files by their names under `key`, the digest of what they come from. Throws an ordinary error where that fails. */
  keep(key: Sha256, files: ReadonlyMap<string, Uint8Array>): Promise<KeptFiles>;
  /** Lets everything else that waits have its turn. */
  readonly breathe: () => Promise<void>;
};

/** A name and the digest of its content; on disk a file is called by that digest, so no name of a package becomes a path. */
type Row = { readonly name: string; readonly sha256: Sha256 };

/** The store below `directory`, which is made when something is kept. */
export function openLoaderStore(directory: string): LoaderStore {
  /** What this process proved, as the disk then described it. */
  const proved = new Map<string, { readonly files: KeptFiles; readonly is: string }>();
  return {
    kept: async (key) => {
      const rows = await readRows(join(directory, key));
      if (rows === undefined) return undefined;
      const is = await describe(join(directory, key), rows);
      const known = proved.get(key);
      if (is !== undefined && known?.is === is) return known.files;
      const files = await prove(join(directory, key), rows);
      if (files === undefined || is === undefined) return undefined;
      proved.set(key, { files, is });
      return files;
    },
    keep: async (key, files) => {
      const own = join(directory, key);
      await ensureDirectory(own);
      const rows = [...files].map(([name, bytes]) => ({ name, bytes, sha256: sha256Of(bytes) }));
      for (const { sha256, bytes } of rows) await saveFile(join(own, sha256), bytes);
      const list = rows.map(({ name, sha256 }) => ({ name, sha256 }));
      // Last: a list is only there when all that it names is.
      await saveFile(join(own, LIST), `${JSON.stringify(list, null, 2)}\n`);
      const kept = await prove(own, list);
      if (kept === undefined) throw new Error(`what was just written to ${own} is not what was read back`);
      return kept;
    },
    breathe: () => setImmediate(),
  };
}

const LIST = 'files.json';

async function readRows(directory: string): Promise<readonly Row[] | undefined> {
  try {
    return parseRows(await readFile(join(directory, LIST), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined for a list that is none: it is then made anew. */
function parseRows(text: string): readonly Row[] | undefined {
  const rows: Row[] = [];
  for (const row of readJson(text)) {
    if (typeof row !== 'object' || row === null || !('name' in row) || !('sha256' in row)) return undefined;
    const { name, sha256 } = row;
    const digest = typeof sha256 === 'string' ? asSha256(sha256) : undefined;
    if (typeof name !== 'string' || digest === undefined) return undefined;
    rows.push({ name, sha256: digest });
  }
  return rows.length === 0 ? undefined : rows;
}

function readJson(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** How the disk describes the files: another text where one was touched. Undefined where one is missing. */
async function describe(directory: string, rows: readonly Row[]): Promise<string | undefined> {
  try {
    const all = await Promise.all(rows.map(({ sha256 }) => stat(join(directory, sha256))));
    return all.map(({ ino, size, mtimeMs }) => `${ino}:${size}:${mtimeMs}`).join(' ');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function prove(directory: string, rows: readonly Row[]): Promise<KeptFiles | undefined> {
  const files = new Map<string, FilePlace>();
  for (const { name, sha256 } of rows) {
    const file = join(directory, sha256);
    try {
      const { mtimeMs: modifiedMs } = await stat(file);
      const bytes = await readFile(file);
      if (sha256Of(bytes) !== sha256) return undefined;
      const sizeBytes = bytes.byteLength;
      const extents = sizeBytes === 0 ? [] : [{ offset: 0, length: sizeBytes }];
      files.set(name, { kind: 'file', file, extents, sizeBytes, modifiedMs });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
  return files;
}
