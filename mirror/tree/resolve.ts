// Finds a path in an image, name by name, following symbolic links that stay inside; reads directories through its caller.

import { isNo, Malformed, no } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import type { DirectoryName } from '../content/place.ts';
import type { IsoEntry, IsoFile } from './entry.ts';
import { segmentsOf } from './path.ts';
import type { DirectoryAt } from './volume.ts';

/** A directory of the image: names in the order of its records. */
export type IsoDirectory = ReadonlyMap<string, IsoEntry>;

export type IsoFound = IsoFile | { readonly kind: 'directory'; readonly names: readonly DirectoryName[] };

/** How directories are read. `keyOf` is the name to look up for a name asked for. */
export type Directories = {
  readonly root: DirectoryAt;
  load(at: DirectoryAt): Promise<IsoDirectory>;
  /** The place of the directory that begins at `block`. */
  locate(block: number): Promise<DirectoryAt>;
  keyOf(name: string): string;
};

const MAX_DEPTH = 64;
const MAX_HOPS = 40;
const MAX_STEPS = 4096;

type Chain = readonly [DirectoryAt, ...DirectoryAt[]];
type Reached = { readonly kind: 'directory'; readonly chain: Chain } | IsoFile;

/** What lies at `path`. A path that is not there, or a link that leads out, is a `No`; damage throws `Malformed`. */
export async function lookUp(directories: Directories, path: string): Promise<IsoFound | No> {
  const segments = segmentsOf(path);
  if (isNo(segments)) return segments;
  const reached = await walk(directories, [directories.root], segments);
  if (isNo(reached) || reached.kind === 'file') return reached;
  return { kind: 'directory', names: await listNames(directories, reached.chain) };
}

/** Walks from the last directory of `from`. `chain` is the way from the root to where we stand. */
async function walk(directories: Directories, from: Chain, segments: readonly string[]): Promise<Reached | No> {
  let chain = from;
  const ahead = segments.toReversed();
  let hops = 0;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const segment = ahead.pop();
    if (segment === undefined) return { kind: 'directory', chain };
    if (segment === '..') {
      const [root, ...below] = chain.slice(0, -1);
      if (root === undefined) return no('a symbolic link leads out of the tree');
      chain = [root, ...below];
      continue;
    }
    const entry = (await directories.load(last(chain))).get(directories.keyOf(segment));
    if (entry === undefined) return no('not in the tree');
    if (entry.kind === 'special') return no(`not a file to be served: ${entry.what}`);
    if (entry.kind === 'file') return ahead.length === 0 ? entry : no('not in the tree: a file is no directory');
    if (entry.kind === 'link') {
      hops += 1;
      if (hops > MAX_HOPS) return no('too many symbolic links');
      if (entry.target.absolute) return no('a symbolic link leads out of the tree');
      ahead.push(...entry.target.segments.toReversed());
      continue;
    }
    chain = descend(chain, entry.kind === 'moved' ? await directories.locate(entry.block) : entry.at);
  }
  return no('the path takes too many steps');
}

function descend(chain: Chain, child: DirectoryAt): Chain {
  if (chain.some(({ block }) => block === child.block)) {
    throw new Malformed('a directory contains itself', `block ${child.block}`);
  }
  if (chain.length > MAX_DEPTH) throw new Malformed('directories are nested too deep', `block ${child.block}`);
  return [...chain, child];
}

/** The names of a directory; links stand for what they lead to, and what cannot be served is left out. */
async function listNames(directories: Directories, chain: Chain): Promise<readonly DirectoryName[]> {
  const names: DirectoryName[] = [];
  for (const [name, entry] of await directories.load(last(chain))) {
    if (entry.kind === 'special') continue;
    const reached = entry.kind === 'link' ? await walk(directories, chain, [name]) : entry;
    if (isNo(reached)) continue;
    if (reached.kind === 'file') names.push({ name, kind: 'file', sizeBytes: reached.sizeBytes });
    else names.push({ name, kind: 'directory', sizeBytes: 0 });
  }
  return names;
}

function last(chain: Chain): DirectoryAt {
  return chain.at(-1) ?? chain[0];
}
