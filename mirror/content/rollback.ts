// Publishing an older snapshot: what clients will make of it, and the same content stamped anew for those that refuse. Edges are arguments.

import { isNo, Malformed, no, type No } from '../../server/malformed.ts';
import { parseHref } from '../rpm/href.ts';
import { parseRepomd, REPOMD_LIMIT_BYTES } from '../rpm/repomd.ts';
import type { SnapshotRecord } from './layout.ts';
import type { Pool } from './pool/store.ts';
import { newestTimestamp, stampRepomd } from './stamp.ts';
import type { ContentStore } from './store.ts';

export type RollbackEdges = {
  readonly store: ContentStore;
  readonly pool: Pool;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

const REPOMD = parseHref('repodata/repomd.xml', 'repomd.xml');
const REPOMD_PLACE = { path: REPOMD, limitBytes: REPOMD_LIMIT_BYTES };
/** They sign, or explain, a repomd.xml that is this one no more. */
const SIGNATURES: readonly string[] = [`${REPOMD}.asc`, `${REPOMD}.key`];

/** Metadata of a kept snapshot that is newer than what is to be published. Times are seconds since 1970. */
export type Newer = { readonly snapshot: string; readonly newest: number; readonly published: number };

/**
 * The kept snapshot whose metadata is newest, where it is newer than that of `id`: a client of EL5 to EL7 that has seen it
 * refuses `id` until its cache expires (yum compares the newest data timestamps). Undefined where none is.
 */
export async function findNewer(name: string, id: string, edges: RollbackEdges): Promise<Newer | No | undefined> {
  const published = await timeOf(name, id, edges);
  if (isNo(published)) return published;
  let newest: Newer | undefined;
  for (const snapshot of (await edges.store.repoStatus(name)).snapshots) {
    const at = snapshot === id ? published : await timeOf(name, snapshot, edges);
    // What cannot be read was not read by a client either.
    if (isNo(at) || at <= (newest?.newest ?? published)) continue;
    newest = { snapshot, newest: at, published };
  }
  return newest;
}

/**
 * Makes a snapshot with the packages and metadata files of `id` and a repomd.xml stamped with the present time, or with
 * `atLeast` where the clock stands behind that. Needs the repo's lock.
 */
export async function stampSnapshot(
  name: string,
  id: string,
  { atLeast, ...edges }: RollbackEdges & { readonly atLeast: number },
): Promise<SnapshotRecord | No> {
  const { store, pool } = edges;
  const record = await store.snapshotRecord(name, id);
  const files = await store.snapshotFiles(name, id);
  const newest = await store.newestSnapshot(name);
  if (isNo(record)) return record;
  if (isNo(files)) return files;
  const bytes = await store.snapshotBytes(name, id, REPOMD_PLACE);
  if (isNo(bytes)) return bytes;
  const now = edges.now();
  const seconds = Math.max(Math.floor(now / 1000), Math.ceil(atLeast));
  const stamped = stampRepomd(bytes, seconds);
  const sha256 = await pool.save(stamped);
  const isSigned = files.some(({ path }) => path === SIGNATURES[0]);
  const evidence = await store.snapshotEvidence(name, id);
  return store.saveSnapshot(name, {
    now,
    upstream: record.upstream,
    revision: String(seconds),
    packages: record.packages,
    files: files
      .filter(({ path }) => !SIGNATURES.includes(path))
      .map((file) => (file.path === REPOMD ? { ...file, sha256, sizeBytes: stamped.length } : file)),
    notes: [...record.notes, noteOf(id, isSigned)],
    // Upstream is what it was when the newest was made: a sync that finds it unchanged leaves this roll-back alone.
    origin: isNo(newest) ? undefined : newest.origin,
    ...(isNo(evidence) ? {} : { evidence: evidence.value }),
  });
}

function noteOf(id: string, isSigned: boolean): string {
  const note = `${id} again, with repomd.xml stamped anew`;
  return isSigned
    ? `${note}; upstream's signature of it no longer applies and is left out: a client with repo_gpgcheck=1 refuses it`
    : note;
}

async function timeOf(name: string, id: string, { store }: RollbackEdges): Promise<number | No> {
  const bytes = await store.snapshotBytes(name, id, REPOMD_PLACE);
  if (isNo(bytes)) return bytes;
  try {
    return newestTimestamp(parseRepomd(bytes));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return no(`${id} is damaged: ${error.message}`, `kickstand repo verify ${name} --all-snapshots --repair`);
  }
}
