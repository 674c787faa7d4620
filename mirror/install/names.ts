// Names, versions and whole names of a pool's packages, and the order of versions. Pure.

import { compareVersions } from '../rpm/evr.ts';
import { partsOf } from '../closure/range.ts';
import { packageText } from '../closure/universe.ts';
import type { Pool } from './pool.ts';

export function nameText({ universe }: Pool, index: number): string {
  return universe.words.textOf(universe.packages[index]?.name ?? 0);
}

export function evrText({ universe }: Pool, index: number): string {
  return universe.words.textOf(universe.packages[index]?.evr ?? 0);
}

export function archText({ universe }: Pool, index: number): string {
  return universe.words.textOf(universe.packages[index]?.arch ?? 0);
}

/** `bash-5.1.8-6.el9.x86_64`, with the epoch where there is one. */
export function wholeName({ universe }: Pool, index: number): string {
  const one = universe.packages[index];
  return one === undefined ? '' : packageText(universe, one);
}

/** Negative where `one` is older. Both are `[epoch:]version[-release]`; a release that is not said is older than any. */
export function compareEvrTexts(one: string, other: string): number {
  if (one === other) return 0;
  const [a, b] = [partsOf(one), partsOf(other)];
  return (
    compareVersions(a.epoch, b.epoch) || compareVersions(a.version, b.version) || compareVersions(a.release, b.release)
  );
}
