// The dependencies of a package's header as metadata lists them: which are told, which are not, and how. Pure.

import { Malformed } from '../../server/malformed.ts';
import { compareVersions } from '../rpm/evr.ts';
import type { RpmHeader } from '../rpm/header.ts';
import { decodeText, isXmlText } from './text.ts';

export const DEPENDENCY_KINDS = [
  ...(['provides', 'requires', 'conflicts', 'obsoletes'] as const),
  ...(['suggests', 'enhances', 'recommends', 'supplements'] as const),
] as const;
export type DependencyKind = (typeof DEPENDENCY_KINDS)[number];
export type Dependencies = Readonly<Record<DependencyKind, readonly Dependency[]>>;

/** `epoch`, `version` and `release` are empty where the package says none. */
export type Dependency = {
  readonly name: string;
  readonly flags: 'LT' | 'GT' | 'EQ' | 'LE' | 'GE' | undefined;
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
  /** It must be there before this package's scripts run. */
  readonly isPre: boolean;
};

/** What a package holds by itself: asked of no other. */
type Own = { readonly hasPrimaryFile: (path: string) => boolean; readonly provides: ReadonlySet<string> };
type Raw = { readonly name: string; readonly bits: number; readonly evr: string };

/** `rpmtag.h`: names, flags, versions. SUSE's rpm 4.4 wrote the weak ones otherwise, the last two rows. */
const TAGS = {
  ...{ provides: [1047, 1112, 1113], conflicts: [1054, 1053, 1055], obsoletes: [1090, 1114, 1115] },
  ...{ requires: [1049, 1048, 1050], suggests: [5049, 5051, 5050], enhances: [5055, 5057, 5056] },
  ...{ recommends: [5046, 5048, 5047], supplements: [5052, 5054, 5053] },
  ...{ oldSuggests: [1156, 1158, 1157], oldEnhances: [1159, 1161, 1160] },
} as const satisfies Record<string, readonly [number, number, number]>;

/** `rpmds.h`: RPMSENSE_PREREQ, _SCRIPT_PRE and _SCRIPT_POST; _MISSINGOK; _STRONG. */
const PRE = 64 | 512 | 1024;
const MISSING_OK = 1 << 19;
const STRONG = 1 << 27;
const FLAGS: Readonly<Record<number, Dependency['flags']>> = { 2: 'LT', 4: 'GT', 8: 'EQ', 10: 'LE', 12: 'GE' };

/**
 * The dependencies of `header` by the rules of createrepo_c 0.17: of what is required, `rpmlib(…)`, own primary files, own
 * provides and repetitions are left out, and of `libc.so.6(…)` only the highest version is named, last. `hasPrimaryFile`
 * tells whether the package itself holds a file that primary.xml lists. Throws `Malformed`.
 */
export function readDependencies(
  header: RpmHeader,
  hasPrimaryFile: (path: string) => boolean,
  where: string,
): Dependencies {
  const read = (kind: keyof typeof TAGS): readonly Raw[] => readRaw(header, TAGS[kind], where);
  const provides = read('provides');
  const own = { hasPrimaryFile, provides: new Set(provides.map(keyOf)) };
  const required = dropNeedless(read('requires'), own);
  const [oldSuggests, oldEnhances] = [read('oldSuggests'), read('oldEnhances')];
  const list = (...parts: readonly (readonly Raw[])[]): readonly Dependency[] => parts.flat().flatMap(parseDependency);
  return {
    provides: list(provides),
    conflicts: list(read('conflicts')),
    obsoletes: list(read('obsoletes')),
    requires: highestLibcLast(required.filter(({ bits }) => !has(bits, MISSING_OK)).flatMap(parseRequired)),
    suggests: list(read('suggests'), weak(oldSuggests)),
    enhances: list(read('enhances'), weak(oldEnhances)),
    recommends: list(only(required, MISSING_OK), read('recommends'), only(oldSuggests, STRONG)),
    supplements: list(read('supplements'), only(oldEnhances, STRONG)),
  };
}

