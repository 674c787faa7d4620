// What metadata says of a package, read from its headers: every field of primary, filelists and other. Pure and bounded.

import { Malformed } from '../../server/malformed.ts';
import type { HeaderLimits, RpmHeader } from '../rpm/header.ts';
import type { RpmHeaders } from '../rpm/package.ts';
import { readDependencies, type Dependencies } from './dependencies.ts';
import { decodeText, isXmlText, toXmlText } from './text.ts';

/** Texts are fit for XML; sizes are bytes and times seconds since 1970, 0 where the package gives none. */
export type PackageDescription = {
  readonly name: string;
  /** `src` for every source package, whatever machine it was packed on. */
  readonly arch: string;
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
  readonly summary: string;
  /** Undefined where the package has no such tag. */
  readonly description: string | undefined;
  readonly packager: string;
  readonly url: string;
  readonly builtAt: number;
  readonly sizeInstalled: number;
  readonly sizeArchive: number;
  readonly license: string;
  readonly vendor: string;
  readonly group: string;
  readonly buildHost: string;
  readonly sourceRpm: string;
  /** The main header's bytes in the package: yum 3 fetches just them. */
  readonly headerRange: { readonly start: number; readonly end: number };
  readonly dependencies: Dependencies;
  readonly files: readonly ListedFile[];
  readonly changelog: readonly ChangelogEntry[];
};

/** Directory and name apart: thousands of files share a directory. */
export type ListedFile = { readonly directory: string; readonly name: string; readonly kind: 'file' | 'dir' | 'ghost' };
export type ChangelogEntry = { readonly author: string; readonly at: number; readonly text: string };

/** Far beyond any package: the largest list 300,000 files, and descriptions are a few pages. */
export const METADATA_LIMITS: HeaderLimits = { values: 500_000, textBytes: 4 * 1024 * 1024 };
/** Of all paths of one package: entries of a hostile header share their bytes. */
const LIMIT_PATHS_CHARACTERS = 64 * 1024 * 1024;
/** What createrepo_c lists by default. */
const LIMIT_CHANGELOG = 10;

const TAG = {
  ...{ name: 1000, version: 1001, release: 1002, epoch: 1003, summary: 1004, description: 1005, builtAt: 1006 },
  ...{ buildHost: 1007, size: 1009, vendor: 1011, license: 1014, packager: 1015, group: 1016, url: 1020, arch: 1022 },
  ...{ oldFileNames: 1027, modes: 1030, fileFlags: 1037, sourceRpm: 1044, archiveSize: 1046 },
  ...{ changelogTime: 1080, changelogName: 1081, changelogText: 1082, sourcePackage: 1106 },
  ...{ directoryIndexes: 1116, baseNames: 1117, directories: 1118, longSize: 5009 },
} as const;
const SIGNATURE = { longArchiveSize: 271, payloadSize: 1007 } as const;
const MODE = { type: 0o170000, directory: 0o040000 } as const;
const GHOST = 64; // RPMFILE_GHOST

/** Does primary.xml list this path? yum and dnf look for these there, and for all others in filelists.xml. */
export function isPrimaryPath(path: string): boolean {
  return path.startsWith('/etc/') || path === '/usr/lib/sendmail' || path.includes('bin/');
}

/**
 * Describes the package of `headers`, read with `METADATA_LIMITS`. Control characters that XML cannot hold are dropped from what people read and
 * from paths; in what programs match (name, version, architecture, dependencies) they make the package `Malformed`.
 */
export function describePackage(headers: RpmHeaders, where: string): PackageDescription {
  const { header, signature, start } = headers;
  const said = (tag: number): string | undefined => header.decoded(tag, decodeText)[0];
  const text = (tag: number): string => toXmlText(said(tag) ?? '');
  const number = (from: RpmHeader, tag: number): number | undefined => from.numbers(tag)[0];
  const required = (tag: number, what: string): string => {
    const value = said(tag) ?? '';
    if (value === '') throw new Malformed(`an RPM without ${what}`, where);
    if (!isXmlText(value)) throw new Malformed(`${what} that XML cannot hold`, where);
    return value;
  };
  const isSource = headers.kind === 'source' || number(header, TAG.sourcePackage) !== undefined;
  const files = readListedFiles(header, where);
  const description = said(TAG.description);
  return {
    name: required(TAG.name, 'a name'),
    arch: isSource ? 'src' : required(TAG.arch, 'an architecture'),
    epoch: number(header, TAG.epoch) ?? 0,
    version: required(TAG.version, 'a version'),
    release: required(TAG.release, 'a release'),
    summary: text(TAG.summary),
    description: description === undefined ? undefined : toXmlText(description),
    packager: text(TAG.packager),
    url: text(TAG.url),
    builtAt: number(header, TAG.builtAt) ?? 0,
    sizeInstalled: number(header, TAG.longSize) ?? number(header, TAG.size) ?? 0,
    sizeArchive:
      number(signature, SIGNATURE.longArchiveSize) ??
      number(header, TAG.archiveSize) ??
      number(signature, SIGNATURE.payloadSize) ??
      0,
    license: text(TAG.license),
    vendor: text(TAG.vendor),
    group: text(TAG.group),
    buildHost: text(TAG.buildHost),
    sourceRpm: text(TAG.sourceRpm),
    headerRange: { start, end: start + header.bytes.byteLength },
    dependencies: readDependencies(header, hasPrimaryFile(files), where),
    files: files.map((file) => ({ ...file, directory: toXmlText(file.directory), name: toXmlText(file.name) })),
    changelog: readChangelog(header),
  };
}

