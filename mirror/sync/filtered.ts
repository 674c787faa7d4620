// A filtered repo: the packages that the site chose, with metadata of their own, so that no entry leads to what is not there.

import type { RepoFilter } from '../../server/repo.ts';
import type { SnapshotFile } from '../content/layout.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import type { PrimaryPackage } from '../rpm/primary.ts';
import type { RepomdEntry } from '../rpm/repomd.ts';
import { chooseExtras, type Extra } from '../metadata/extras.ts';
import type { UpstreamDocuments } from '../metadata/filter.ts';
import { makeMetadata, type MadeMetadata } from '../metadata/make.ts';
import { selectPackages } from '../metadata/select.ts';
import { bringFiles, type Prove } from './bring.ts';
import type { Brought, RoundEdges } from './edges.ts';
import { named, proveNames } from './names.ts';
import { listCandidates, type Primary } from './listing.ts';
import { unpackMetadata } from './unpacked.ts';
import { SyncFault } from './upstream.ts';

const REPOMD = 'repodata/repomd.xml';

/** Brings the chosen packages and makes their metadata, both settled in the pool. What was left out is told. */
export async function bringFiltered(primary: Primary, prove: Prove, edges: RoundEdges): Promise<Brought> {
  const candidates = await listCandidates(primary, edges);
  const wanted = await choose(candidates, edges);
  edges.notes.add([`${wanted.length} of upstream's ${candidates.length} packages were chosen by the filter`]);
  edges.progress.begin('packages');
  const packages = await bringFiles(wanted, prove, edges);
  await proveNames(wanted.map(named), packages, edges);
  await edges.staging.settle();
  const made = await makeTheirs(primary, packages, edges);
  edges.notes.add([made.notice, ...made.left.map(({ path, reason }) => `${path} was left out: ${reason}`)]);
  const listed = new Set<string>(made.listed.map(({ path }) => path));
  const kept = packages.filter(({ path }) => listed.has(path));
  const unlisted = packages.find(({ path }) => !listed.has(path));
  if (unlisted !== undefined && !edges.repo.rescue) {
    const reason = made.left.find(({ path }) => path === unlisted.path)?.reason ?? 'its metadata cannot be made';
    throw new SyncFault(unlisted.path, reason, {
      remedy: 'leave it out with exclude; rescue: true publishes the rest',
    });
  }
  return { files: [...made.files.map(snapshotFile), ...kept], packages: kept.length };
}

/** More of them would hold everybody up: each is matched with every pattern. */
const CHOSEN_AT_ONCE = 2000;

/** Chooses in slices. Which versions are the newest is seen last, of all that is left, as in one go. */
async function choose(
  candidates: readonly PrimaryPackage[],
  { repo, breathe }: RoundEdges,
): Promise<readonly PrimaryPackage[]> {
  const { newest, ...others } = repo.filter;
  const left: PrimaryPackage[] = [];
  for (let at = 0; at < candidates.length; at += CHOSEN_AT_ONCE) {
    const some = candidates.slice(at, at + CHOSEN_AT_ONCE);
    left.push(...chosenOf(some, { ...others, newest: undefined }));
    await breathe();
  }
  const all = { architectures: undefined, include: [], exclude: [], sources: true };
  return newest === undefined ? left : chosenOf(left, { ...all, newest });
}

function chosenOf(candidates: readonly PrimaryPackage[], filter: RepoFilter): readonly PrimaryPackage[] {
  return selectPackages(filter, candidates).chosen.flatMap((at) => candidates[at] ?? []);
}

async function makeTheirs(
  { repomd, metadata }: Primary,
  packages: readonly SnapshotFile[],
  edges: RoundEdges,
): Promise<MadeMetadata> {
  const { signal, staging, breathe } = edges;
  const metadataEdges = await edges.metadata?.({ staging, breathe, signal });
  if (metadataEdges === undefined) throw new SyncFault(REPOMD, 'nothing here makes metadata for a filtered repo');
  const open = (entry: RepomdEntry, file: SnapshotFile) => (): AsyncIterable<Uint8Array> =>
    unpackMetadata(entry, file, edges);
  const extras = chooseExtras(repomd.data).kept.flatMap((entry): Extra[] => {
    const file = metadata.get(entry.path);
    return file === undefined ? [] : [{ type: entry.type, name: entry.path, read: () => edges.pool.read(file.sha256) }];
  });
  const documents = documentsOf({ repomd, metadata }, open);
  // Upstream's own time: the same packages then have the same metadata, and no older one than clients have seen.
  const nowMs = newestMs(repomd.data) ?? edges.now();
  const distinct = [...new Map(packages.map((file) => [file.path, file])).values()];
  const request = { packages: distinct, extras, revision: repomd.revision, nowMs, upstream: documents };
  return makeMetadata(request, metadataEdges);
}

type OpenDocument = (entry: RepomdEntry, file: SnapshotFile) => () => AsyncIterable<Uint8Array>;

/** Upstream's documents where it has all three. */
function documentsOf({ repomd, metadata }: Primary, open: OpenDocument): UpstreamDocuments | undefined {
  const find = (type: string): (() => AsyncIterable<Uint8Array>) | undefined => {
    const entry = repomd.data.find((one) => one.type === type);
    const file = metadata.get(entry?.path ?? '');
    return entry === undefined || file === undefined ? undefined : open(entry, file);
  };
  const [primary, filelists, other] = [find('primary'), find('filelists'), find('other')];
  if (primary === undefined || filelists === undefined || other === undefined) return undefined;
  return { primary, filelists, other };
}

function newestMs(data: readonly RepomdEntry[]): number | undefined {
  const seconds = data.flatMap(({ timestamp }) => timestamp ?? []);
  return seconds.length === 0 ? undefined : Math.floor(Math.max(...seconds)) * 1000;
}

function snapshotFile(file: { path: SnapshotFile['path']; sha256: Sha256; sizeBytes: number }): SnapshotFile {
  const checksum = file.path === REPOMD ? undefined : ({ type: 'sha256', digest: file.sha256 } as const);
  return { ...file, checksum };
}