function readRaw(header: RpmHeader, tags: readonly [number, number, number], where: string): readonly Raw[] {
  const names = header.decoded(tags[0], decodeText);
  const bits = header.numbers(tags[1]);
  const evrs = header.decoded(tags[2], decodeText);
  // rpm 3 left out flags and versions where no name had any; a tag without its others names nothing.
  const count = Math.min(names.length, bits.length, evrs.length);
  const entries = names
    .slice(0, count)
    .map((name, index) => ({ name, bits: bits[index] ?? 0, evr: evrs[index] ?? '' }));
  // Another name than the package says would be resolved otherwise: no client could install it.
  if (!entries.every(({ name, evr }) => isXmlText(name) && isXmlText(evr))) {
    throw new Malformed('a dependency that XML cannot hold', where);
  }
  return entries.filter(({ name }) => name !== '');
}

function dropNeedless(required: readonly Raw[], own: Own): readonly Raw[] {
  const last = new Map<string, string>();
  return required.filter((entry) => {
    if (entry.name.startsWith('rpmlib(') || own.hasPrimaryFile(entry.name) || own.provides.has(keyOf(entry)))
      return false;
    const said = `${flagsOf(entry) ?? ''} ${isPre(entry) ? 'pre' : ''} ${entry.evr}`;
    // Only a repetition of the last of that name counts as one.
    if (last.get(entry.name) === said) return false;
    const isListed = !has(entry.bits, MISSING_OK) && !isLibc(entry.name) && parseDependency(entry).length > 0;
    if (isListed) last.set(entry.name, said);
    return true;
  });
}

function parseDependency(entry: Raw): readonly Dependency[] {
  const evr = parseEvr(entry.evr);
  return evr === undefined ? [] : [{ name: entry.name, flags: flagsOf(entry), ...evr, isPre: false }];
}

function parseRequired(entry: Raw): readonly Dependency[] {
  return parseDependency(entry).map((dependency) => ({ ...dependency, isPre: isPre(entry) }));
}

type EvrWords = Pick<Dependency, 'epoch' | 'version' | 'release'>;

/** `[EPOCH:]VERSION[-RELEASE]`; undefined where the epoch is no number: such a dependency is not listed. */
function parseEvr(text: string): EvrWords | undefined {
  if (text === '') return { epoch: '', version: '', release: '' };
  const colon = text.indexOf(':');
  const epoch = text.slice(0, Math.max(colon, 0));
  if (!/^(?:\s*[+-]?\d+)?$/.test(epoch)) return undefined;
  const rest = text.slice(colon + 1);
  const dash = rest.indexOf('-');
  const version = dash === -1 ? rest : rest.slice(0, dash);
  return { epoch: epoch === '' ? '0' : epoch, version, release: dash === -1 ? '' : rest.slice(dash + 1) };
}

function highestLibcLast(required: readonly Dependency[]): readonly Dependency[] {
  let highest: Dependency | undefined;
  for (const dependency of required) {
    if (!isLibc(dependency.name)) continue;
    if (highest === undefined || isHigherLibc(dependency.name, highest.name)) highest = dependency;
  }
  return highest === undefined ? required : [...required.filter(({ name }) => !isLibc(name)), highest];
}

function isLibc(name: string): boolean {
  return name.startsWith('libc.so.6');
}

/** Does the first pair of brackets in `name` hold a higher version than that in `other`? */
function isHigherLibc(name: string, other: string): boolean {
  const [one, two] = [libcVersion(name), libcVersion(other)];
  return one.rank === two.rank ? compareVersions(one.version, two.version) > 0 : one.rank > two.rank;
}

/** A version begins with the first digit inside the brackets; lower than any is none, lower yet nothing inside, lowest no brackets. */
function libcVersion(name: string): { readonly rank: number; readonly version: string } {
  const inside = /^[^(]*\(([^)]*)\)/.exec(name)?.[1];
  if (inside === undefined || inside === '') return { rank: inside === undefined ? 0 : 1, version: '' };
  const version = inside.replace(/^\D+/, '');
  return { rank: version === '' ? 2 : 3, version };
}

function keyOf(entry: Raw): string {
  return `${entry.name}${flagsOf(entry) ?? ''}${entry.evr}`;
}

function flagsOf({ bits }: Raw): Dependency['flags'] {
  return FLAGS[bits & 15];
}

function isPre({ bits }: Raw): boolean {
  return has(bits, PRE);
}

function has(bits: number, mask: number): boolean {
  return (bits & mask) !== 0;
}

function only(entries: readonly Raw[], mask: number): readonly Raw[] {
  return entries.filter(({ bits }) => has(bits, mask));
}

function weak(entries: readonly Raw[]): readonly Raw[] {
  return entries.filter(({ bits }) => !has(bits, STRONG));
}
