// What an upstream's repomd.xml leads to, as far as it goes: each file by itself, what is wrong told, nothing believed unproved. Running.

import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import { checksumKey, type ChecksumType } from '../rpm/checksum.ts';
import { parseHref, type RelativePath } from '../rpm/href.ts';
import { parsePrimary, type PrimaryPackage } from '../rpm/primary.ts';
import { parseRepomd, REPOMD_LIMIT_BYTES, type Repomd, type RepomdEntry } from '../rpm/repomd.ts';
import { bringFiles } from '../sync/bring.ts';
import type { FoundRepomd, RoundEdges } from '../sync/edges.ts';
import { inSlices } from '../sync/parallel.ts';
import type { WantedFile } from '../sync/plan.ts';
import { fetchSmall } from '../sync/small.ts';
import { proveUnpacked, unpackMetadata } from '../sync/unpacked.ts';
import { passDoctype, withoutDoctype } from './doctype.ts';
import type { Flaws } from './evidence.ts';

export type Documents = {
  /** As upstream sent it. */
  readonly found: FoundRepomd | undefined;
  readonly repomd: Repomd | undefined;
  /** The files it names that are what it says, by path. */
  readonly metadata: ReadonlyMap<string, SnapshotFile>;
  /** The entries of these files. */
  readonly sound: readonly RepomdEntry[];
  readonly packages: readonly PrimaryPackage[];
  /** `no`: there may be packages that it did not come to. */
  readonly isListWhole: 'yes' | 'no';
};

type Edges = RoundEdges & { readonly flaws: Flaws };

export const REPOMD = parseHref('repodata/repomd.xml', 'repomd.xml');
/** A repository has all three; yum of EL6 has no use for one that it cannot unpack. */
const DOCUMENTS = ['primary', 'filelists', 'other'];
const WEAK: readonly ChecksumType[] = ['md5', 'sha1'];
const LIMIT_PACKAGES = 500_000;

/** Reads all that can be read. Throws `SyncFault` where upstream does not answer. */
export async function readDocuments(edges: Edges): Promise<Documents> {
  const found = await fetchRepomd(edges);
  const repomd = found === undefined ? undefined : parseLeniently(found.bytes, edges);
  if (repomd === undefined) {
    return { found, repomd, metadata: new Map(), sound: [], packages: [], isListWhole: 'no' };
  }
  const metadata = await bringMetadata(repomd, edges);
  const sound = await findSound(repomd, metadata, edges);
  judgeDocuments(repomd, sound, edges);
  const list = await readList(sound, metadata, edges);
  return { found, repomd, metadata, sound, ...list };
}

async function fetchRepomd({ upstream, signal, flaws }: Edges): Promise<FoundRepomd | undefined> {
  const request = { path: REPOMD, limitBytes: REPOMD_LIMIT_BYTES, redirects: 'anywhere', signal } as const;
  try {
    const answer = await fetchSmall(upstream, request);
    if (answer.kind === 'bytes') return answer;
    flaws.add('missing', REPOMD, answer.reason);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    flaws.add('unreadable', REPOMD, error.message);
  }
  return undefined;
}

function parseLeniently(bytes: Uint8Array, { flaws }: Edges): Repomd | undefined {
  try {
    const stripped = withoutDoctype(Buffer.from(bytes).toString('latin1'));
    if (stripped === undefined) return parseRepomd(bytes);
    const repomd = parseRepomd(Buffer.from(stripped, 'latin1'));
    flaws.add('unreadable', REPOMD, 'it has a document type, which was passed over');
    return repomd;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    flaws.add('unreadable', REPOMD, error.message);
    return undefined;
  }
}

async function bringMetadata(repomd: Repomd, edges: Edges): Promise<ReadonlyMap<string, SnapshotFile>> {
  const wanted = await distinct(repomd.data, edges);
  const files = await bringFiles(wanted, async () => undefined, { ...edges, onGone: goneTo(edges.flaws) });
  await edges.staging.settle();
  return new Map(files.map((file) => [file.path, file]));
}

