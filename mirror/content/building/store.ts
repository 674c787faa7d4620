// Snapshots written: built aside from hard links into the pool, and there by one rename.

import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { codeOf, Malformed } from '../../../server/malformed.ts';
import { ensureDirectory, saveFile, syncDirectory } from '../../../server/store.ts';
import {
  isSnapshotId,
  snapshotId,
  type JsonValue,
  type SnapshotFile,
  type SnapshotOrigin,
  type SnapshotRecord,
} from '../layout.ts';
import { contentDigest, renderManifest, sortFiles } from '../manifest.ts';
import { atOnce } from '../parallel.ts';
import { renderRecord } from '../record.ts';
import { removeTree } from '../removal/store.ts';
import { recordOf, snapshotIds, type Disk } from '../snapshots/store.ts';

export type SnapshotDraft = {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly upstream: string;
  readonly revision: string | undefined;
  readonly packages: number;
  /** Their contents are in the pool, and settled there. */
  readonly files: readonly SnapshotFile[];
  readonly notes: readonly string[];
  readonly origin: SnapshotOrigin | undefined;
  /** What proves the notes, kept beside the snapshot. */
  readonly evidence?: JsonValue | undefined;
};

const LINKS_AT_ONCE = 64;
const DIRECTORIES_AT_ONCE = 4;
/** No link: another file system, too many of them, a file system without any, or a pool that belongs to another user. */
const UNLINKABLE = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Builds the snapshot of `draft`, or finds the one with this very content, whose notes and origin become those of the draft.
 * A snapshot is listed only when all of it is durable. Needs the repo's lock.
 */
export async function saveSnapshot(disk: Disk, name: string, draft: SnapshotDraft): Promise<SnapshotRecord> {
  const home = join(disk.snapshots, name);
  await ensureDirectory(home);
  await removeLeftovers(home);
  const files = await sortFiles(draft.files, breathe);
  const digest = await contentDigest(files, breathe);
  const ids = await snapshotIds(disk, name);
  const twin = await findTwin(disk, name, { ids, digest });
  if (twin !== undefined) return renew(home, twin, draft);
  const record = recordFrom(draft, { id: snapshotId(draft.now, digest, ids), digest });
  const building = join(home, `.building-${record.id}`);
  try {
    await buildDirectory(disk.pool, building, files);
    await saveFile(join(home, `${record.id}.manifest`), await manifestOf(files));
    await saveBeside(home, record, draft);
    await rename(building, join(home, record.id));
  } catch (error) {
    await removeTree(building);
    throw error;
  }
  await syncDirectory(home);
  return record;
}

/** What a killed process left: half-built and half-removed snapshots, records without one. */
export async function removeLeftovers(home: string): Promise<void> {
  const names = new Set(await readdir(home));
  for (const name of names) {
    const [id = ''] = name.split('.');
    const orphan = isSnapshotId(id) && name !== id && !names.has(id);
    if (name.startsWith('.') || orphan) await removeTree(join(home, name));
  }
}

/** Gives the content at `from` the name `to` as well; a durable copy where a link cannot be. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!UNLINKABLE.has(codeOf(error) ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
    const copy = await open(to, 'r+');
    try {
      await copy.sync();
    } finally {
      await copy.close();
    }
  }
}

/** The snapshot with this content. Its id tells eight digits of its digest: no other record need be read. */
async function findTwin(
  disk: Disk,
  name: string,
  { ids, digest }: { readonly ids: readonly string[]; readonly digest: string },
): Promise<SnapshotRecord | undefined> {
  for (const id of ids.toReversed().filter((known) => known.endsWith(`-${digest.slice(0, 8)}`))) {
    try {
      const record = await recordOf(disk, name, id);
      if ('digest' in record && record.digest === digest) return record;
    } catch (error) {
      // A record that was damaged vouches for nothing: the snapshot is built anew beside it.
      if (!(error instanceof Malformed)) throw error;
    }
  }
  return undefined;
}

/** The content is as it was; what is said of it is what was found now. */
async function renew(home: string, twin: SnapshotRecord, draft: SnapshotDraft): Promise<SnapshotRecord> {
  const renewed = { ...twin, notes: draft.notes, origin: draft.origin };
  await saveBeside(home, renewed, draft);
  return renewed;
}

function recordFrom(draft: SnapshotDraft, made: { readonly id: string; readonly digest: string }): SnapshotRecord {
  const { upstream, revision, packages, files, notes, origin } = draft;
  return {
    id: made.id,
    createdAt: new Date(draft.now).toISOString(),
    upstream,
    revision,
    packages,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    digest: made.digest,
    notes,
    origin,
  };
}

async function saveBeside(home: string, record: SnapshotRecord, { evidence }: SnapshotDraft): Promise<void> {
  const file = join(home, `${record.id}.evidence.json`);
  if (evidence === undefined) await rm(file, { force: true });
  else await saveFile(file, `${JSON.stringify(evidence)}\n`);
  await saveFile(join(home, `${record.id}.json`), renderRecord(record));
}

async function manifestOf(files: readonly SnapshotFile[]): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for (const piece of renderManifest(files)) {
    pieces.push(Buffer.from(piece));
    await breathe();
  }
  return Buffer.concat(pieces);
}

async function buildDirectory(pool: string, building: string, files: readonly SnapshotFile[]): Promise<void> {
  const directories = directoriesOf(building, files);
  for (const directory of directories) await mkdir(directory, { recursive: true });
  await atOnce(LINKS_AT_ONCE, files, (file) => linkOrCopy(join(pool, file.sha256), join(building, file.path)));
  await atOnce(DIRECTORIES_AT_ONCE, directories, syncDirectory);
}

/** Every directory that the files lie in. Files of one directory stand together: few need a look at the set. */
function directoriesOf(building: string, files: readonly SnapshotFile[]): readonly string[] {
  const directories = new Set<string>();
  let last = '.';
  for (const { path } of files) {
    const slash = path.lastIndexOf('/');
    if (slash === -1 || (slash === last.length && path.startsWith(last))) continue;
    last = path.slice(0, slash);
    for (let at = last; at !== '.' && !directories.has(at); at = dirname(at)) directories.add(at);
  }
  return [building, ...[...directories].map((directory) => join(building, directory))];
}
