// Staged files on disk: each under its own name, its record beside them; a file without a record is not served. Edge.

import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { No } from '../malformed.ts';
import { codeOf, Malformed, no } from '../malformed.ts';
import { ensureDirectory, namesIn, saveFile, syncDirectory } from '../store.ts';
import { isStagedName } from './name.ts';
import type { StagedFile } from './record.ts';
import { formatRecord, parseStagedFile } from './record.ts';

/** A staged file where it lies. `state`: `altered` where its size is not the recorded one any more; it is not served then. */
export type Lying = {
  readonly kind: 'staged';
  readonly file: StagedFile;
  readonly path: string;
  readonly modifiedMs: number;
  readonly state: 'ready' | 'altered';
};

export type StagedStore = {
  /** Sorted by name. */
  list(): Promise<readonly Lying[]>;
  find(name: string): Promise<Lying | No>;
  /** Files of right names that somebody laid there by hand: nothing is known of them. */
  strays(): Promise<readonly string[]>;
  /** Does anything lie under this name? */
  isTaken(name: string): Promise<boolean>;
  /** Gives the finished file at `path`, on the same disk and durable, its name: first the record, then one rename. */
  publish(path: string, file: StagedFile): Promise<void>;
  /** Writes a record for a file that lies there already. */
  adopt(file: StagedFile): Promise<void>;
  /** False where there was none. */
  remove(name: string): Promise<boolean>;
  /** Removes records whose files are gone. */
  sweep(): Promise<void>;
  /** The bytes of a file as they lie there; undefined where there is none. The caller closes it. */
  open(name: string): Promise<Opened | undefined>;
};

export type Opened = {
  readonly sizeBytes: number;
  readAt(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
};

const RECORDS = '.records';
const SUFFIX = '.json';

/** The staged files in `directory`, which need not be there yet. */
export function openStagedStore(directory: string): StagedStore {
  const records = join(directory, RECORDS);
  const names = async (): Promise<readonly string[]> => (await namesIn(directory)).filter(isStagedName).toSorted();
  const nameOf = async (name: string): Promise<string | undefined> => (await names()).find((one) => one === name);
  const save = async (file: StagedFile): Promise<void> => {
    if (!isStagedName(file.name)) throw new Malformed('not a name of a staged file', 'record');
    await ensureDirectory(records);
    await saveFile(join(records, `${file.name}${SUFFIX}`), formatRecord(file));
  };
  return {
    list: async () => {
      const all = await Promise.all((await names()).map((name) => lyingAt(directory, name)));
      return all.filter((one) => one !== undefined);
    },
    find: async (name) => {
      const known = await nameOf(name);
      const lying = known === undefined ? undefined : await lyingAt(directory, known);
      if (lying !== undefined) return lying;
      if (known === undefined) return no(`there is no template or ISO ${JSON.stringify(name.slice(0, 200))}`);
      return no(
        `nothing is known of the file ${known}: it was not uploaded`,
        `kickstand template add ${known} with its path takes it in`,
      );
    },
    strays: async () => {
      const known = await Promise.all(
        (await names()).map(async (name) => ((await lyingAt(directory, name)) === undefined ? [name] : [])),
      );
      return known.flat();
    },
    isTaken: async (name) => (await nameOf(name)) !== undefined,
    publish: async (path, file) => {
      await save(file);
      await rename(path, join(directory, file.name));
      await syncDirectory(directory);
    },
    adopt: save,
    remove: async (name) => {
      const known = await nameOf(name);
      if (known === undefined) return false;
      await rm(join(directory, known), { force: true });
      await rm(join(records, `${known}${SUFFIX}`), { force: true });
      await syncDirectory(directory);
      return true;
    },
    sweep: async () => {
      const there = new Set(await names());
      const orphans = (await namesIn(records)).filter(
        (record) => record.endsWith(SUFFIX) && !there.has(record.slice(0, -SUFFIX.length)),
      );
      for (const orphan of orphans) await rm(join(records, orphan), { force: true });
    },
    open: async (name) => {
      const known = await nameOf(name);
      return known === undefined ? undefined : openFile(join(directory, known));
    },
  };
}

async function lyingAt(directory: string, name: string): Promise<Lying | undefined> {
  const path = join(directory, name);
  try {
    const about = await stat(path);
    if (!about.isFile()) return undefined;
    const file = parseStagedFile(await readFile(join(directory, RECORDS, `${name}${SUFFIX}`), 'utf8'), name);
    if (file.name !== name) return undefined;
    const state = about.size === file.sizeBytes ? 'ready' : 'altered';
    return { kind: 'staged', file, path, modifiedMs: about.mtimeMs, state };
  } catch (error) {
    if (error instanceof Malformed || codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function openFile(path: string): Promise<Opened | undefined> {
  try {
    const file = await open(path, 'r');
    return {
      sizeBytes: (await file.stat()).size,
      readAt: async (target, position) => (await file.read(target, 0, target.byteLength, position)).bytesRead,
      close: () => file.close(),
    };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