function readListedFiles(header: RpmHeader, where: string): readonly ListedFile[] {
  const paths = readPaths(header, where);
  const modes = header.numbers(TAG.modes);
  const flags = header.numbers(TAG.fileFlags);
  if (modes.length !== paths.length || flags.length !== paths.length) {
    throw new Malformed('lists of files of different lengths', where);
  }
  const characters = paths.reduce((sum, { directory, name }) => sum + directory.length + name.length, 0);
  if (characters > LIMIT_PATHS_CHARACTERS) throw new Malformed('paths that are too long', where);
  return paths.map((path, index) => {
    const isDirectory = ((modes[index] ?? 0) & MODE.type) === MODE.directory;
    return { ...path, kind: isDirectory ? 'dir' : ((flags[index] ?? 0) & GHOST) === 0 ? 'file' : 'ghost' };
  });
}

function readPaths(header: RpmHeader, where: string): readonly Omit<ListedFile, 'kind'>[] {
  const names = header.decoded(TAG.baseNames, decodeText);
  if (names.length === 0) {
    // As rpm 3 wrote them.
    return header.decoded(TAG.oldFileNames, decodeText).map((path) => {
      const end = path.lastIndexOf('/') + 1;
      return { directory: path.slice(0, end), name: path.slice(end) };
    });
  }
  const directories = header.decoded(TAG.directories, decodeText);
  const indexes = header.numbers(TAG.directoryIndexes);
  return names.map((name, index) => {
    const directory = directories[indexes[index] ?? -1];
    if (directory === undefined) throw new Malformed('a file in a directory that is not there', where);
    return { directory, name };
  });
}

function hasPrimaryFile(files: readonly ListedFile[]): (path: string) => boolean {
  let known: ReadonlySet<string> | undefined;
  return (path) => {
    if (!path.startsWith('/') || !isPrimaryPath(path)) return false;
    known ??= new Set(files.map(({ directory, name }) => directory + name).filter(isPrimaryPath));
    return known.has(path);
  };
}

/**
 * The newest entries, oldest first. As in every repository that createrepo made, entries of one day differ by a second each, so that
 * whoever sorts them keeps their order, and authors lose the spaces behind them.
 */
function readChangelog(header: RpmHeader): readonly ChangelogEntry[] {
  const times = header.numbers(TAG.changelogTime).slice(0, LIMIT_CHANGELOG);
  const authors = header.decoded(TAG.changelogName, decodeText);
  const texts = header.decoded(TAG.changelogText, decodeText);
  const count = Math.min(times.length, authors.length, texts.length);
  return spread(times.slice(0, count))
    .map((at, index) => ({
      author: toXmlText(withoutLastSpaces(authors[index] ?? '')),
      at,
      text: toXmlText(texts[index] ?? ''),
    }))
    .toReversed();
}

/** Its first character stays, even a space. */
function withoutLastSpaces(text: string): string {
  let end = text.length;
  while (end > 1 && text[end - 1] === ' ') end -= 1;
  return text.slice(0, end);
}

/** An entry that comes with the time of the one before moves that one up by a second, and so on as far as they touch. */
function spread(times: readonly number[]): readonly number[] {
  const moved = [...times];
  let last = 0;
  for (const [index, time] of times.entries()) {
    if (time !== last) {
      last = time;
      continue;
    }
    for (let before = index - 1, taken = time; before >= 0 && moved[before] === taken; before -= 1, taken += 1) {
      moved[before] = taken + 1;
    }
  }
  return moved;
}
