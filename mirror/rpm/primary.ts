// primary.xml, the list of a repository's packages, read as a stream: uncompressed chunks in, packages out.

import { Malformed } from '../../server/malformed.ts';
import { parseChecksum, type Checksum } from './checksum.ts';
import { parseHref, type RelativePath } from './href.ts';
import { parseCount, readXml, type XmlReader } from './xml.ts';

export type PrimaryPackage = {
  readonly name: string;
  readonly arch: string;
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
  readonly checksum: Checksum;
  readonly sizeBytes: number;
  readonly path: RelativePath;
};

type Fields = Map<string, { readonly text: string; readonly attributes: Readonly<Record<string, string>> }>;

/** What is read of each package; the rest (format, description …) passes by. */
const FIELDS = new Set(['name', 'arch', 'version', 'checksum', 'size', 'location']);
/** Some five milliseconds. */
const SLICE_BYTES = 128 * 1024;
/** Of any word but the path, whose length is href.ts's. */
const LIMIT_WORD = 255;
/** All that callers may keep of a repository: those of 50,000 packages have some 6 MB. */
const LIMIT_KEPT = 128 * 1024 * 1024;

/**
 * The packages in document order, duplicates included. Holds no more than one slice's packages. Throws `Malformed` for
 * bad XML, a package with a field missing or an unsafe href, and where `packages=` does not count what is there. Between the
 * slices of one long chunk it waits for `breathe`: others have their turn.
 */
export async function* parsePrimary(
  chunks: AsyncIterable<Uint8Array>,
  breathe: () => Promise<void> = async () => undefined,
): AsyncGenerator<PrimaryPackage> {
  const ready: PrimaryPackage[] = [];
  const reader = readPackages((found) => ready.push(found));
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      if (at > 0) await breathe();
      reader.write(chunk.subarray(at, at + SLICE_BYTES));
      yield* ready.splice(0);
    }
  }
  reader.end();
  yield* ready;
}

function readPackages(onPackage: (found: PrimaryPackage) => void): XmlReader {
  let declared: number | undefined;
  let count = 0;
  let kept = 0;
  let fields: Fields = new Map();
  let attributes: Readonly<Record<string, string>> = {};
  const xml = readXml(
    {
      open: (name, given, depth) => {
        attributes = given;
        if (given['xml:base'] !== undefined) throw new Malformed('a package lies elsewhere (xml:base)', place(count));
        if (depth === 1) declared = readRoot(name, given);
        if (depth === 2) fields = startPackage(name, given, count);
      },
      close: (name, text, depth) => {
        if (depth === 3 && FIELDS.has(name)) {
          if (fields.has(name)) throw new Malformed(`<${name}> is given twice`, place(count));
          fields.set(name, { text, attributes });
        }
        if (depth !== 2) return;
        const found = packageOf(fields, place(count));
        kept += found.path.length + found.name.length + found.version.length + found.release.length;
        if (kept > LIMIT_KEPT) throw new Malformed('too much is listed', place(count));
        onPackage(found);
        count += 1;
      },
    },
    'primary.xml',
  );
  return {
    write: (bytes) => xml.write(bytes),
    end: () => {
      xml.end();
      if (declared !== undefined && declared !== count) {
        throw new Malformed(`says ${declared} packages and lists ${count}`, 'primary.xml');
      }
    },
  };
}

function readRoot(name: string, attributes: Readonly<Record<string, string>>): number | undefined {
  if (name !== 'metadata') throw new Malformed(`the root is <${name}>`, 'primary.xml');
  const packages = attributes['packages'];
  return packages === undefined ? undefined : parseCount(packages, 'packages', 'primary.xml');
}

function startPackage(name: string, attributes: Readonly<Record<string, string>>, index: number): Fields {
  if (name !== 'package' || attributes['type'] !== 'rpm') {
    throw new Malformed(`<${name.slice(0, 60)}> where an rpm package should be`, place(index));
  }
  return new Map();
}

function packageOf(fields: Fields, where: string): PrimaryPackage {
  const text = (name: string): string => word(fields.get(name)?.text, name, where);
  const attribute = (name: string, key: string): string =>
    word(fields.get(name)?.attributes[key], `${name} ${key}`, where);
  const name = text('name');
  const here = `primary.xml, package ${JSON.stringify(name.slice(0, 80))}`;
  return {
    name,
    arch: text('arch'),
    epoch: String(parseCount(fields.get('version')?.attributes['epoch'] || '0', 'the epoch', here)),
    version: attribute('version', 'ver'),
    release: attribute('version', 'rel'),
    checksum: parseChecksum(attribute('checksum', 'type'), text('checksum'), here),
    sizeBytes: parseCount(attribute('size', 'package'), 'the size', here),
    path: parseHref(attribute('location', 'href'), here),
  };
}

function word(text: string | undefined, what: string, where: string): string {
  const value = text?.trim() ?? '';
  if (value === '') throw new Malformed(`no ${what}`, where);
  if (value.length > LIMIT_WORD) throw new Malformed(`${what} is too long`, where);
  return copyOf(value);
}

/** A string of its own: a part of a longer one would keep all of that in memory, here the whole document in the end. */
function copyOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function place(index: number): string {
  return `primary.xml, package ${index + 1}`;
}
