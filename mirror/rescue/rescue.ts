// From a poor upstream to the content of a snapshot: what is there, proved, under metadata that every client reads, and what was wrong with it.

import type { SnapshotFile } from '../content/layout.ts';
import { makeMetadata, type MadeMetadata, type MetadataFile } from '../metadata/make.ts';
import { isFiltering } from '../metadata/select.ts';
import { sha256Of, type Sha256 } from '../rpm/checksum.ts';
import { parseHref } from '../rpm/href.ts';
import type { FoundRepomd, RoundContent, RoundEdges } from '../sync/edges.ts';
import { assembleSnapshot } from '../sync/plan.ts';
import { bringRepomd } from '../sync/repomd.ts';
import { SyncFault } from '../sync/upstream.ts';
import { crawl, type Crawled } from './crawl.ts';
import { readDocuments, REPOMD, type Documents } from './documents.ts';
import {
  collectFlaws,
  digestOfAll,
  pictureOf,
  renderEvidence,
  type Evidence,
  type Flaws,
  type Looked,
} from './evidence.ts';
import { bringExtras, type BroughtExtras } from './extras.ts';
import { isAsLooked } from './look.ts';
import { bringPackages, type BroughtPackages } from './packages.ts';

type Edges = RoundEdges & { readonly flaws: Flaws };

const LIMIT_ROUNDS = 4;
const NOTHING: Crawled = { packages: [], metadata: [], looked: [] };

/**
 * Brings what there is. An upstream in which nothing is wrong gives its own metadata, byte for byte, as without a rescue. `before` is
 * the evidence of the snapshot before. Throws `SyncFault` where upstream does not answer, has not one sound package, or a
 * signature that is asked for is bad.
 */
export async function rescueContent(before: Evidence | undefined, edges: RoundEdges): Promise<RoundContent> {
  for (let rounds = 0; rounds < LIMIT_ROUNDS; rounds += 1) {
    const content = await rescueRound(before, { ...edges, flaws: collectFlaws() });
    if (content !== undefined) return content;
    edges.log.info('upstream changed during the rescue; planning again', { round: rounds + 1 });
  }
  throw new SyncFault(REPOMD, `upstream changed ${LIMIT_ROUNDS} times during the sync`, {
    remedy: 'sync again when upstream has ended publishing',
  });
}

/** Undefined where upstream changed meanwhile. */
async function rescueRound(before: Evidence | undefined, edges: Edges): Promise<RoundContent | undefined> {
  const documents = await readDocuments(edges);
  const crawled = documents.isListWhole === 'yes' ? NOTHING : await crawl(edges);
  edges.progress.begin('packages');
  const known = new Map(before?.unlisted.map((one) => [one.path, one]));
  const wanted = { listed: documents.packages, found: crawled.packages, before: known };
  const packages = await bringPackages(wanted, edges);
  requireSome(packages, edges);
  const extras = await bringExtras(documents, crawled.metadata, edges);
  await edges.staging.settle();
  const looked = [...lookedAtRepomd(documents), ...crawled.looked, ...extras.looked];
  const { found } = documents;
  const own = found === undefined ? [] : await bringRepomd(found, undefined, edges);
  const rescued: Rescued = { documents, packages, extras, looked, own };
  const isSound = edges.flaws.count() === 0 && !isFiltering(edges.repo.filter);
  const content =
    isSound && found !== undefined ? await asItIs(rescued, found, edges) : await madeAnew(rescued, before, edges);
  // A clock on an index page is no change: only what a page leads to would be another then, and that was looked at just now.
  return (await isAsLooked(lookedAtRepomd(documents), edges)) ? content : undefined;
}

type Rescued = {
  readonly documents: Documents;
  readonly packages: BroughtPackages;
  readonly extras: BroughtExtras;
  readonly looked: readonly Looked[];
  /** repomd.xml and what signs it, as upstream has them. */
  readonly own: readonly SnapshotFile[];
};

function requireSome({ files }: BroughtPackages, { flaws }: Edges): void {
  if (files.length > 0) return;
  const some = flaws
    .all()
    .slice(0, 3)
    .map(({ where, reason }) => `${where}: ${reason}`);
  throw new SyncFault(REPOMD, `there is not one package to rescue (${some.join('; ')})`, {
    remedy: 'give the URL of the directory that holds repodata/, or whose index page lists the packages',
  });
}

