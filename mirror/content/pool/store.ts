// The pool on disk: every file stored once under its sha256, and per repo the parts and claims of a running sync.

import { link, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, no, type No } from '../../../server/malformed.ts';
import { ensureDirectory, saveFile, syncDirectory } from '../../../server/store.ts';
import { asSha256, checksumKey, sha256Of, type Checksum, type Sha256 } from '../../rpm/checksum.ts';
import { requireRepoName } from '../layout.ts';

export type Pool = {
  /** The size of a pool file, or a `No` where there is none. */
  sizeOf(sha256: Sha256): Promise<number | No>;
  read(sha256: Sha256): AsyncIterable<Uint8Array>;
  /** Puts bytes in memory into the pool. */
  save(bytes: Uint8Array): Promise<Sha256>;
  /** Bytes that may still be written. */
  freeBytes(): Promise<number>;
  /** The staging area of one repo; its sync's lock must be held. Throws `Malformed` for a name that is none. */
  openStaging(repo: string): Promise<Staging>;
};

export type Staging = {
  /** The verified files of a sync that did not end: declared checksum's key → pool name. */
  claims(): Promise<ReadonlyMap<string, Sha256>>;
  openPart(checksum: Checksum): Promise<Part>;
  /** Bytes held by unfinished parts. */
  partBytes(): Promise<number>;
  /** Makes the pool's new names durable. */
  settle(): Promise<void>;
  /** Removes parts, so that a full disk has room again for the rest of the appliance. */
  dropParts(): Promise<void>;
  /** Removes all of it: the snapshot now holds what was claimed. */
  clear(): Promise<void>;
};

/** A file on its way into the pool. Whoever opened it closes it. */
export type Part = {
  sizeBytes(): number;
  read(): AsyncIterable<Uint8Array>;
  append(chunk: Uint8Array): Promise<void>;
  /** Empties it. */
  restart(): Promise<void>;
  /** Into the pool it goes, fsynced, under a name that its content was checked against. */
  keep(sha256: Sha256): Promise<void>;
  close(): Promise<void>;
};

/** Opens the pool below a data directory, making its directories. */
export async function openPool(dataDirectory: string): Promise<Pool> {
  const pool = join(dataDirectory, 'pool');
  await ensureDirectory(pool);
  const sizeOf = async (sha256: Sha256): Promise<number | No> => {
    try {
      return (await stat(join(pool, sha256))).size;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return no('not in the pool');
      throw error;
    }
  };
  return {
    sizeOf,
    read: (sha256) => readFrom(join(pool, sha256)),
    save: async (bytes) => {
      const sha256 = sha256Of(bytes);
      if ((await sizeOf(sha256)) !== bytes.length) await saveFile(join(pool, sha256), bytes);
      return sha256;
    },
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(pool);
      return bavail * bsize;
    },
    openStaging: async (repo) => {
      const directory = join(dataDirectory, 'staging', requireRepoName(repo));
      await ensureDirectory(directory);
      return openStaging(pool, directory);
    },
  };
}

function openStaging(pool: string, directory: string): Staging {
  const parts = async (): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => name.endsWith('.part')).map((name) => join(directory, name));
  return {
    claims: async () => {
      const claims = new Map<string, Sha256>();
      for (const name of await readdir(directory)) {
        const [key = '', sha256 = ''] = name.split('.', 2);
        const known = asSha256(sha256);
        if (known !== undefined) claims.set(key, known);
      }
      return claims;
    },
    openPart: (checksum) => openPart({ pool, directory, key: checksumKey(checksum) }),
    partBytes: async () => {
      const sizes = await Promise.all((await parts()).map(async (path) => (await stat(path)).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    settle: () => syncDirectory(pool),
    dropParts: async () => {
      for (const path of await parts()) await rm(path, { force: true });
    },
    clear: () => rm(directory, { recursive: true, force: true }),
  };
}

type PartNames = { readonly pool: string; readonly directory: string; readonly key: string };

async function openPart(names: PartNames): Promise<Part> {
  const path = join(names.directory, `${names.key}.part`);
  const file = await open(path, 'a+', 0o644);
  let size = (await file.stat()).size;
  return {
    sizeBytes: () => size,
    read: () => readFrom(path),
    append: async (chunk) => {
      await file.appendFile(chunk);
      size += chunk.length;
    },
    restart: async () => {
      await file.truncate(0);
      size = 0;
    },
    keep: async (sha256) => {
      await file.chmod(0o644);
      await file.sync();
      const target = join(names.pool, sha256);
      await rename(path, target);
      // A second name keeps a file that no snapshot holds yet from being swept, and remembers what it was checked against.
      await claim(target, join(names.directory, `${names.key}.${sha256}`));
    },
    close: () => file.close(),
  };
}

async function claim(target: string, path: string): Promise<void> {
  try {
    await link(target, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await rm(path);
    await link(target, path);
  }
}

async function* readFrom(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  for await (const chunk of file.createReadStream({ highWaterMark: 1024 * 1024 })) yield chunk as Uint8Array;
}
