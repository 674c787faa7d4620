// A strict, bounded XML reader for hostile metadata: chunks in, elements out; no DTD, no entities, no endless token.

import { SaxesParser } from 'saxes';
import { Malformed } from '../../server/malformed.ts';

/** `depth` is 1 for the root. `text` is the character data directly inside an element that ends. */
export type XmlHandlers = {
  open(name: string, attributes: Readonly<Record<string, string>>, depth: number): void;
  close(name: string, text: string, depth: number): void;
};
/** Takes bytes in any cut. Both functions throw `Malformed`. */
export type XmlReader = { write(bytes: Uint8Array): void; end(): void };

const LIMIT_DEPTH = 32;
/** How much may be read without an element beginning or ending: far more than any changelog or description holds. */
const LIMIT_TOKEN = 4 * 1024 * 1024;
const SLICE_BYTES = 256 * 1024;

/**
 * A document type is refused, or may be named by its address alone, as every comps.xml does: nothing is fetched, and one that
 * declares anything is refused all the same.
 */
export type Doctype = 'refused' | 'named';

/** A reader that calls `handlers` in document order. `where` names the document in errors. */
export function readXml(handlers: XmlHandlers, where: string, doctype: Doctype = 'refused'): XmlReader {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parser = new SaxesParser({ xmlns: false });
  let depth = 0;
  let text = '';
  let unbroken = 0;
  parser.on('error', (error) => {
    throw new Malformed(error.message, where);
  });
  parser.on('doctype', (text) => {
    if (doctype === 'refused' || text.includes('[')) throw new Malformed('a document type is not accepted', where);
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) throw new Malformed('not in UTF-8', where);
  });
  const addText = (more: string): void => {
    text += more;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('opentag', (tag) => {
    depth += 1;
    if (depth > LIMIT_DEPTH) throw new Malformed('elements nest too deep', where);
    text = '';
    unbroken = 0;
    handlers.open(tag.name, tag.attributes, depth);
  });
  parser.on('closetag', (tag) => {
    unbroken = 0;
    handlers.close(tag.name, text, depth);
    text = '';
    depth -= 1;
  });
  const feed = (bytes: Uint8Array | undefined): void => {
    unbroken += bytes?.length ?? 0;
    parser.write(decode(decoder, bytes, where));
    if (unbroken > LIMIT_TOKEN) throw new Malformed('an element is too long', where);
  };
  return {
    write: (bytes) => {
      for (let at = 0; at < bytes.length; at += SLICE_BYTES) feed(bytes.subarray(at, at + SLICE_BYTES));
    },
    end: () => {
      feed(undefined);
      parser.close();
    },
  };
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array | undefined, where: string): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    throw new Malformed('not in UTF-8', where);
  }
}

/** A whole number of metadata (a size, a count). Throws `Malformed`. */
export function parseCount(text: string, what: string, where: string): number {
  const digits = text.trim();
  if (!/^\d{1,15}$/.test(digits))
    throw new Malformed(`${what} is no number: ${JSON.stringify(text.slice(0, 30))}`, where);
  return Number(digits);
}
