// New metadata for packages in the pool, with its repomd.xml, by whichever program is there. Running: files, saving and createrepo_c are handed in.

// For the sync: settle the staging area first, so that every package lies in the pool under its own name, and again after.
//   selectPackages (select.ts), or startSelection where many candidates are read in slices: which packages a filter chooses.
//   chooseExtras (extras.ts): what of upstream's repomd.xml to hand in as extras.
//   makeMetadata(request, edges) → files and listed: the whole snapshot, with nothing else of upstream's repodata.
// The edges: openPackages and saveDocuments of store.ts, findCreaterepo of createrepo/store.ts, one for each process.

import { Malformed, messageOf } from '../../server/malformed.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import type { RepomdEntry } from '../rpm/repomd.ts';
import type { SaveFile } from './document.ts';
import { DOCUMENT_TYPES } from './elements.ts';
import { passOn, type Extra } from './extras.ts';
import { filterMetadata, type UpstreamDocuments } from './filter.ts';
import { checkPackages, describeAll, type LeftOut, type MetadataPackage, type PackageEdges } from './packages.ts';
import { entryOf, metadataPath, renderRepomd } from './repomd.ts';
import { makeTheirs, ProgramFailed, type Createrepo } from './theirs.ts';
import { writePackages, type Documents } from './write.ts';

export type MetadataRequest = {
  /** Each path once. */
  readonly packages: readonly MetadataPackage[];
  readonly extras: readonly Extra[];
  /** What repomd.xml says; the seconds of `nowMs` where it is undefined. */
  readonly revision: string | undefined;
  /** Milliseconds since 1970: the time of every metadata file. */
  readonly nowMs: number;
  /** Upstream's own documents, where they are whole: a filtered repo then needs no package read. */
  readonly upstream: UpstreamDocuments | undefined;
};

export type MetadataEdges = PackageEdges & {
  readonly save: SaveFile;
  readonly signal: AbortSignal;
  readonly createrepo: Createrepo | undefined;
};

/** A file of the repository, in the pool. */
export type MetadataFile = MetadataPackage;

export type MadeMetadata = {
  /** All of `repodata`, repomd.xml last. */
  readonly files: readonly MetadataFile[];
  /** The packages that it lists: those asked for but what is `left`. */
  readonly listed: readonly MetadataPackage[];
  /** What could not be listed or passed on, and why. */
  readonly left: readonly LeftOut[];
  /** Which program wrote it, and why another did not. */
  readonly madeBy: string;
  /** What an operator must know of it. */
  readonly notice: string;
};

const NOTICE = 'The metadata was made here: upstream’s signature of repomd.xml does not cover it and is left out.';
const OWN = 'Kickstand';

/**
 * Makes the metadata of `packages` and saves it. createrepo_c writes it where there is one; else this program does, from
 * upstream's documents where they are handed in, else from the packages: the content is the same. Packages that cannot be
 * read are left out, with the reason. Throws what `edges` throw.
 */
export async function makeMetadata(request: MetadataRequest, edges: MetadataEdges): Promise<MadeMetadata> {
  const { documents, madeBy, listed, left } = await makeDocuments(request, edges);
  const at = Math.floor(request.nowMs / 1000);
  const own = DOCUMENT_TYPES.map((type) => entryOf(type, { ...documents[type], name: `${type}.xml.gz` }, at));
  const extras = await passOnAll(request.extras, at, edges);
  const data = [...own, ...extras.entries];
  const text = renderRepomd({ revision: request.revision ?? String(at), data });
  const repomd = { path: metadataPath('repomd.xml'), ...(await edges.save(one(Buffer.from(text)))) };
  return { files: [...filesOf(data), repomd], listed, left: [...left, ...extras.left], madeBy, notice: NOTICE };
}

type Made = Pick<MadeMetadata, 'listed' | 'left' | 'madeBy'> & { readonly documents: Documents };

async function makeDocuments(request: MetadataRequest, edges: MetadataEdges): Promise<Made> {
  const { packages, upstream } = request;
  const { createrepo } = edges;
  const reasons: string[] = [];
  if (createrepo === undefined && upstream !== undefined) {
    const chosen = new Set(packages.map(({ path }) => path));
    const filtered = await attempt(filterMetadata(upstream, chosen, edges), edges);
    const madeBy = `${OWN}, from upstream’s metadata`;
    if (filtered.kind === 'done') return { documents: filtered.value, madeBy, listed: packages, left: [] };
    reasons.push(`upstream’s metadata was not used: ${filtered.reason}`);
  }
  const { listed, left } = await checkPackages(packages, edges);
  if (createrepo !== undefined) {
    const theirs = await attempt(makeTheirs(createrepo, listed, edges), edges);
    if (theirs.kind === 'done') return { documents: theirs.value, madeBy: createrepo.name, listed, left };
    reasons.push(`${createrepo.name} was not used: ${theirs.reason}`);
  }
  const documents = await writePackages(describeAll(listed, edges), listed.length, edges);
  return { documents, madeBy: [OWN, ...reasons].join('; '), listed, left };
}

type Attempt<Value> =
  { readonly kind: 'done'; readonly value: Value } | { readonly kind: 'not'; readonly reason: string };

/** Another way is open where `work` fails for what it reads; a stop and a fault of our own are nobody's to pass over. */
async function attempt<Value>(work: Promise<Value>, { signal }: MetadataEdges): Promise<Attempt<Value>> {
  try {
    return { kind: 'done', value: await work };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Malformed || error instanceof ProgramFailed)) throw error;
    return { kind: 'not', reason: messageOf(error) };
  }
}

async function passOnAll(
  extras: readonly Extra[],
  at: number,
  edges: MetadataEdges,
): Promise<{ readonly entries: readonly RepomdEntry[]; readonly left: readonly LeftOut[] }> {
  const entries: RepomdEntry[] = [];
  const left: LeftOut[] = [];
  for (const extra of extras) {
    try {
      entries.push(...(await passOn(extra, at, edges)));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      left.push({ path: extra.name, reason: error.message });
    }
  }
  return { entries, left };
}

function filesOf(data: readonly RepomdEntry[]): readonly MetadataFile[] {
  return data.map(({ path, checksum, sizeBytes = 0 }) => ({ path, sha256: checksum.digest as Sha256, sizeBytes }));
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
