// Snapshots on disk: built aside from hard links into the pool, made current by one rename, pruned, and locked.

import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, readdir, readFile, readlink, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RepoStatus } from '../../server/domain.ts';
import { codeOf, no, type No } from '../../server/malformed.ts';
import type { Lock } from '../../server/lock.ts';
import { takeLock } from '../../server/lock.ts';
import { ensureDirectory, saveFile, saveSymlink, syncDirectory } from '../../server/store.ts';
import {
  contentDigest,
  isRepoName,
  isSnapshotId,
  parseManifest,
  parseRecord,
  planPrune,
  renderManifest,
  requireRepoName,
  snapshotId,
  type SnapshotFile,
  type SnapshotRecord,
} from './layout.ts';

export type SnapshotDraft = {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly upstream: string;
  readonly revision: string | undefined;
  readonly packages: number;
  /** Their contents are in the pool. */
  readonly files: readonly SnapshotFile[];
};

/** A repo's or snapshot's name that is none is answered like one that is not there. */
export type ContentStore = {
  repoStatus(name: string): Promise<RepoStatus>;
  /** The id of the published snapshot alone: what each request for content asks. */
  currentId(name: string): Promise<string | undefined>;
  /** The directory that holds exactly upstream's files. */
  snapshotDirectory(name: string, id: string): Promise<string | No>;
  snapshotRecord(name: string, id: string): Promise<SnapshotRecord | No>;
  snapshotFiles(name: string, id: string): Promise<readonly SnapshotFile[] | No>;
  /** The record of what is published. */
  currentSnapshot(name: string): Promise<SnapshotRecord | No>;
  /** Builds a snapshot, or finds the one with this very content. Needs the repo's lock. */
  saveSnapshot(name: string, draft: SnapshotDraft): Promise<SnapshotRecord>;
  /** Makes a snapshot current by one rename. */
  publish(name: string, id: string): Promise<SnapshotRecord | No>;
  /**
   * The snapshot's directory, once no prune runs: asked after a pin was written, the answer stands, for `prune` asks for
   * pins only after it has begun.
   */
  confirmSnapshot(name: string, id: string): Promise<string | No>;
  /** Removes snapshots beyond the `keep` newest, but never the current nor a pinned one. */
  prune(name: string, keep: number, pinned: () => Promise<readonly string[]>): Promise<readonly string[] | No>;
  /** Removes pool files that no snapshot holds; a `No` while any sync runs. Answers the bytes set free. */
  sweepPool(): Promise<number | No>;
  /** The right to sync a repo, across processes. */
  lockRepo(name: string): Promise<Lock | No>;
};

const LINKS_AT_ONCE = 32;
const LOCK_WAIT_MS = 20;
const LOCK_TRIES = 250;

/** Opens the content below a data directory. */
export function openContentStore(dataDirectory: string): ContentStore {
  const disk = diskOf(dataDirectory);
  return {
    repoStatus: async (name) => ({ current: await currentId(disk, name), snapshots: await snapshotIds(disk, name) }),
    currentId: (name) => currentId(disk, name),
    snapshotDirectory: (name, id) => snapshotDirectory(disk, name, id),
    snapshotRecord: (name, id) => recordOf(disk, name, id),
    snapshotFiles: async (name, id) => {
      const text = await textOf(disk, name, `${id}.manifest`);
      return typeof text === 'string' && isSnapshotId(id) ? parseManifest(text) : no('no such snapshot');
    },
    currentSnapshot: async (name) => {
      const id = await currentId(disk, name);
      return id === undefined ? no('nothing is published yet') : recordOf(disk, name, id);
    },
    saveSnapshot: async (name, draft) => saveSnapshot(disk, requireRepoName(name), draft),
    publish: (name, id) => publish(disk, name, id),
    confirmSnapshot: async (name, id) =>
      isRepoName(name)
        ? exclusively(disk, `publish-${name}`, () => snapshotDirectory(disk, name, id))
        : no('no such repo'),
    prune: (name, keep, pinned) => prune(disk, name, { keep, pinned }),
    sweepPool: () => sweepPool(disk),
    lockRepo: (name) => lockRepo(disk, name),
  };
}

type Disk = { readonly pool: string; readonly snapshots: string; readonly repos: string; readonly locks: string };

function diskOf(data: string): Disk {
  return {
    pool: join(data, 'pool'),
    snapshots: join(data, 'snapshots'),
    repos: join(data, 'repos'),
    locks: join(data, 'locks'),
  };
}

