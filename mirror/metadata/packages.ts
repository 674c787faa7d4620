// The packages that metadata is made for: opened, described, and those told apart that cannot be. Running: opening files is handed in.

import { Malformed } from '../../server/malformed.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import { readRpmHeaders } from '../rpm/package.ts';
import type { ByteSource } from '../rpm/source.ts';
import { describePackage, METADATA_LIMITS } from './describe.ts';
import { inListOrder, type PlacedPackage } from './elements.ts';

/** A package of the repository that metadata is made for, in the pool. */
export type MetadataPackage = { readonly path: RelativePath; readonly sha256: Sha256; readonly sizeBytes: number };

/** Something that is not in the metadata, and why. */
export type LeftOut = { readonly path: string; readonly reason: string };

/** A package's file, opened. */
export type PackageFile = { readonly source: ByteSource; readonly modifiedMs: number; close(): Promise<void> };

export type PackageEdges = {
  /** Opens a file of the pool. */
  readonly open: (sha256: Sha256) => Promise<PackageFile>;
  /** Lets everything else that waits have its turn; rejects where there is no use in going on. */
  readonly breathe: () => Promise<void>;
};

const AT_ONCE = 4;
const BREATH_PACKAGES = 32;

/** Reads all `packages` and tells apart those that metadata can list, in the order it lists them. Throws `Malformed` where a path comes twice. */
export async function checkPackages(
  packages: readonly MetadataPackage[],
  edges: PackageEdges,
): Promise<{ readonly listed: readonly MetadataPackage[]; readonly left: readonly LeftOut[] }> {
  const listed: MetadataPackage[] = [];
  const left: LeftOut[] = [];
  for await (const { item, found } of readAhead(distinctInOrder(packages), edges)) {
    if ('description' in found) listed.push(item);
    else left.push({ path: item.path, reason: found.message });
  }
  return { listed, left };
}

/** The descriptions of packages that were checked, in their order. */
export async function* describeAll(
  packages: readonly MetadataPackage[],
  edges: PackageEdges,
): AsyncGenerator<PlacedPackage> {
  for await (const { found } of readAhead(packages, edges)) {
    if (!('description' in found)) throw found;
    yield found;
  }
}

function distinctInOrder(packages: readonly MetadataPackage[]): readonly MetadataPackage[] {
  const sorted = inListOrder(packages);
  const twice = sorted.find((item, index) => item.path === sorted[index + 1]?.path);
  if (twice !== undefined) throw new Malformed('a path is given twice', twice.path);
  return sorted;
}

type Read = { readonly item: MetadataPackage; readonly found: PlacedPackage | Malformed };

/** Reads a few at a time, answers in order. */
async function* readAhead(packages: readonly MetadataPackage[], edges: PackageEdges): AsyncGenerator<Read> {
  const running: Promise<Read>[] = [];
  try {
    for (const [index, item] of packages.entries()) {
      if (index % BREATH_PACKAGES === 0) await edges.breathe();
      const reading = readPlaced(item, edges);
      // Whoever waits for it is told; until then nobody need be.
      reading.catch(() => undefined);
      running.push(reading);
      const first = running.length < AT_ONCE ? undefined : running.shift();
      if (first !== undefined) yield await first;
    }
    for (const reading of running.splice(0)) yield await reading;
  } finally {
    await Promise.allSettled(running);
  }
}

async function readPlaced(item: MetadataPackage, edges: PackageEdges): Promise<Read> {
  const file = await edges.open(item.sha256);
  try {
    const source = { ...file.source, where: item.path };
    if (source.sizeBytes !== item.sizeBytes) throw new Malformed('a file of another size', item.path);
    const description = describePackage(await readRpmHeaders(source, METADATA_LIMITS), item.path);
    return { item, found: { ...item, description, modifiedMs: file.modifiedMs } };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { item, found: error };
  } finally {
    await file.close();
  }
}
