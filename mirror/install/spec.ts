// What one word of %packages names: packages by name, version and architecture, what they provide, or their files. Pure.

import { partsOf } from '../closure/range.ts';
import { parseGlob, type Matches } from '../metadata/glob.ts';
import { archText, evrText, nameText } from './names.ts';
import type { Pool } from './pool.ts';
import { SIGN_SENSES } from './signs.ts';

/** `form`: by what it was found. Only a bare name stands for those that obsolete its packages too. */
export type Named = {
  readonly packages: readonly number[];
  readonly form: 'name' | 'version' | 'provides' | 'file';
  /** Is the architecture a pattern? Then each is asked for. */
  readonly arches: 'one' | 'each';
};

type Pattern = {
  readonly name: string;
  readonly epoch?: string | undefined;
  readonly version?: string | undefined;
  readonly release?: string | undefined;
  readonly arch?: string | undefined;
};

/** Of a text the readings that dnf tries, in its order (libdnf's HY_FORMS_MOST_SPEC). */
const FORMS: readonly RegExp[] = [
  /^(?<name>[^:(/=<> ]+)-(?:(?<epoch>\d+):)?(?<version>[^-:(/=<> ]+)-(?<release>[^-:(/=<> ]+)\.(?<arch>[^-:.(/=<> ]+)$/,
  /^(?<name>[^:(/=<> ]+)\.(?<arch>[^-:.(/=<> ]+)$/,
  /^(?<name>[^:(/=<> ]+)$/,
  /^(?<name>[^:(/=<> ]+)-(?:(?<epoch>\d+):)?(?<version>[^-:(/=<> ]+)-(?<release>[^-:(/=<> ]+)$/,
  /^(?<name>[^:(/=<> ]+)-(?:(?<epoch>\d+):)?(?<version>[^-:(/=<> ]+)$/,
];

/** Is it a pattern of names? */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** The packages that `text` names, of those that `isIn`; none where nothing is known by it. */
export function findNamed(pool: Pool, text: string, isIn: (index: number) => boolean): Named {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (groups === undefined) continue;
    const { name = '', epoch, version, release, arch } = groups;
    if (arch !== undefined && !isGlob(arch) && pool.universe.words.find(arch) === undefined) continue;
    const packages = matching(pool, { name, epoch, version, release, arch }).filter(isIn);
    if (packages.length === 0) continue;
    const isBare = version === undefined && arch === undefined;
    const arches = arch !== undefined && isGlob(arch) ? 'each' : 'one';
    return { packages, form: isBare ? 'name' : 'version', arches };
  }
  const provided = providing(pool, text).filter(isIn);
  if (provided.length > 0) return { packages: provided, form: 'provides', arches: 'one' };
  return { packages: holding(pool, text).filter(isIn), form: 'file', arches: 'one' };
}

/** The packages whose name is `text`, or matches it. */
export function byName(pool: Pool, text: string): readonly number[] {
  const { words } = pool.universe;
  if (!isGlob(text)) {
    const word = words.find(text);
    return word === undefined ? [] : pool.named(word);
  }
  const matches = parseGlob(text);
  return [...pool.names()]
    .filter((name) => matches(words.textOf(name)))
    .flatMap((name) => [...pool.named(name)])
    .toSorted((a, b) => a - b);
}

function matching(pool: Pool, { name, arch, ...evr }: Pattern): readonly number[] {
  const isArch = arch === undefined ? undefined : matcher(arch);
  const isVersion = versionMatcher(evr);
  return byName(pool, name).filter(
    (index) => isArch?.(archText(pool, index)) !== false && isVersion(evrText(pool, index)),
  );
}

function versionMatcher({ epoch, version, release }: Omit<Pattern, 'name' | 'arch'>): Matches {
  if (version === undefined) return () => true;
  const [isVersion, isRelease] = [matcher(version), release === undefined ? undefined : matcher(release)];
  return (evr) => {
    const parts = partsOf(evr);
    if (epoch !== undefined && Number(epoch) !== Number(parts.epoch)) return false;
    return isVersion(parts.version) && isRelease?.(parts.release) !== false;
  };
}

function matcher(text: string): Matches {
  return isGlob(text) ? parseGlob(text) : (other) => other === text;
}

/** `webserver`, `libfoo >= 2`, `perl(*)`. */
function providing(pool: Pool, text: string): readonly number[] {
  const { name = text, sign = '', evr = '' } = /^(?<name>\S+) (?<sign>[<>=]+) (?<evr>\S+)$/.exec(text)?.groups ?? {};
  const range = { sense: SIGN_SENSES.get(sign) ?? 0, evr };
  if (!isGlob(name)) return pool.providersOf({ kind: 'simple', name, range });
  const matches = parseGlob(name);
  return distinct(
    providedNames(pool)
      .filter((word) => matches(pool.universe.words.textOf(word)))
      .flatMap((word) => pool.providersOf({ kind: 'simple', name: pool.universe.words.textOf(word), range })),
  );
}

function holding(pool: Pool, text: string): readonly number[] {
  if (!text.startsWith('/') && !text.startsWith('*/')) return [];
  return providing(pool, text);
}

function providedNames({ universe }: Pool): readonly number[] {
  const names = new Set<number>();
  for (const { provides } of universe.packages) {
    for (let at = provides.from; at < provides.to; at += 1) names.add(universe.entry(at).name);
  }
  return [...names];
}

/** By name in the order in which the names first occur. */
export function groupedByName(pool: Pool, packages: readonly number[]): readonly (readonly number[])[] {
  return [...Map.groupBy(packages, (index) => nameText(pool, index)).values()];
}

/** By name and architecture. */
export function groupedByNameAndArch(pool: Pool, packages: readonly number[]): readonly (readonly number[])[] {
  return [...Map.groupBy(packages, (index) => `${nameText(pool, index)}.${archText(pool, index)}`).values()];
}

export function distinct(packages: readonly number[]): readonly number[] {
  return [...new Set(packages)].toSorted((a, b) => a - b);
}
