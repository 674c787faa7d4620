// Content hashed again: is every file of the published snapshot, or of all of them, still what was published?

import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { SnapshotFile } from '../../mirror/content/layout.ts';
import { atOnce } from '../../mirror/content/parallel.ts';
import type { DamagedFile, Found, Judged, VerifyEdges } from '../../mirror/content/verify.ts';
import { manifestDamage, verifySnapshot } from '../../mirror/content/verify.ts';
import { codeOf, isNo, Malformed } from '../malformed.ts';
import type { House } from './house.ts';

/** How a verification ended. `files` counts what was looked at, in all its snapshots; those pruned meanwhile are left out. */
export type RepoVerdict = {
  readonly repo: string;
  /** The published one. */
  readonly snapshot: string | undefined;
  readonly files: number;
  readonly snapshots: readonly SnapshotVerdict[];
};
export type SnapshotVerdict = {
  readonly snapshot: string;
  readonly files: number;
  /** What is wrong with its record or its list of files: nothing can mend that. */
  readonly problem: string | undefined;
  readonly damaged: readonly DamagedFile[];
};

export type VerifyProgress = {
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
};
export type VerifyWatch = {
  readonly onProgress: (progress: VerifyProgress) => void;
  readonly signal: AbortSignal;
};

const CHUNK_BYTES = 512 * 1024;
const LOOKS_AT_ONCE = 16;

/** Hashes the published snapshot of `repo`, or all of them, and compares it with what the sync wrote down. */
export async function verifyRepo(
  house: House,
  repo: string,
  { which, ...watch }: VerifyWatch & { readonly which: 'published' | 'all' },
): Promise<RepoVerdict> {
  const { current, snapshots } = await house.content.repoStatus(repo);
  const ids = which === 'all' ? snapshots : current === undefined ? [] : [current];
  const lists: Listed[] = [];
  for (const id of ids) lists.push(await listedFiles(house, repo, id));
  const count = countUp(lists, watch);
  const following = { judged: new Map<string, Judged>(), onFile: count, signal: watch.signal };
  const verdicts: SnapshotVerdict[] = [];
  for (const listed of lists) {
    const verdict = await verifyListed(house, { repo, listed }, following);
    if (verdict !== undefined) verdicts.push(verdict);
  }
  const files = verdicts.reduce((sum, verdict) => sum + verdict.files, 0);
  return { repo, snapshot: current, files, snapshots: verdicts };
}

type Following = Pick<VerifyEdges, 'judged' | 'onFile' | 'signal'>;

/** Undefined: the snapshot was pruned meanwhile. What is missing of it then is no damage. */
async function verifyListed(
  { content }: House,
  { repo, listed }: { readonly repo: string; readonly listed: Listed },
  { judged, ...following }: Following,
): Promise<SnapshotVerdict | undefined> {
  const { snapshot, files, problem } = listed;
  const isPruned = async (): Promise<boolean> =>
    isNo(await content.snapshotDirectory(repo, snapshot)) && (await content.currentId(repo)) !== snapshot;
  const directory = await content.snapshotDirectory(repo, snapshot);
  // Without a list of its files, everything in it would seem astray.
  if (isNo(directory) || problem !== undefined)
    return (await isPruned()) ? undefined : { snapshot, files: files.length, problem, damaged: [] };
  try {
    const damaged = await verifySnapshot(files, { ...edgesOf(directory, judged), ...following });
    return (await isPruned()) ? undefined : { snapshot, files: files.length, problem, damaged };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && (await isPruned())) return undefined;
    throw error;
  }
}

/** Looks again at some files of a snapshot: are they sound now? */
export async function verifyAgain(
  directory: string,
  files: readonly SnapshotFile[],
  signal: AbortSignal,
): Promise<readonly DamagedFile[]> {
  const edges = edgesOf(directory, new Map());
  const paths = new Set<string>(files.map(({ path }) => path));
  const list = async (): Promise<readonly Found[]> => (await edges.list()).filter(({ path }) => paths.has(path));
  return verifySnapshot(files, { ...edges, list, onFile: () => {}, signal });
}

/** The bytes of a file, read in pieces that are hashed in a millisecond. */
export async function* readInPieces(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

type Listed = {
  readonly snapshot: string;
  readonly files: readonly SnapshotFile[];
  readonly problem: string | undefined;
};

async function listedFiles({ content }: House, repo: string, snapshot: string): Promise<Listed> {
  const broken = (problem: string): Listed => ({ snapshot, files: [], problem });
  try {
    const record = await content.snapshotRecord(repo, snapshot);
    const files = await content.snapshotFiles(repo, snapshot);
    if (isNo(record)) return broken('has no record');
    if (isNo(files)) return broken('has no list of its files');
    const problem = await manifestDamage(files, record, breathe);
    return problem === undefined ? { snapshot, files, problem } : broken(problem);
  } catch (error) {
    if (error instanceof Malformed) return broken(error.message);
    throw error;
  }
}

function edgesOf(directory: string, judged: Map<string, Judged>) {
  return {
    judged,
    list: () => listFiles(directory),
    read: (path: string) => readInPieces(join(directory, path)),
  };
}

/** Everything below `directory` but directories, by its path from there. */
async function listFiles(directory: string): Promise<readonly Found[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found: Found[] = [];
  const files = entries.filter((entry) => !entry.isDirectory());
  await atOnce(LOOKS_AT_ONCE, files, async (entry) => {
    const full = join(entry.parentPath, entry.name);
    const { dev, ino, size, mtimeMs } = await lstat(full);
    const identity = `${dev}:${ino}:${size}:${mtimeMs}`;
    found.push({ path: relative(directory, full), identity, kind: entry.isFile() ? 'file' : 'other' });
  });
  return found;
}

/** Bytes are counted once for each content: snapshots share files, and a shared one is read once. */
function countUp(
  lists: readonly Listed[],
  { onProgress }: VerifyWatch,
): (file: SnapshotFile, bytesRead: number) => void {
  const sizes = new Map<string, number>();
  let filesTotal = 0;
  for (const { files } of lists) {
    filesTotal += files.length;
    for (const { sha256, sizeBytes } of files) sizes.set(sha256, sizeBytes);
  }
  const bytesTotal = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let [filesDone, bytesDone] = [0, 0];
  return (_file, bytesRead) => {
    filesDone += 1;
    bytesDone += bytesRead;
    onProgress({ filesDone, filesTotal, bytesDone: Math.min(bytesDone, bytesTotal), bytesTotal });
  };
}
