// What the sync bench mirrors: RPM files in the sizes of a real repository, with createrepo_c's metadata.

import { randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../test/support/lab-run.ts';
import { rpmBytes } from './rpm-file.ts';

export type SyncContent = { readonly packages: number; readonly bytes: number };

const MEDIAN_BYTES = 40 * 1024;
/** Of the sizes' logarithms. With it the mean is three times the median, as in distributions. */
const SPREAD = 1.48;
const LARGEST_BYTES = 16 * 1024 * 1024;
const REQUIRES = 12;
const DOCUMENTS = 8;

/** Makes a repository of `packages` in `directory`. Random content: nothing below can store or send it smaller than it is. */
export async function buildSyncContent(directory: string, packages: number): Promise<SyncContent> {
  let bytes = 0;
  for (const [number, size] of packageSizes(packages).entries()) {
    const name = nameOf(number);
    const path = join(directory, 'Packages', name.slice(0, 1), `${name}-1.${number % 50}.3-4.el9.x86_64.rpm`);
    const file = rpmBytes({
      name,
      version: `1.${number % 50}.3`,
      release: '4.el9',
      requires: Array.from({ length: REQUIRES }, (_, at) => nameOf((number * 7 + at * 13) % packages)),
      documents: Array.from({ length: DOCUMENTS }, (_, at) => `${name}.chapter-${at}`),
      content: randomFillSync(Buffer.alloc(size)),
    });
    await mkdir(join(directory, 'Packages', name.slice(0, 1)), { recursive: true });
    await writeFile(path, file);
    bytes += file.length;
  }
  // What Debian's calls gzip by default; said, so that other builds do the same.
  await run(
    ['createrepo_c', '--quiet', '--checksum', 'sha256', '--no-database', '--general-compress-type', 'gz', directory],
    {
      timeoutMs: 300_000,
    },
  );
  return { packages, bytes };
}

/** A name's first letter is its directory, as in distributions. */
function nameOf(number: number): string {
  return `${String.fromCodePoint(97 + (number % 26))}-package-${number}`;
}

/**
 * The content sizes of `count` packages: the same ones each time, log-normal, in no order. The quantiles of the distribution
 * take the place of chance.
 */
export function packageSizes(count: number): readonly number[] {
  const sizes = Array.from({ length: count }, (_, at) => {
    const size = MEDIAN_BYTES * Math.exp(SPREAD * normalQuantile((at + 0.5) / count));
    return Math.min(Math.round(size), LARGEST_BYTES);
  });
  // A stride that shares no factor with `count` visits each once.
  const stride = coprime(count, Math.floor(count * 0.618) + 1);
  return sizes.map((_, at) => sizes[(at * stride) % count] ?? 0);
}

/** The x below which a normal variable falls with `probability`: found by halving, for the distribution has no inverse in closed form. */
function normalQuantile(probability: number): number {
  let [low, high] = [-6, 6];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < probability) low = middle;
    else high = middle;
  }
  return low;
}

/** The normal distribution by its series around 0 (DLMF §7.6.1). */
function normalBelow(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n += 1) {
    term *= (-x * x) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

function coprime(count: number, from: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  for (let stride = from; ; stride += 1) if (divisor(stride, count) === 1) return stride;
}
