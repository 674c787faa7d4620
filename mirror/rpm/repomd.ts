// repomd.xml, the table of contents of an RPM repository: bytes in, every data entry out, known type or not.

import { Malformed } from '../../server/malformed.ts';
import { parseChecksum, type Checksum } from './checksum.ts';
import { parseHref, type RelativePath } from './href.ts';
import { parseCount, readXml } from './xml.ts';

/** One metadata file. `openChecksum`/`openSizeBytes` are of the uncompressed content, `header…` of a zchunk header. */
export type RepomdEntry = {
  readonly type: string;
  readonly checksum: Checksum;
  readonly openChecksum: Checksum | undefined;
  readonly headerChecksum: Checksum | undefined;
  readonly path: RelativePath;
  /** Undefined only in metadata of createrepo's first years. */
  readonly sizeBytes: number | undefined;
  readonly openSizeBytes: number | undefined;
  /** Seconds since 1970; old createrepo wrote fractions. */
  readonly timestamp: number | undefined;
};
export type Repomd = { readonly revision: string | undefined; readonly data: readonly RepomdEntry[] };

/** The largest repomd.xml that is read. */
export const REPOMD_LIMIT_BYTES = 1024 * 1024;
const LIMIT_ENTRIES = 1000;

type Field = { readonly text: string; readonly attributes: Readonly<Record<string, string>> };
type Fields = Map<string, Field>;

/** Reads a whole repomd.xml. Throws `Malformed`: bad XML, no or two `primary`, an entry without checksum or a safe href. */
export function parseRepomd(bytes: Uint8Array): Repomd {
  if (bytes.length > REPOMD_LIMIT_BYTES) throw new Malformed('larger than 4 MiB', 'repomd.xml');
  const data: RepomdEntry[] = [];
  let revision: string | undefined;
  let type = '';
  let fields: Fields = new Map();
  let attributes: Readonly<Record<string, string>> = {};
  const reader = readXml(
    {
      open: (name, given, depth) => {
        attributes = given;
        if (depth === 1 && name !== 'repomd') throw new Malformed(`the root is <${name}>`, 'repomd.xml');
        if (depth !== 2) return;
        fields = new Map();
        type = given['type'] ?? '';
      },
      close: (name, text, depth) => {
        if (depth === 3) addField(fields, name, { text, attributes });
        if (depth === 2 && name === 'revision') revision = text.trim().slice(0, 256);
        if (depth === 2 && name === 'data') data.push(parseEntry(type, fields));
        if (data.length > LIMIT_ENTRIES) throw new Malformed('too many data entries', 'repomd.xml');
      },
    },
    'repomd.xml',
  );
  reader.write(bytes);
  reader.end();
  const primaries = data.filter((entry) => entry.type === 'primary').length;
  if (primaries !== 1) throw new Malformed(`${primaries} primary entries instead of one`, 'repomd.xml');
  return { revision, data };
}

function addField(fields: Fields, name: string, field: Field): void {
  if (fields.has(name)) throw new Malformed(`<${name}> is given twice`, 'repomd.xml');
  fields.set(name, field);
}

function parseEntry(type: string, fields: Fields): RepomdEntry {
  const where = `repomd.xml, data ${JSON.stringify(type.slice(0, 60))}`;
  if (type === '' || type.length > 200) throw new Malformed('a data entry without a type', where);
  const checksum = checksumOf(fields.get('checksum'), where);
  if (checksum === undefined) throw new Malformed('no checksum', where);
  const location = fields.get('location')?.attributes;
  if (location?.['xml:base'] !== undefined) throw new Malformed('lies elsewhere (xml:base)', where);
  const href = location?.['href'];
  if (href === undefined) throw new Malformed('no location', where);
  return {
    type,
    checksum,
    openChecksum: checksumOf(fields.get('open-checksum'), where),
    headerChecksum: checksumOf(fields.get('header-checksum'), where),
    path: parseHref(href, where),
    sizeBytes: countOf(fields.get('size'), where),
    openSizeBytes: countOf(fields.get('open-size'), where),
    timestamp: timestampOf(fields.get('timestamp'), where),
  };
}

function checksumOf(field: Field | undefined, where: string): Checksum | undefined {
  return field === undefined ? undefined : parseChecksum(field.attributes['type'] ?? '', field.text, where);
}

function countOf(field: Field | undefined, where: string): number | undefined {
  return field === undefined ? undefined : parseCount(field.text, 'the size', where);
}

function timestampOf(field: Field | undefined, where: string): number | undefined {
  if (field === undefined) return undefined;
  const text = field.text.trim();
  if (!/^\d{1,15}(?:\.\d{1,9})?$/.test(text)) throw new Malformed('the timestamp is no number', where);
  return Number(text);
}
