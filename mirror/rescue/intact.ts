// Is a package whole, by what it carries of itself, and what is it called? Who signed it is another matter. Running: bytes are handed in.

import { Malformed } from '../../server/malformed.ts';
import type { Candidate } from '../metadata/select.ts';
import { METADATA_LIMITS } from '../metadata/describe.ts';
import { declaredSize, packageDigests, startDigests } from '../rpm/digests.ts';
import { HEADER_INTRO_BYTES, headerSize, parseHeader, type RpmHeader } from '../rpm/header.ts';
import { readStream, type StreamReader, type WholeReader } from '../rpm/stream.ts';

export type IntactPackage = {
  readonly named: Candidate;
  /** `no`: it carries no digest over its payload. */
  readonly proved: 'yes' | 'no';
};

type Chunks = AsyncIterable<Uint8Array>;
const LEAD_BYTES = 96;
/** The low byte of the type (format_v4.md): 0 binary, 1 source. */
const LEAD_TYPE = 7;
const SOURCE = 1;
const LEAD_MAGIC = [0xed, 0xab, 0xee, 0xdb];
const TAG = { name: 1000, version: 1001, release: 1002, epoch: 1003, arch: 1022, sourcePackage: 1106 } as const;

/**
 * Reads a package from front to end and holds it against every digest and size that it carries. Throws `Malformed` for what is
 * none, is cut off, or does not agree with itself.
 */
export async function proveIntact(chunks: Chunks, where: string): Promise<IntactPackage> {
  return reading(chunks, where, async (reader) => {
    const headers = await readHeaders(reader, where);
    const { signature, header } = headers;
    const digests = packageDigests(signature, header, where);
    const [ofHeader, ofWhole, ofPayload] = (['header', 'whole', 'payload'] as const).map((covers) =>
      startDigests(digests, covers),
    );
    for (const part of [ofHeader, ofWhole]) part?.update(header.bytes);
    let sizeBytes = header.bytes.byteLength;
    for await (const chunk of reader.rest()) {
      for (const part of [ofWhole, ofPayload]) part?.update(chunk);
      sizeBytes += chunk.byteLength;
    }
    const declaredBytes = declaredSize(signature) ?? sizeBytes;
    const wrong = [ofHeader, ofPayload, ofWhole].flatMap((part) => part?.wrong().map(({ title }) => title) ?? []);
    if (sizeBytes !== declaredBytes) throw new Malformed(`${sizeBytes} bytes instead of ${declaredBytes}`, where);
    if (wrong.length > 0) throw new Malformed(`the package is damaged: it has another ${wrong.join(', ')}`, where);
    const proved = digests.some(({ covers }) => covers !== 'header') ? 'yes' : 'no';
    return { named: nameOf(headers, where), proved };
  });
}

/** What the package is called, read from its beginning alone. Throws `Malformed`. */
export async function readPackageName(chunks: Chunks, where: string): Promise<Candidate> {
  return reading(chunks, where, async (reader) => nameOf(await readHeaders(reader, where), where));
}

async function reading<T>(chunks: Chunks, where: string, read: (reader: WholeReader) => Promise<T>): Promise<T> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    return await read(readStream(iterator, where));
  } finally {
    await iterator.return?.();
  }
}

type Headers = { readonly lead: Uint8Array; readonly signature: RpmHeader; readonly header: RpmHeader };

async function readHeaders(reader: StreamReader, where: string): Promise<Headers> {
  const lead = await reader.bytes(LEAD_BYTES);
  if (!LEAD_MAGIC.every((byte, at) => lead[at] === byte)) throw new Malformed('no RPM package', where);
  const signature = await readHeader(reader, `${where}, signature header`);
  // Only the signature is padded to eight bytes (format_v4.md).
  await reader.skip(-signature.bytes.byteLength & 7);
  return { lead, signature, header: await readHeader(reader, `${where}, header`) };
}

async function readHeader(reader: StreamReader, where: string): Promise<RpmHeader> {
  const intro = await reader.bytes(HEADER_INTRO_BYTES);
  const rest = await reader.bytes(headerSize(intro, where) - HEADER_INTRO_BYTES);
  return parseHeader(Buffer.concat([intro, rest]), where, METADATA_LIMITS);
}

function nameOf({ lead, header }: Headers, where: string): Candidate {
  const required = (tag: number, what: string): string => {
    const text = header.text(tag);
    if (text === undefined || text === '') throw new Malformed(`an RPM without ${what}`, where);
    return text;
  };
  const isSource = lead[LEAD_TYPE] === SOURCE || header.numbers(TAG.sourcePackage).length > 0;
  return {
    name: required(TAG.name, 'a name'),
    epoch: String(header.numbers(TAG.epoch)[0] ?? 0),
    version: required(TAG.version, 'a version'),
    release: required(TAG.release, 'a release'),
    arch: isSource ? 'src' : required(TAG.arch, 'an architecture'),
  };
}
