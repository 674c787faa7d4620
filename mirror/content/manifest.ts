// `<id>.manifest`: which contents a snapshot holds under which paths. Pure, and in slices: 50,000 lines hold nothing up.

import { createHash } from 'node:crypto';
import { Malformed } from '../../server/malformed.ts';
import { asSha256, checksumKey, parseChecksumKey, type Sha256 } from '../rpm/checksum.ts';
import { encodePath, parseHref } from '../rpm/href.ts';
import type { SnapshotFile } from './layout.ts';

/** Lets everything else have its turn. */
export type Breathe = () => Promise<void>;

/** A few milliseconds of work. */
const SLICE = 1000;
/** Longer than any line that is written: a path has at most 1,024 bytes, each at most three characters. */
const LIMIT_LINE = 4096;

/** The files in the order of a manifest: by path, as JavaScript compares strings. */
export async function sortFiles(files: readonly SnapshotFile[], breathe: Breathe): Promise<readonly SnapshotFile[]> {
  let runs: (readonly SnapshotFile[])[] = [];
  for (const slice of slices(files)) {
    runs.push(slice.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)));
    await breathe();
  }
  while (runs.length > 1) {
    const merged: (readonly SnapshotFile[])[] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], breathe));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(
  left: readonly SnapshotFile[],
  right: readonly SnapshotFile[],
  breathe: Breathe,
): Promise<readonly SnapshotFile[]> {
  const merged: SnapshotFile[] = [];
  let [l, r] = [0, 0];
  while (merged.length < left.length + right.length) {
    const [a, b] = [left[l], right[r]];
    if (a !== undefined && (b === undefined || a.path <= b.path)) {
      merged.push(a);
      l += 1;
    } else if (b !== undefined) {
      merged.push(b);
      r += 1;
    }
    if (merged.length % SLICE === 0) await breathe();
  }
  return merged;
}

/** One digest for a whole content: the same files under the same names give the same. `sorted` is of `sortFiles`. */
export async function contentDigest(sorted: readonly SnapshotFile[], breathe: Breathe): Promise<string> {
  const hash = createHash('sha256');
  for (const slice of slices(sorted)) {
    hash.update(slice.map((file) => `${file.sha256} ${file.path}\n`).join(''));
    await breathe();
  }
  return hash.digest('hex');
}

/** The manifest's text in pieces: a line per file, `sha256 size declared-checksum-or-dash encoded-path`. `sorted` is of `sortFiles`. */
export function* renderManifest(sorted: readonly SnapshotFile[]): Generator<string> {
  const line = (file: SnapshotFile): string => {
    const declared = file.checksum === undefined ? '-' : checksumKey(file.checksum);
    return `${file.sha256} ${file.sizeBytes} ${declared} ${encodePath(file.path)}\n`;
  };
  for (const slice of slices(sorted)) yield slice.map(line).join('');
}

/** Reads what `renderManifest` wrote, piece by piece as it comes. Throws `Malformed`. */
export async function* parseManifest(chunks: AsyncIterable<string>): AsyncGenerator<readonly SnapshotFile[]> {
  let before = 0;
  for await (const lines of linesOf(chunks)) {
    yield lines.map((line, index) => parseLine(line, `manifest, line ${before + index + 1}`));
    before += lines.length;
  }
}

/** The contents alone that a manifest names: a tenth of the work of reading all of it. Throws `Malformed`. */
export async function* parseContents(chunks: AsyncIterable<string>): AsyncGenerator<readonly PoolFile[]> {
  for await (const lines of linesOf(chunks)) yield lines.map((line) => parseContent(line, 'manifest'));
}

/** A content by its name in the pool. */
export type PoolFile = { readonly sha256: Sha256; readonly sizeBytes: number };

function parseContent(line: string, where: string): PoolFile {
  const [name = '', size = ''] = line.split(' ', 2);
  const sha256 = asSha256(name);
  if (sha256 === undefined || !/^\d{1,15}$/.test(size)) throw new Malformed('not a manifest line', where);
  return { sha256, sizeBytes: Number(size) };
}

function parseLine(line: string, where: string): SnapshotFile {
  const content = parseContent(line, where);
  const [, , declared = '', path = ''] = line.split(' ');
  const checksum = declared === '-' ? undefined : parseChecksumKey(declared, where);
  return { path: parseHref(path, where), ...content, checksum };
}

/** Whole lines, at most a slice of them at once. A text that ends in mid-line was cut. */
async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LIMIT_LINE) throw new Malformed('a line is too long', 'manifest');
    yield* slices(lines);
  }
  if (rest !== '') throw new Malformed('it ends within a line', 'manifest');
}

function* slices<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += SLICE) yield items.slice(at, at + SLICE);
}
