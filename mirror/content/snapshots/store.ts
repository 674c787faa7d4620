// What is on disk of the mirror, read: which snapshots a repo has, which is published, and what is in each.

import { constants, createReadStream } from 'node:fs';
import { open, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, no, type No } from '../../../server/malformed.ts';
import { namesIn } from '../../../server/store.ts';
import type { RelativePath } from '../../rpm/href.ts';
import { isRepoName, isSnapshotId, type JsonValue, type SnapshotFile, type SnapshotRecord } from '../layout.ts';
import { parseContents, parseManifest, type PoolFile } from '../manifest.ts';
import { parseJson, parseRecord } from '../record.ts';

/** The mirror's directories below a data directory. */
export type Disk = {
  readonly pool: string;
  readonly snapshots: string;
  readonly repos: string;
  readonly staging: string;
  readonly mending: string;
  readonly locks: string;
};

export function diskOf(data: string): Disk {
  return {
    pool: join(data, 'pool'),
    snapshots: join(data, 'snapshots'),
    repos: join(data, 'repos'),
    staging: join(data, 'staging'),
    mending: join(data, 'mending'),
    locks: join(data, 'locks'),
  };
}

/** Every repo that has a directory for snapshots, in the site or not any more. */
export async function repoNames(disk: Disk): Promise<readonly string[]> {
  return (await namesIn(disk.snapshots)).filter(isRepoName).toSorted();
}

export async function currentId(disk: Disk, name: string): Promise<string | undefined> {
  if (!isRepoName(name)) return undefined;
  try {
    const id = basename(await readlink(join(disk.repos, name)));
    return isSnapshotId(id) ? id : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Oldest first. */
export async function snapshotIds(disk: Disk, name: string): Promise<readonly string[]> {
  if (!isRepoName(name)) return [];
  try {
    const entries = await readdir(join(disk.snapshots, name), { withFileTypes: true });
    const ids = entries.filter((entry) => entry.isDirectory() && isSnapshotId(entry.name));
    return ids.map((entry) => entry.name).toSorted();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Where a snapshot, or without an `id` what is published, lies if it is there. */
export function pathOf(disk: Disk, name: string, id: string | undefined): string | undefined {
  if (!isRepoName(name)) return undefined;
  if (id === undefined) return join(disk.repos, name);
  return isSnapshotId(id) ? join(disk.snapshots, name, id) : undefined;
}

export async function snapshotDirectory(disk: Disk, name: string, id: string): Promise<string | No> {
  const directory = pathOf(disk, name, id);
  if (directory === undefined) return no('no such snapshot');
  try {
    return (await stat(directory)).isDirectory() ? directory : no('no such snapshot');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return no(`repo ${name} has no snapshot ${id}`);
    throw error;
  }
}

export async function recordOf(disk: Disk, name: string, id: string): Promise<SnapshotRecord | No> {
  const directory = await snapshotDirectory(disk, name, id);
  if (typeof directory !== 'string') return directory;
  const text = await textBeside(directory, 'json');
  return typeof text === 'string' ? parseRecord(text, id) : text;
}

export async function evidenceOf(
  disk: Disk,
  name: string,
  id: string,
): Promise<{ readonly kind: 'evidence'; readonly value: JsonValue } | No> {
  const directory = await snapshotDirectory(disk, name, id);
  if (typeof directory !== 'string') return directory;
  const text = await textBeside(directory, 'evidence.json');
  return typeof text === 'string' ? { kind: 'evidence', value: parseJson(text, `${id}.evidence.json`) } : text;
}

/** What the snapshot holds, in the order of its paths. Throws `Malformed` for a manifest that was damaged. */
export async function filesOf(disk: Disk, name: string, id: string): Promise<readonly SnapshotFile[] | No> {
  return readManifest(disk, name, { id, parse: parseManifest });
}

/** The contents of its files, without their paths. */
export async function contentsOf(disk: Disk, name: string, id: string): Promise<readonly PoolFile[] | No> {
  return readManifest(disk, name, { id, parse: parseContents });
}

type Reading<T> = {
  readonly id: string;
  readonly parse: (chunks: AsyncIterable<string>) => AsyncIterable<readonly T[]>;
};

async function readManifest<T>(disk: Disk, name: string, { id, parse }: Reading<T>): Promise<readonly T[] | No> {
  if (!isRepoName(name) || !isSnapshotId(id)) return no('no such snapshot');
  const all: T[] = [];
  try {
    const chunks = createReadStream(join(disk.snapshots, name, `${id}.manifest`), 'latin1') as AsyncIterable<string>;
    for await (const files of parse(chunks)) for (const file of files) all.push(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return no('no such snapshot');
    throw error;
  }
  return all;
}

/** The bytes of one file of a snapshot, as it lies there now; a `No` where it is not there, or is larger. */
export async function bytesOf(directory: string, { path, limitBytes }: SmallFile): Promise<Uint8Array | No> {
  try {
    const file = await open(join(directory, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = await file.stat();
      return size > limitBytes ? no(`${path} is larger than ${limitBytes} bytes`) : await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return no(`the snapshot has no ${path}`);
    throw error;
  }
}

export type SmallFile = { readonly path: RelativePath; readonly limitBytes: number };

async function textBeside(directory: string, kind: string): Promise<string | No> {
  try {
    return await readFile(`${directory}.${kind}`, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return no('no such snapshot');
    throw error;
  }
}
