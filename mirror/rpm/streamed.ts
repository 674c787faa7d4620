// A package read once from front to end, in bounded memory: lead and headers, then the payload, held against all it carries. Running: bytes are handed in.

import { Malformed } from '../../server/malformed.ts';
import { declaredSize, packageDigests, startDigests, type PackageDigest } from './digests.ts';
import { HEADER_INTRO_BYTES, headerSize, parseHeader, type HeaderLimits, type RpmHeader } from './header.ts';
import { readStream, type StreamReader, type WholeReader } from './stream.ts';

export type StreamedHeaders = { readonly lead: Uint8Array; readonly signature: RpmHeader; readonly header: RpmHeader };

/** What takes in the bytes that it covers, in their order. */
export type Sink = { update(bytes: Uint8Array): void };

export type Agreement = {
  readonly digests: readonly PackageDigest[];
  /** Those that the bytes have not. */
  readonly wrong: readonly PackageDigest[];
  /** From the main header on; `declaredBytes` is what the package says that should be. */
  readonly sizeBytes: number;
  readonly declaredBytes: number | undefined;
};

const LEAD_BYTES = 96;
const LEAD_MAGIC = [0xed, 0xab, 0xee, 0xdb];

/** Lets `read` have the package, and lets go of `chunks` whatever comes of it. */
export async function readingPackage<T>(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  read: (reader: WholeReader) => Promise<T>,
): Promise<T> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    return await read(readStream(iterator, where));
  } finally {
    await iterator.return?.();
  }
}

/** Lead and headers: the package's beginning. Throws `Malformed`. */
export async function readHeaders(reader: StreamReader, where: string, limits: HeaderLimits): Promise<StreamedHeaders> {
  const lead = await reader.bytes(LEAD_BYTES);
  if (!LEAD_MAGIC.every((byte, at) => lead[at] === byte)) throw new Malformed('no RPM package', where);
  const signature = await readHeader(reader, `${where}, signature header`, limits);
  // Only the signature is padded to eight bytes (format_v4.md).
  await reader.skip(-signature.bytes.byteLength & 7);
  return { lead, signature, header: await readHeader(reader, `${where}, header`, limits) };
}

async function readHeader(reader: StreamReader, where: string, limits: HeaderLimits): Promise<RpmHeader> {
  const intro = await reader.bytes(HEADER_INTRO_BYTES);
  const rest = await reader.bytes(headerSize(intro, where) - HEADER_INTRO_BYTES);
  return parseHeader(Buffer.concat([intro, rest]), where, limits);
}

/**
 * Reads the rest of the package, and tells which of the digests that it carries are not of its bytes. `also` are fed the main header
 * alone, or header and payload together. Throws `Malformed`.
 */
export async function digestPackage(
  reader: WholeReader,
  { signature, header }: StreamedHeaders,
  { where, also }: { readonly where: string; readonly also?: { readonly header: Sink; readonly whole: Sink } },
): Promise<Agreement> {
  const digests = packageDigests(signature, header, where);
  const ofHeader = startDigests(digests, 'header');
  const ofWhole = startDigests(digests, 'whole');
  const ofPayload = startDigests(digests, 'payload');
  const others = also === undefined ? [] : [also.whole];
  for (const part of [ofHeader, ofWhole, ...others]) part.update(header.bytes);
  also?.header.update(header.bytes);
  let sizeBytes = header.bytes.byteLength;
  for await (const chunk of reader.rest()) {
    for (const part of [ofWhole, ofPayload, ...others]) part.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  const wrong = [ofHeader, ofPayload, ofWhole].flatMap((part) => part.wrong());
  return { digests, wrong, sizeBytes, declaredBytes: declaredSize(signature) };
}
