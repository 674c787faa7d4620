// The packages of a poor upstream, in the pool and proved: those that metadata lists by its checksums, the others by themselves. Running.

import type { SnapshotFile } from '../content/layout.ts';
import { isFiltering, selectPackages, type Candidate } from '../metadata/select.ts';
import { checksumKey } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import type { PrimaryPackage } from '../rpm/primary.ts';
import { bringFiles, type Prove } from '../sync/bring.ts';
import type { RoundEdges } from '../sync/edges.ts';
import { named, proveNames } from '../sync/names.ts';
import { inParallel, inSlices } from '../sync/parallel.ts';
import { packageProof } from '../sync/signed.ts';
import { distinct, goneTo, isTaken } from './documents.ts';
import type { Flaws, Unlisted } from './evidence.ts';
import { bringUnlisted, type Brought } from './unlisted.ts';

export type Wanted = {
  /** As metadata lists them. */
  readonly listed: readonly PrimaryPackage[];
  /** As directories list them. */
  readonly found: readonly RelativePath[];
  /** Of an earlier snapshot, by path. */
  readonly before: ReadonlyMap<string, Unlisted>;
};

export type BroughtPackages = {
  /** In the pool, not settled yet. */
  readonly files: readonly SnapshotFile[];
  readonly unlisted: readonly Unlisted[];
};

type Edges = RoundEdges & { readonly flaws: Flaws };
const PROVED_AT_ONCE = 2;

/**
 * Brings what can be had, chosen by the site's filter. What is not there, or is not what it should be, is told and left out; a
 * package whose signature is asked for and bad fails the sync, as everywhere (`SyncFault`).
 */
export async function bringPackages({ listed, found, before }: Wanted, edges: Edges): Promise<BroughtPackages> {
  const { flaws } = edges;
  const usable = (await distinct(listed, edges)).filter((one) => isUsable(one.path, flaws));
  const paths = new Set<string>(usable.map(({ path }) => path));
  const prove = await packageProof(edges);
  const others = found.filter((path) => !paths.has(path) && isUsable(path, flaws));
  const loose = await bringLoose(others, before, edges);
  const { files, chosen } = await bringListed({ usable, loose }, prove, edges);
  const own = chosen.map(fileOf);
  await inParallel(own, { atOnce: PROVED_AT_ONCE, signal: edges.signal }, prove);
  const all = [...files, ...own];
  await tellTwins([...usable, ...chosen.map(({ named, path }) => ({ ...named, path }))], all, edges);
  return { files: all, unlisted: chosen.map(({ seen }) => seen) };
}

function isUsable(path: RelativePath, flaws: Flaws): boolean {
  if (!isTaken(path)) return true;
  flaws.add('refused', path, 'a package where metadata lies');
  return false;
}

async function bringLoose(
  paths: readonly RelativePath[],
  before: Wanted['before'],
  edges: Edges,
): Promise<readonly Brought[]> {
  const { flaws, repo, signal, upstream } = edges;
  if (paths.length === 0) return [];
  const claims = await edges.staging.claims();
  // A signature that is asked for vouches for a package wherever it lies.
  const redirects = repo.trust.checks.includes('packages') ? 'anywhere' : 'own-server';
  const brought = await inParallel(paths, { atOnce: upstream.connections, signal }, async (path, stop) => {
    const end = await bringUnlisted(path, before.get(path), { ...edges, signal: stop, claims, redirects });
    if (end.kind === 'package') {
      if (end.proved === 'no') flaws.add('unsure', path, 'it carries no digest over its payload');
      return [end];
    }
    flaws.add(end.what, path, end.reason);
    return [];
  });
  return brought.flat();
}

type Choice = { readonly usable: readonly PrimaryPackage[]; readonly loose: readonly Brought[] };

/** What is gone makes room for what the filter then chooses instead: an older version is better than none. */
async function bringListed(
  { usable, loose }: Choice,
  prove: Prove,
  edges: Edges,
): Promise<{ readonly files: readonly SnapshotFile[]; readonly chosen: readonly Brought[] }> {
  const files = new Map<string, SnapshotFile>();
  const lost = new Set<string>();
  for (;;) {
    const left = usable.filter(({ path }) => !lost.has(path));
    const chosen = choose([...left, ...loose.map(({ named }) => named)], edges);
    const wanted = left.filter((_one, at) => chosen.has(at));
    const missing = wanted.filter(({ path }) => !files.has(path));
    const before = lost.size;
    const gone = (path: string): void => void lost.add(path);
    for (const file of await bringOnce(missing, { prove, gone }, edges)) files.set(file.path, file);
    if (lost.size > before) continue;
    const brought = wanted.flatMap(({ path }) => files.get(path) ?? []);
    await proveNames(wanted.map(named), brought, edges);
    return {
      files: brought,
      chosen: loose.filter((_one, at) => chosen.has(left.length + at)),
    };
  }
}

function choose(candidates: readonly Candidate[], { repo }: Edges): ReadonlySet<number> {
  if (!isFiltering(repo.filter)) return new Set(candidates.keys());
  return new Set(selectPackages(repo.filter, candidates).chosen);
}

type Once = { readonly prove: Prove; readonly gone: (path: string) => void };

/** One content under two names is asked for under the first: where that is gone, under the next. */
async function bringOnce(
  wanted: readonly PrimaryPackage[],
  { prove, gone }: Once,
  edges: Edges,
): Promise<readonly SnapshotFile[]> {
  const files: SnapshotFile[] = [];
  const tell = goneTo(edges.flaws);
  let rest = wanted;
  while (rest.length > 0) {
    const lost = new Set<string>();
    const keys = new Set<string>();
    const onGone: NonNullable<RoundEdges['onGone']> = (file, fault) => {
      lost.add(file.path);
      keys.add(checksumKey(file.checksum));
      gone(file.path);
      tell(file, fault);
    };
    const asked = rest.map(({ path, checksum, sizeBytes }) => ({ path, checksum, sizeBytes }));
    files.push(...(await bringFiles(asked, prove, { ...edges, onGone })));
    rest = rest.filter(({ path, checksum }) => keys.has(checksumKey(checksum)) && !lost.has(path));
  }
  return files;
}

function fileOf({ path, sizeBytes, seen: { sha256 } }: Brought): SnapshotFile {
  return { path, sizeBytes, sha256, checksum: { type: 'sha256', digest: sha256 } };
}

type Named = Candidate & { readonly path: RelativePath };

/** Both stay, as createrepo_c lists them: which is the right one is not for a mirror to say. */
async function tellTwins(
  names: readonly Named[],
  files: readonly SnapshotFile[],
  { flaws, breathe }: Edges,
): Promise<void> {
  const contents = new Map<string, string>(files.map(({ path, sha256 }) => [path, sha256]));
  const first = new Map<string, Named>();
  await inSlices(names, breathe, (twin) => {
    if (!contents.has(twin.path)) return;
    const key = [twin.name, twin.epoch, twin.version, twin.release, twin.arch].join(' ');
    const other = first.get(key) ?? twin;
    first.set(key, other);
    if (contents.get(other.path) === contents.get(twin.path)) return;
    flaws.add('twice', twin.path, `the same package, with another content, is ${other.path}`);
  });
}
