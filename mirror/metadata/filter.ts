// Upstream's primary, filelists and other with the chosen packages alone: elements copied, counts right. Running: a stream in, a stream out.

import { Malformed } from '../../server/malformed.ts';
import { parseHref, type RelativePath } from '../rpm/href.ts';
import { readXml, type XmlReader } from '../rpm/xml.ts';
import { writeDocument, type SavedDocument } from './document.ts';
import { renderEnd, renderStart, type DocumentType } from './elements.ts';
import { escapeAttribute, escapeText } from './text.ts';
import type { Documents, WriteEdges } from './write.ts';

type Chunks = AsyncIterable<Uint8Array>;
type Attributes = Readonly<Record<string, string>>;
/** Upstream's documents, unpacked and held against their checksums as they are read. */
export type UpstreamDocuments = Readonly<Record<DocumentType, () => Chunks>>;

/** A package's element as text, and what it is known by. */
type CopiedPackage = { readonly key: string; readonly pkgid: string; readonly text: string };

/** The names that our own root declares prefixes for. */
const NAME = /^(?:rpm:|xml:)?[A-Za-z_][\w.-]*$/;
/** Some five milliseconds. */
const SLICE_BYTES = 128 * 1024;
const LIMIT_PACKAGE_CHARACTERS = 128 * 1024 * 1024;

/**
 * Writes upstream's documents anew with the packages that lie at `chosen`, each once, in upstream's order: what a filtered repo needs
 * where upstream's metadata is whole, and thousands of headers need not be read. Throws `Malformed` for bad XML, for a
 * chosen package that a document lacks, and for a package that lies elsewhere (`xml:base`).
 */
export async function filterMetadata(
  upstream: UpstreamDocuments,
  chosen: ReadonlySet<RelativePath>,
  edges: WriteEdges,
): Promise<Documents> {
  const ids = new Set<string>();
  const wanted: ReadonlySet<string> = chosen;
  const primary = await copyDocument('primary', upstream.primary(), {
    wanted,
    onCopied: ({ pkgid }) => ids.add(pkgid),
    edges,
  });
  const onCopied = (): void => undefined;
  const filelists = await copyDocument('filelists', upstream.filelists(), { wanted: ids, onCopied, edges });
  const other = await copyDocument('other', upstream.other(), { wanted: ids, onCopied, edges });
  return { primary, filelists, other };
}

type Copying = {
  readonly wanted: ReadonlySet<string>;
  readonly onCopied: OnCopied;
  readonly edges: WriteEdges;
};

function copyDocument(
  type: DocumentType,
  chunks: Chunks,
  { wanted, onCopied, edges }: Copying,
): Promise<SavedDocument> {
  return writeDocument(edges.save, async (document) => {
    const left = new Set(wanted);
    await document.write(renderStart(type, wanted.size));
    for await (const copied of readPackages(chunks, edges, (ready) => copyingReader(type, left, ready))) {
      onCopied(copied);
      await document.write(copied.text);
    }
    const [missing] = left;
    if (missing !== undefined) throw new Malformed(`lacks ${left.size} packages, ${missing} first`, `${type}.xml`);
    await document.write(renderEnd(type));
  });
}

type OnCopied = (copied: CopiedPackage) => void;

/** What the reader that `open` opens copies; between slices others have their turn. */
async function* readPackages(
  chunks: Chunks,
  { breathe }: WriteEdges,
  open: (onCopied: OnCopied) => XmlReader,
): AsyncGenerator<CopiedPackage> {
  const ready: CopiedPackage[] = [];
  const reader = open((copied) => ready.push(copied));
  let unbreathed = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      const slice = chunk.subarray(at, at + SLICE_BYTES);
      reader.write(slice);
      yield* ready.splice(0);
      unbreathed += slice.length;
      if (unbreathed < SLICE_BYTES) continue;
      await breathe();
      unbreathed = 0;
    }
  }
  reader.end();
  yield* ready;
}

/** Copies the packages whose keys are in `left`, and takes them out of it. Primary's key is the path; the others' is the pkgid. */
function copyingReader(type: DocumentType, left: Set<string>, onCopied: OnCopied): XmlReader {
  const where = `${type}.xml`;
  let [copy, key, pkgid] = [startCopy(where), '', ''];
  let skips = false;
  return readXml(
    {
      open: (name, attributes, depth) => {
        if (depth === 1) return;
        if (depth === 2) {
          if (name !== 'package') throw new Malformed(`<${name.slice(0, 60)}> where a package should be`, where);
          [copy, key, pkgid] = [startCopy(where), attributes['pkgid'] ?? '', attributes['pkgid'] ?? ''];
          skips = type !== 'primary' && !left.has(key);
        }
        if (attributes['xml:base'] !== undefined) throw new Malformed('a package lies elsewhere (xml:base)', where);
        if (type === 'primary' && depth === 3 && name === 'location') key = parseHref(attributes['href'] ?? '', where);
        if (!skips) copy.open(name, attributes, depth);
      },
      close: (name, text, depth) => {
        if (depth === 1 || skips) return;
        if (type === 'primary' && depth === 3 && name === 'checksum') pkgid = text.trim();
        copy.close(name, text, depth);
        if (depth === 2 && left.delete(key)) onCopied({ key, pkgid, text: copy.text() });
      },
    },
    where,
  );
}

type Copy = {
  open(name: string, attributes: Attributes, depth: number): void;
  close(name: string, text: string, depth: number): void;
  text(): string;
};

/** Writes one element and what is in it, indented anew. */
function startCopy(where: string): Copy {
  let text = '';
  let isOpen = false;
  const add = (more: string): void => {
    text += more;
    if (text.length > LIMIT_PACKAGE_CHARACTERS) throw new Malformed('a package is too long', where);
  };
  return {
    open: (name, attributes, depth) => {
      for (const known of [name, ...Object.keys(attributes)]) {
        if (!NAME.test(known))
          throw new Malformed(`a name of another vocabulary: ${JSON.stringify(known.slice(0, 60))}`, where);
      }
      const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`);
      add(`${isOpen ? '>\n' : ''}${indent(depth)}<${name}${given.join('')}`);
      isOpen = true;
    },
    close: (name, content, depth) => {
      if (!isOpen) add(`${indent(depth)}</${name}>\n`);
      else add(content === '' ? '/>\n' : `>${escapeText(content)}</${name}>\n`);
      isOpen = false;
    },
    text: () => text,
  };
}

function indent(depth: number): string {
  return '  '.repeat(depth - 2);
}
