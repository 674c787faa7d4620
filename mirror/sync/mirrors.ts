// Lists of mirrors as text or as a metalink: hostile bytes in, directories to fetch from out, and what a metalink proves. Pure.

import { createHash } from 'node:crypto';
import { Malformed } from '../../server/malformed.ts';
import { printable } from '../../server/printable.ts';
import { parseChecksum, type Checksum } from '../rpm/checksum.ts';
import { parseCount, readXml } from '../rpm/xml.ts';
import { isWeb } from './web/target.ts';

/** What one edition of repomd.xml must be. */
export type RepomdClaim = { readonly sizeBytes: number | undefined; readonly checksums: readonly Checksum[] };

export type MirrorList = {
  /** Directories, the preferred first. */
  readonly mirrors: readonly URL[];
  /** Why other lines cannot be used. */
  readonly leftOut: readonly string[];
  /** The newest edition, then older ones that still count; empty where the list proves nothing. */
  readonly repomd: readonly RepomdClaim[];
};

/** The largest list that is read. */
export const LIST_LIMIT_BYTES = 2 * 1024 * 1024;
/** Nobody asks more of them. */
const LIMIT_MIRRORS = 500;
/** MirrorManager tells of the last days' editions. Each that is looked for costs the digests of a whole repomd.xml. */
const LIMIT_OLDER = 10;
const REPOMD_PATH = 'repodata/repomd.xml';

/** Reads a mirrorlist: one base URL a line, `#` comments. Throws `Malformed` where no line can be used. */
export function parseMirrorlist(bytes: Uint8Array): MirrorList {
  const text = Buffer.from(bytes).toString('latin1');
  if (/^(?:\xef\xbb\xbf)?\s*<(?:\?xml|metalink)/.test(text)) {
    throw new Malformed('it is XML: a metalink goes under "metalink"', 'mirrorlist');
  }
  const lines = text.split(/\r?\n/, LIMIT_MIRRORS * 4).map((line) => line.trim());
  const read = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => readMirror(line));
  return { ...usable(read, 'mirrorlist'), repomd: [] };
}

/**
 * Reads a metalink of repomd.xml. Throws `Malformed`: bad XML, no mirror that can be used, no checksum of SHA-256 or stronger (the mirrors
 * may be of http, so nothing weaker proves them).
 */
export function parseMetalink(bytes: Uint8Array): MirrorList {
  const { urls, claims } = readMetalink(bytes);
  const [newest, ...older] = claims;
  if (newest === undefined || !isStrong(newest)) {
    throw new Malformed('no SHA-256, SHA-384 or SHA-512 of repomd.xml', 'metalink');
  }
  const sorted = urls.toSorted((a, b) => b.preference - a.preference);
  const read = sorted.map(({ text }) =>
    text.endsWith(`/${REPOMD_PATH}`)
      ? readMirror(text.slice(0, -REPOMD_PATH.length))
      : `not the URL of a repomd.xml: ${shown(text)}`,
  );
  return { ...usable(read, 'metalink'), repomd: [newest, ...older.filter(isStrong).slice(0, LIMIT_OLDER)] };
}

/** Is this that edition? Its size and every checksum must be right. */
export function isEdition(bytes: Uint8Array, { sizeBytes, checksums }: RepomdClaim): boolean {
  if (sizeBytes !== undefined && sizeBytes !== bytes.length) return false;
  return checksums.every(({ type, digest }) => createHash(type).update(bytes).digest('hex') === digest);
}

function isStrong({ checksums }: RepomdClaim): boolean {
  return checksums.some(({ type }) => type === 'sha256' || type === 'sha384' || type === 'sha512');
}