function lookedAtRepomd({ found }: Documents): readonly Looked[] {
  if (found === undefined) return [];
  const { bytes, etag, lastModified } = found;
  return [{ path: REPOMD, sha256: sha256Of(bytes), etag, lastModified }];
}

async function asItIs({ documents, packages, own }: Rescued, repomd: FoundRepomd, edges: Edges): Promise<RoundContent> {
  const files = await assembleSnapshot([...documents.metadata.values(), ...own, ...packages.files], edges.breathe);
  return { files, revision: documents.repomd?.revision, packages: documents.packages.length, repomd };
}

async function madeAnew(rescued: Rescued, before: Evidence | undefined, edges: Edges): Promise<RoundContent> {
  const { documents, packages, looked } = rescued;
  const of = madeOf(rescued);
  // The same packages have the same metadata, and no older one than clients have seen.
  const atMs = before?.made.of === of ? before.made.atMs : Math.max(edges.now(), before?.made.atMs ?? 0);
  const made = await makeTheirs(rescued, atMs, edges);
  for (const { path, reason } of made.left) edges.flaws.add('unreadable', path, reason);
  const listed = new Set<string>(made.listed.map(({ path }) => path));
  const kept = packages.files.filter(({ path }) => listed.has(path));
  requireSome({ ...packages, files: kept }, edges);
  const originals = [...rescued.own, ...documents.metadata.values()].map(asOriginal);
  await edges.staging.settle();
  tell(made, edges);
  const evidence: Evidence = {
    flaws: edges.flaws.all(),
    more: edges.flaws.count() - edges.flaws.all().length,
    looked,
    unlisted: packages.unlisted,
    originals: originals.map(({ path, sha256 }) => ({ path, sha256 })),
    made: { of, atMs },
  };
  return {
    files: await assembleSnapshot([...made.files.map(asSnapshotFile), ...kept, ...originals], edges.breathe),
    revision: documents.repomd?.revision,
    packages: kept.length,
    repomd: { bytes: Buffer.from(pictureOf(looked)), etag: undefined, lastModified: undefined },
    evidence: renderEvidence(evidence),
  };
}

function madeOf({ packages, extras }: Rescued): Sha256 {
  return digestOfAll([...packages.files.map(({ path, sha256 }) => `${path} ${sha256}`), ...extras.contents]);
}

async function makeTheirs(
  { documents, packages, extras }: Rescued,
  nowMs: number,
  edges: Edges,
): Promise<MadeMetadata> {
  const { signal, staging, breathe } = edges;
  const metadataEdges = await edges.metadata?.({ staging, breathe, signal });
  if (metadataEdges === undefined) throw new SyncFault(REPOMD, 'nothing here makes metadata for a rescued repo');
  const distinct = [...new Map(packages.files.map((file) => [file.path, file])).values()];
  const revision = documents.repomd?.revision;
  // From the packages themselves: documents of a poor upstream may say anything of them.
  const request = { packages: distinct, extras: extras.extras, revision, nowMs, upstream: undefined };
  return makeMetadata(request, metadataEdges);
}

function tell({ notice }: MadeMetadata, { flaws, repo, notes }: Edges): void {
  notes.add([notice]);
  const [first] = flaws.all();
  if (first === undefined) return;
  const text = `${first.where}: ${first.reason}`;
  notes.add([
    `upstream is poor in ${flaws.count()} ways, first ${text}; all of them: kickstand repo snapshots ${repo.name} --evidence`,
  ]);
}

/** Evidence lies beside the packages, where no client looks: a repository is its `repodata`. */
function asOriginal(file: SnapshotFile): SnapshotFile {
  const name = file.path.startsWith('repodata/') ? `upstream-${file.path}` : `upstream-files/${file.path}`;
  return { ...file, path: parseHref(name.split('/').map(encodeURIComponent).join('/'), 'upstream') };
}

function asSnapshotFile(file: MetadataFile): SnapshotFile {
  const checksum = file.path === REPOMD ? undefined : ({ type: 'sha256', digest: file.sha256 } as const);
  return { ...file, checksum };
}