/** The hearer of files that are left out: `onGone` of a sync's edges. */
export function goneTo(flaws: Flaws): NonNullable<RoundEdges['onGone']> {
  return ({ path }, fault) => flaws.add('gone', path, fault.message.replace(`${path}: `, ''));
}

/** Each path once, and each content of one size: of those that contradict each other the first counts. */
export async function distinct<Item extends WantedFile>(
  items: readonly Item[],
  { flaws, breathe }: Pick<Edges, 'flaws' | 'breathe'>,
): Promise<readonly Item[]> {
  const byPath = new Map<string, Item>();
  const sizes = new Map<string, number | undefined>();
  await inSlices(items, breathe, (item) => {
    const { path, checksum, sizeBytes } = item;
    const other = byPath.get(path);
    const key = checksumKey(checksum);
    if (other !== undefined && other.checksum.digest === checksum.digest) return;
    if (other !== undefined) flaws.add('twice', path, 'it is listed with two contents: the first was taken');
    else if (sizes.has(key) && sizes.get(key) !== sizeBytes) {
      flaws.add('unreadable', path, 'its content is listed with two sizes: the first was taken');
    } else {
      byPath.set(path, item);
      sizes.set(key, sizeBytes);
    }
  });
  return [...byPath.values()];
}

async function findSound(
  { data }: Repomd,
  metadata: ReadonlyMap<string, SnapshotFile>,
  edges: Edges,
): Promise<readonly RepomdEntry[]> {
  const sound: RepomdEntry[] = [];
  for (const entry of data) {
    if (!metadata.has(entry.path)) continue;
    try {
      await proveUnpacked([entry], metadata, edges);
      sound.push(entry);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      edges.flaws.add('unreadable', entry.path, error.message);
    }
  }
  return sound;
}

function judgeDocuments({ data }: Repomd, sound: readonly RepomdEntry[], { flaws }: Edges): void {
  for (const type of DOCUMENTS) {
    const entry = sound.find((one) => one.type === type);
    if (!data.some((one) => one.type === type)) flaws.add('missing', REPOMD, `it names no ${type}`);
    if (entry !== undefined && /\.(?:xz|zst|zck)$/.test(entry.path)) {
      flaws.add('packed', entry.path, 'yum of EL6 cannot unpack it, and the repository has it in no other form');
    }
  }
  const weak = data.find(({ checksum }) => WEAK.includes(checksum.type));
  if (weak !== undefined) flaws.add('weak', REPOMD, `its files are proved by ${weak.checksum.type} alone`);
}

type List = Pick<Documents, 'packages' | 'isListWhole'>;

/** The packages of primary up to where it can be read. */
async function readList(
  sound: readonly RepomdEntry[],
  metadata: ReadonlyMap<string, SnapshotFile>,
  edges: Edges,
): Promise<List> {
  const entry = sound.find(({ type }) => type === 'primary');
  const file = metadata.get(entry?.path ?? '');
  if (entry === undefined || file === undefined) return { packages: [], isListWhole: 'no' };
  const { flaws, breathe } = edges;
  const packages: PrimaryPackage[] = [];
  const onPassed = (): void => flaws.add('unreadable', entry.path, 'it has a document type, which was passed over');
  try {
    for await (const found of parsePrimary(passDoctype(unpackMetadata(entry, file, edges), onPassed), breathe)) {
      packages.push(found);
      if (packages.length > LIMIT_PACKAGES) throw new Malformed('too many packages', entry.path);
    }
    const weak = packages.find(({ checksum }) => WEAK.includes(checksum.type));
    if (weak !== undefined) flaws.add('weak', entry.path, `its packages are proved by ${weak.checksum.type} alone`);
    return { packages, isListWhole: 'yes' };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    flaws.add('unreadable', entry.path, error.message);
    return { packages, isListWhole: 'no' };
  }
}

/** Is it a place of the snapshot's own metadata, or of upstream's? */
export function isTaken(path: RelativePath): boolean {
  return /^(?:repodata|upstream-repodata|upstream-files)(?:\/|$)/.test(path);
}