async function currentId(disk: Disk, name: string): Promise<string | undefined> {
  if (!isRepoName(name)) return undefined;
  try {
    const id = basename(await readlink(join(disk.repos, name)));
    return isSnapshotId(id) ? id : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function snapshotIds(disk: Disk, name: string): Promise<readonly string[]> {
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

async function snapshotDirectory(disk: Disk, name: string, id: string): Promise<string | No> {
  if (!isRepoName(name) || !isSnapshotId(id)) return no('no such snapshot');
  const directory = join(disk.snapshots, name, id);
  try {
    return (await stat(directory)).isDirectory() ? directory : no('no such snapshot');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return no(`repo ${name} has no snapshot ${id}`);
    throw error;
  }
}

async function textOf(disk: Disk, name: string, file: string): Promise<string | No> {
  if (!isRepoName(name) || file.includes('/')) return no('no such snapshot');
  try {
    return await readFile(join(disk.snapshots, name, file), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return no('no such snapshot');
    throw error;
  }
}

async function recordOf(disk: Disk, name: string, id: string): Promise<SnapshotRecord | No> {
  const directory = await snapshotDirectory(disk, name, id);
  if (typeof directory !== 'string') return directory;
  const text = await textOf(disk, name, `${id}.json`);
  return typeof text === 'string' ? parseRecord(text, id) : text;
}

async function saveSnapshot(disk: Disk, name: string, draft: SnapshotDraft): Promise<SnapshotRecord> {
  const home = join(disk.snapshots, name);
  await ensureDirectory(home);
  await removeLeftovers(home);
  const digest = contentDigest(draft.files);
  const ids = await snapshotIds(disk, name);
  for (const id of ids.toReversed()) {
    const record = await recordOf(disk, name, id);
    if ('digest' in record && record.digest === digest) return record;
  }
  const id = snapshotId(draft.now, digest, ids);
  const { upstream, revision, packages, files } = draft;
  const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const createdAt = new Date(draft.now).toISOString();
  const record: SnapshotRecord = { id, createdAt, upstream, revision, packages, files: files.length, bytes, digest };
  const building = join(home, `.building-${id}`);
  await buildDirectory(disk.pool, building, files);
  await saveFile(join(home, `${id}.manifest`), renderManifest(files));
  await saveFile(join(home, `${id}.json`), `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(building, join(home, id));
  await syncDirectory(home);
  return record;
}

async function buildDirectory(pool: string, building: string, files: readonly SnapshotFile[]): Promise<void> {
  const directories = new Set([building]);
  for (const file of files) {
    for (let at = dirname(file.path); at !== '.'; at = dirname(at)) directories.add(join(building, at));
  }
  for (const directory of directories) await mkdir(directory, { recursive: true });
  for (let at = 0; at < files.length; at += LINKS_AT_ONCE) {
    const some = files.slice(at, at + LINKS_AT_ONCE);
    await Promise.all(some.map((file) => linkOrCopy(join(pool, file.sha256), join(building, file.path))));
  }
  for (const directory of directories) await syncDirectory(directory);
}

/** A copy where a link cannot be: another file system, too many links, a file system without any. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP'].includes(codeOf(error) ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
    const copy = await open(to, 'r+');
    try {
      await copy.sync();
    } finally {
      await copy.close();
    }
  }
}

async function publish(disk: Disk, name: string, id: string): Promise<SnapshotRecord | No> {
  if (!isRepoName(name)) return no('no such repo');
  return exclusively(disk, `publish-${name}`, async () => {
    const record = await recordOf(disk, name, id);
    if (!('digest' in record)) return record;
    await ensureDirectory(disk.repos);
    await saveSymlink(join(disk.repos, name), join('..', 'snapshots', name, id));
    return record;
  });
}

type Keeping = { readonly keep: number; readonly pinned: () => Promise<readonly string[]> };

async function prune(disk: Disk, name: string, keeping: Keeping): Promise<readonly string[] | No> {
  if (!isRepoName(name)) return no('no such repo');
  const home = join(disk.snapshots, name);
  const removed = await exclusively(disk, `publish-${name}`, async () => {
    const current = await currentId(disk, name);
    const held = new Set([...(await keeping.pinned()), ...(current === undefined ? [] : [current])]);
    const ids = planPrune(await snapshotIds(disk, name), keeping.keep, held);
    for (const id of ids) await rename(join(home, id), join(home, `.removing-${id}`));
    return ids;
  });
  if ('kind' in removed) return removed;
  for (const id of removed) {
    for (const rest of [`${id}.json`, `${id}.manifest`, `.removing-${id}`]) {
      await rm(join(home, rest), { recursive: true, force: true });
    }
  }
  return removed;
}

/** What a killed process left: half-built and half-removed snapshots, records without one. */
async function removeLeftovers(home: string): Promise<void> {
  const names = new Set(await readdir(home));
  for (const name of names) {
    const [id = ''] = name.split('.');
    const orphan = isSnapshotId(id) && name !== id && !names.has(id);
    if (name.startsWith('.') || orphan) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function sweepPool(disk: Disk): Promise<number | No> {
  const lock = await diskLock(disk, 'pool', 'exclusive');
  if (lock === undefined) return no('a sync is running', 'sweep again when it has ended');
  try {
    await ensureDirectory(disk.pool);
    let bytes = 0;
    for (const name of await readdir(disk.pool)) {
      const { nlink, size } = await lstat(join(disk.pool, name));
      if (nlink > 1) continue;
      await rm(join(disk.pool, name));
      bytes += size;
    }
    return bytes;
  } finally {
    lock.release();
  }
}

async function lockRepo(disk: Disk, name: string): Promise<Lock | No> {
  if (!isRepoName(name)) return no('no such repo');
  const repo = await diskLock(disk, `repo-${name}`, 'exclusive');
  if (repo === undefined) return no(`another sync of ${name} is running`, 'wait until it has ended');
  const pool = await diskLock(disk, 'pool', 'shared');
  if (pool !== undefined) return { kind: 'lock', release: () => [pool, repo].forEach((lock) => lock.release()) };
  repo.release();
  return no('unused files are being removed from the pool', 'try again in a moment');
}

async function exclusively<T>(disk: Disk, name: string, task: () => Promise<T>): Promise<T | No> {
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const lock = await diskLock(disk, name, 'exclusive');
    if (lock !== undefined) return task().finally(() => lock.release());
    await sleep(LOCK_WAIT_MS);
  }
  return no('another process is publishing or pruning this repo', 'try again in a moment');
}

async function diskLock(disk: Disk, name: string, hold: 'exclusive' | 'shared'): Promise<Lock | undefined> {
  await ensureDirectory(disk.locks);
  return takeLock(join(disk.locks, `${name}.lock`), hold);
}
