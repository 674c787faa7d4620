// Versions that a dependency covers, and whether those of a requirement and of what is provided meet. Pure.

import { compareVersions } from '../rpm/evr.ts';

/** Bits of what a dependency covers beside its version: what is greater, it itself, what is less. */
export const GREATER = 1;
export const EQUAL = 2;
export const LESS = 4;
/** No version is said. */
export const ANY = 8;

/** `sense` is `ANY`, or bits; 0 is a sense that nobody knows, which nothing meets. `evr` is `[epoch:]version[-release]`. */
export type Range = { readonly sense: number; readonly evr: string };

/** primary.xml's words; a Map, for what is looked up comes from outside. */
const SENSES: ReadonlyMap<string, number> = new Map([
  ['GT', GREATER],
  ['EQ', EQUAL],
  ['GE', GREATER | EQUAL],
  ['LT', LESS],
  ['NE', LESS | GREATER],
  ['LE', LESS | EQUAL],
]);

const SIGNS: readonly string[] = ['!', '>', '=', '>=', '<', '<>', '<=', '<=>'];

/** The sense that primary.xml's `flags` names: `ANY` where there are none. */
export function parseSense(flags: string | undefined): number {
  return flags === undefined ? ANY : (SENSES.get(flags) ?? 0);
}

/** The text of the attributes `epoch`, `ver` and `rel`; an epoch of 0 is left out, but where the version would be taken for one. */
export function evrOf(attributes: Readonly<Record<string, string>>): string {
  const { epoch, ver = '', rel } = attributes;
  const given = epoch === '' || epoch === '0' ? undefined : epoch;
  const prefix = given ?? (/^\d+:/.test(ver) ? '0' : undefined);
  return `${prefix === undefined ? '' : `${prefix}:`}${ver}${rel === undefined ? '' : `-${rel}`}`;
}

/** ` >= 1:2-3`, as it stands behind a name; empty for `ANY`. */
export function formatRange({ sense, evr }: Range): string {
  return sense === ANY ? '' : ` ${SIGNS[sense] ?? '!'} ${evr}`;
}

/**
 * Does any version lie in both? Decided as dnf does (libsolv's EVRCMP_MATCH_RELEASE): what says no version meets all; what
 * says no release stands for every release of its version.
 */
export function meets(required: Range, provided: Range): boolean {
  if (required.sense === ANY) return true;
  if (required.sense === 0) return false;
  if (provided.sense === ANY) return true;
  if (provided.sense === 0) return false;
  const everything = LESS | EQUAL | GREATER;
  if (required.sense === everything || provided.sense === everything) return true;
  if ((required.sense & provided.sense & (LESS | GREATER)) !== 0) return true;
  return meetsAt(required, provided);
}

/** Where the two look in different directions all hangs on where their versions lie. */
function meetsAt(required: Range, provided: Range): boolean {
  const both = required.sense & provided.sense;
  if (required.evr === provided.evr) return (both & EQUAL) !== 0;
  switch (compareForMatch(provided.evr, required.evr)) {
    case 'older':
      return (required.sense & LESS) !== 0 || (provided.sense & GREATER) !== 0;
    case 'newer':
      return (required.sense & GREATER) !== 0 || (provided.sense & LESS) !== 0;
    case 'same':
      return (both & EQUAL) !== 0;
    case 'every release':
      return (provided.sense & EQUAL) !== 0;
    case 'one of its releases':
      return (required.sense & EQUAL) !== 0;
  }
}

type Comparison = 'older' | 'same' | 'newer' | 'every release' | 'one of its releases';

/** How `provided` lies to `required`. */
function compareForMatch(provided: string, required: string): Comparison {
  const [one, two] = [partsOf(provided), partsOf(required)];
  const difference = compare(one.epoch, two.epoch) || compare(one.version, two.version);
  if (difference !== 0) return sideOf(difference);
  if (one.release === '') return two.release === '' ? 'same' : 'every release';
  if (two.release === '') return 'one of its releases';
  return sideOf(compare(one.release, two.release));
}

/** Mostly they are the same letter for letter, and comparing takes its time. */
function compare(one: string, two: string): number {
  return one === two ? 0 : compareVersions(one, two);
}

function sideOf(difference: number): Comparison {
  return difference < 0 ? 'older' : difference > 0 ? 'newer' : 'same';
}

/** Each as a text; an epoch that is not said is `0`, a release that is not said empty. */
export type EvrParts = { readonly epoch: string; readonly version: string; readonly release: string };

/** The parts of `[epoch:]version[-release]`. */
export function partsOf(evr: string): EvrParts {
  const epoch = /^(\d+):/.exec(evr)?.[1];
  const rest = epoch === undefined ? evr : evr.slice(epoch.length + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: epoch ?? '0',
    version: dash === -1 ? rest : rest.slice(0, dash),
    release: dash === -1 ? '' : rest.slice(dash + 1),
  };
}