/** A mirror's directory, or why it is none. */
function readMirror(text: string): URL | string {
  if (text.includes('$')) return `holds a variable, write its value instead: ${shown(text)}`;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return `not a URL: ${shown(text)}`;
  const url = new URL(text);
  if (!isWeb(url)) return `not of http or https: ${shown(text)}`;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function usable(read: readonly (URL | string)[], where: string): Pick<MirrorList, 'mirrors' | 'leftOut'> {
  const mirrors = read.filter((mirror) => typeof mirror !== 'string');
  const leftOut = read.filter((mirror) => typeof mirror === 'string');
  if (mirrors.length === 0) throw new Malformed(leftOut[0] ?? 'names no mirror', where);
  const distinct = new Map(mirrors.map((mirror) => [mirror.href, mirror]));
  return { mirrors: [...distinct.values()].slice(0, LIMIT_MIRRORS), leftOut };
}

function shown(text: string): string {
  return JSON.stringify(printable(text, 80));
}

type MetalinkUrl = { readonly text: string; readonly preference: number };
type Metalink = { readonly urls: MetalinkUrl[]; readonly claims: readonly RepomdClaim[] };
type Draft = { sizeBytes: number | undefined; readonly checksums: Checksum[] };

const blank = (): Draft => ({ sizeBytes: undefined, checksums: [] });

/**
 * Metalink 3.0 as MirrorManager writes it: files/file with size, verification/hash, resources/url; older editions in mm0:alternates. What
 * other files it names is passed over.
 */
function readMetalink(bytes: Uint8Array): Metalink {
  const urls: MetalinkUrl[] = [];
  const newest = blank();
  const older: Draft[] = [];
  let files = 0;
  let edition: Draft | undefined;
  let given: Readonly<Record<string, string>> = {};
  const opened: Fields = new Map([
    [
      'file',
      () => {
        if (given['name'] === 'repomd.xml') files += 1;
        edition = given['name'] === 'repomd.xml' && files === 1 ? newest : undefined;
      },
    ],
    ['alternate', () => edition && older.push((edition = blank()))],
  ]);
  const closed: Fields = new Map<string, ReadField>([
    ['size', (text) => edition && (edition.sizeBytes = parseCount(text, 'the size', 'metalink'))],
    ['hash', (text) => edition && addChecksum(edition, given['type'] ?? '', text)],
    ['url', (text) => edition && addUrl(urls, text, given['preference'])],
    ['alternate', () => edition && (edition = newest)],
    ['file', () => (edition = undefined)],
  ]);
  const reader = readXml(
    {
      open: (name, attributes, depth) => {
        given = attributes;
        const local = localOf(name);
        if (depth === 1 && local !== 'metalink')
          throw new Malformed(`the root is <${printable(name, 40)}>`, 'metalink');
        opened.get(local)?.('');
      },
      close: (name, text) => void closed.get(localOf(name))?.(text),
    },
    'metalink',
  );
  reader.write(bytes);
  reader.end();
  return { urls, claims: [newest, ...older] };
}

/** By element; a map, for an element may be called like what every object inherits. */
type Fields = ReadonlyMap<string, ReadField>;
type ReadField = (text: string) => unknown;

/** A kind of checksum that we do not know proves nothing, and spoils nothing. */
function addChecksum(draft: Draft, type: string, text: string): void {
  if (!/^(?:md5|sha-?(?:1|224|256|384|512))$/i.test(type)) return;
  const checksum = parseChecksum(type.replace('-', ''), text, 'metalink');
  const known = draft.checksums.find((other) => other.type === checksum.type);
  if (known === undefined) draft.checksums.push(checksum);
  else if (known.digest !== checksum.digest) throw new Malformed(`two different ${type} of one edition`, 'metalink');
}

/** `preference` is 1 to 100, higher is better (Metalink 3.0 §4.1.2.4). */
function addUrl(urls: MetalinkUrl[], text: string, preference: string | undefined): void {
  if (urls.length >= LIMIT_MIRRORS * 4) throw new Malformed('too many mirrors', 'metalink');
  urls.push({ text: text.trim(), preference: /^\d{1,3}$/.test(preference ?? '') ? Number(preference) : 0 });
}

/** The name without its namespace's prefix, which each writer chooses. */
function localOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
