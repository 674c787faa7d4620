// What the packages of a primary.xml provide and require, read into a universe as a stream. Running: uncompressed chunks in.

import { Malformed } from '../../server/malformed.ts';
import { parseCount, readXml, type XmlReader } from '../rpm/xml.ts';
import { EQUAL, evrOf, parseSense } from './range.ts';
import { requirementOf, simplesIn } from './requirement.ts';
import { isRich } from './rich.ts';
import { FILE, RELATIONS, RICH, type Entry, type PackageSize, type Relation, type Universe } from './universe.ts';
import { ownText } from './words.ts';

export type DependencyReading = {
  readonly universe: Universe;
  /** The number of the repository that is read. */
  readonly repo: number;
  /** `asked for`: what a repository that is only joined provides of what those read before it require; that is little of it. */
  readonly keep: 'all' | 'asked for';
  /** Are conflicts, obsoletes, weak dependencies and sizes wanted too? By default they are passed over. */
  readonly relations?: 'kept';
  /** Names the file in errors. */
  readonly where: string;
  /** Lets everything else that waits have its turn; rejects where there is no use in going on. */
  readonly breathe: () => Promise<void>;
};

/** Checksum of a package → its number in the universe: filelists.xml names packages so. */
export type PackageIds = ReadonlyMap<string, number>;

type Attributes = Readonly<Record<string, string>>;
type Draft = {
  name: string;
  arch: string;
  evr: string;
  pkgid: string;
  readonly provides: Entry[];
  readonly requires: Entry[];
  relations: { [name in Relation]?: Entry[] };
  size: PackageSize | undefined;
};

/** So much is read, in some 5 ms, before others have their turn. */
const SLICE_BYTES = 128 * 1024;
const LIMIT_WORD = 16 * 1024;

/** Adds the packages of `primary` to the universe. Throws `Malformed`. */
export async function readDependencies(
  primary: AsyncIterable<Uint8Array>,
  reading: DependencyReading,
): Promise<PackageIds> {
  const ids = new Map<string, number>();
  const reader = readPackages(reading, (draft) => {
    ids.set(ownText(draft.pkgid), reading.universe.packages.length);
    addPackage(draft, reading);
  });
  await feed(primary, reader, reading.breathe);
  return ids;
}

/** Hands `chunks` to `reader` in slices, with a breath behind each. */
export async function feed(
  chunks: AsyncIterable<Uint8Array>,
  reader: XmlReader,
  breathe: () => Promise<void>,
): Promise<void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      reader.write(chunk.subarray(at, at + SLICE_BYTES));
      await breathe();
    }
  }
  reader.end();
}

function readPackages(reading: DependencyReading, onPackage: (draft: Draft) => void): XmlReader {
  const { keep, where } = reading;
  let draft = emptyDraft();
  let list = '';
  return readXml(
    {
      open: (tag, attributes, depth) => {
        const name = localName(tag);
        if (depth === 1 && name !== 'metadata') throw new Malformed(`the root is <${name}>`, where);
        if (depth === 2) draft = emptyDraft();
        if (depth === 3 && name === 'version') draft.evr = evrOf(attributes);
        if (depth === 3 && name === 'size' && reading.relations === 'kept') draft.size = sizeOf(attributes, where);
        if (depth === 4) list = name;
        if (depth !== 5 || name !== 'entry') return;
        if (list === 'provides') addProvide(draft, attributes, reading);
        if (list === 'requires' && keep === 'all') addNeed(draft.requires, attributes, reading.universe);
        if (reading.relations === 'kept') addRelation(draft, list, { attributes, universe: reading.universe });
      },
      close: (tag, text, depth) => {
        const name = localName(tag);
        if (depth === 4 && name === 'file') addFile(draft, text, reading);
        if (depth === 3 && name === 'name') draft.name = word(text);
        if (depth === 3 && name === 'arch') draft.arch = word(text);
        if (depth === 3 && name === 'checksum') draft.pkgid = word(text);
        if (depth === 2) onPackage(draft);
      },
    },
    where,
  );
}

function addPackage(
  { name, arch, evr, provides, requires, relations, size }: Draft,
  { universe, repo, where }: DependencyReading,
): void {
  if (name === '' || arch === '') throw new Malformed('a package without a name or an architecture', where);
  const { words } = universe;
  const one = {
    ...{ repo, name: words.idOf(name), arch: words.idOf(arch), evr: words.idOf(evr) },
    ...(size === undefined ? {} : { size }),
  };
  // Whatever it says, a package provides itself.
  const self = { name: one.name, sense: EQUAL, evr: one.evr };
  universe.add(one, { provides: [self, ...provides.filter((entry) => !equals(entry, self))], requires, relations });
}

function addProvide(draft: Draft, attributes: Attributes, { universe, keep }: DependencyReading): void {
  const { name, flags } = attributes;
  // A boolean dependency names nothing that could be asked for.
  if (name === undefined || (flags === undefined && isRich(name))) return;
  if (keep === 'all' || universe.words.find(name) !== undefined)
    draft.provides.push(entryOf(name, attributes, universe));
}

function addRelation(
  draft: Draft,
  list: string,
  { attributes, universe }: { readonly attributes: Attributes; readonly universe: Universe },
): void {
  const relation = RELATIONS.find((name) => name === list);
  if (relation === undefined) return;
  const entries = (draft.relations[relation] ??= []);
  addNeed(entries, attributes, universe);
}

function sizeOf({ package: packed = '0', installed = '0' }: Attributes, where: string): PackageSize {
  const [packageBytes, installedBytes] = [packed, installed].map((text) => parseCount(text, 'a size', where));
  return { packageBytes: packageBytes ?? 0, installedBytes: installedBytes ?? 0 };
}

function addNeed(entries: Entry[], attributes: Attributes, universe: Universe): void {
  const { name, flags } = attributes;
  if (name === undefined) return;
  const entry =
    flags === undefined && isRich(name)
      ? { name: universe.words.idOf(word(name)), sense: RICH, evr: 0 }
      : entryOf(name, attributes, universe);
  entries.push(entry);
  if (entry.sense !== RICH) return;
  // Repositories read later are asked for what is inside.
  for (const one of simplesIn(requirementOf(universe, entry))) universe.words.idOf(one.name);
}

function addFile(draft: Draft, path: string, { universe: { words }, keep }: DependencyReading): void {
  if (keep === 'all' || words.find(path) !== undefined)
    draft.provides.push({ name: words.idOf(word(path)), sense: FILE, evr: 0 });
}

function entryOf(name: string, attributes: Attributes, { words }: Universe): Entry {
  const evr = attributes['flags'] === undefined ? '' : evrOf(attributes);
  return { name: words.idOf(word(name)), sense: parseSense(attributes['flags']), evr: words.idOf(word(evr)) };
}

function equals(one: Entry, other: Entry): boolean {
  return one.name === other.name && one.sense === other.sense && one.evr === other.evr;
}

function emptyDraft(): Draft {
  return { name: '', arch: '', evr: '', pkgid: '', provides: [], requires: [], relations: {}, size: undefined };
}

function word(text: string): string {
  if (text.length > LIMIT_WORD) throw new Malformed('a name is too long', 'primary.xml');
  return text;
}

/** `entry` of `rpm:entry`. */
function localName(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}
