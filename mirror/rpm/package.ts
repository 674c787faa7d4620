// What an RPM package says of itself: lead, signature header, main header, and where its payload lies. Bounded; running: bytes are handed in.

import { createHash } from 'node:crypto';
import { Malformed } from '../../server/malformed.ts';
import type { Extent } from '../content/place.ts';
import type { Checksum, ChecksumType, Sha256 } from './checksum.ts';
import { sha256Of } from './checksum.ts';
import type { Evr } from './evr.ts';
import type { PackedFile } from './files.ts';
import { readFiles } from './files.ts';
import type { HeaderLimits, RpmHeader } from './header.ts';
import { HEADER_INTRO_BYTES, headerSize, parseHeader } from './header.ts';
import type { ByteSource } from './source.ts';

/** A package whose header was read and agrees with every digest of it that the package carries. */
export type RpmPackage = Evr & {
  readonly name: string;
  readonly arch: string;
  /** Of the main header as it lies in the package: what the package is known by. */
  readonly headerSha256: Sha256;
  /** In the order of the header; the payload's own order may be another. */
  readonly files: readonly PackedFile[];
  readonly payload: Payload;
};

export type Payload = Extent & {
  /** `gzip`, `bzip2`, `xz`, `lzma`, `zstd`; undefined where it names none: plain, or gzip in the oldest packages. */
  readonly compressor: string | undefined;
  /** What the packed bytes must hash to, where the package says so. */
  readonly digest: Checksum | undefined;
  /** The MD5 of header and packed payload together, in packages of rpm 4. */
  readonly md5: { readonly header: Uint8Array; readonly digest: string } | undefined;
};

const LEAD_BYTES = 96;
const LEAD_MAGIC = [0xed, 0xab, 0xee, 0xdb];
/** `rpmtag.h`: signature tags first, then those of the main header. */
const SIGNATURE = { longSize: 270, sha1: 269, sha256: 273, size: 1000, md5: 1004 } as const;
const TAG = {
  ...{ name: 1000, version: 1001, release: 1002, epoch: 1003, arch: 1022 },
  ...{ format: 1124, compressor: 1125, payloadDigest: 5092, payloadDigestAlgorithm: 5093 },
} as const;
/** RFC 4880 §9.4 numbers hash algorithms for rpm too. */
const ALGORITHMS: Readonly<Record<number, ChecksumType>> = {
  ...{ 1: 'md5', 2: 'sha1', 8: 'sha256', 9: 'sha384', 10: 'sha512', 11: 'sha224' },
};

/** The headers of a package as they lie in it. */
export type RpmHeaders = {
  readonly kind: 'binary' | 'source';
  readonly signature: RpmHeader;
  readonly header: RpmHeader;
  /** Where `header` begins in the package. */
  readonly start: number;
  readonly payload: Payload;
};

/**
 * Reads the headers of the package `source`, of a source package too, and holds them against the digests it carries and the
 * size that it says it has. Throws `Malformed`.
 */
export async function readRpmHeaders(source: ByteSource, limits?: HeaderLimits): Promise<RpmHeaders> {
  const { where } = source;
  const kind = readLead(await source.read({ offset: 0, length: LEAD_BYTES }), where);
  const signature = await readHeader(source, { offset: LEAD_BYTES, limits }, 'signature header');
  // Only the signature is padded to eight bytes (format_v4.md).
  const start = LEAD_BYTES + Math.ceil(signature.bytes.byteLength / 8) * 8;
  const header = await readHeader(source, { offset: start, limits }, 'header');
  checkHeaderDigests(signature, header, where);
  return { kind, signature, header, start, payload: payloadOf(source, { signature, header, start }) };
}

/** Reads all but the payload of the package `source`. Throws `Malformed` for what is none, is damaged, or is a source package. */
export async function openRpm(source: ByteSource): Promise<RpmPackage> {
  const { where } = source;
  const { kind, header, payload } = await readRpmHeaders(source);
  if (kind === 'source') throw new Malformed('not a binary RPM package', where);
  const format = header.text(TAG.format);
  if (format !== undefined && format !== 'cpio') throw new Malformed(`a payload of format ${format}`, where);
  const required = (tag: number, what: string): string => {
    const text = header.text(tag);
    if (text === undefined || text === '') throw new Malformed(`an RPM without ${what}`, where);
    return text;
  };
  return {
    name: required(TAG.name, 'a name'),
    epoch: header.numbers(TAG.epoch)[0] ?? 0,
    version: required(TAG.version, 'a version'),
    release: required(TAG.release, 'a release'),
    arch: required(TAG.arch, 'an architecture'),
    headerSha256: sha256Of(header.bytes),
    files: readFiles(header, algorithm, where),
    payload,
  };
}

/** `name-version-release.arch`, as rpm prints it; no epoch. */
export function nevraOf({ name, version, release, arch }: RpmPackage): string {
  return `${name}-${version}-${release}.${arch}`;
}

function readLead(lead: Uint8Array, where: string): 'binary' | 'source' {
  if (!LEAD_MAGIC.every((byte, at) => lead[at] === byte)) throw new Malformed('no RPM package', where);
  const [, , , , major = 0, , typeHigh, typeLow] = lead;
  if (major !== 3 && major !== 4) throw new Malformed(`an RPM package of format ${major}`, where);
  if (typeHigh !== 0 || (typeLow !== 0 && typeLow !== 1)) {
    throw new Malformed('neither a binary nor a source RPM package', where);
  }
  return typeLow === 0 ? 'binary' : 'source';
}

type HeaderPlace = { readonly offset: number; readonly limits: HeaderLimits | undefined };

async function readHeader(source: ByteSource, { offset, limits }: HeaderPlace, what: string): Promise<RpmHeader> {
  const where = `${source.where}, ${what}`;
  const length = headerSize(await source.read({ offset, length: HEADER_INTRO_BYTES }), where);
  return parseHeader(await source.read({ offset, length }), where, limits);
}

function checkHeaderDigests(signature: RpmHeader, header: RpmHeader, where: string): void {
  for (const [type, tag] of [
    ['sha256', SIGNATURE.sha256],
    ['sha1', SIGNATURE.sha1],
  ] as const) {
    const declared = signature.text(tag);
    if (declared === undefined) continue;
    const found = createHash(type).update(header.bytes).digest('hex');
    if (found !== declared.toLowerCase()) throw new Malformed(`the header has another ${type} digest`, where);
  }
}

type Parts = { readonly signature: RpmHeader; readonly header: RpmHeader; readonly start: number };

function payloadOf(source: ByteSource, { signature, header, start }: Parts): Payload {
  const { where, sizeBytes } = source;
  const offset = start + header.bytes.byteLength;
  const declared = signature.numbers(SIGNATURE.longSize)[0] ?? signature.numbers(SIGNATURE.size)[0];
  const end = declared === undefined ? sizeBytes : start + declared;
  if (end > sizeBytes) throw new Malformed(`the package is cut off: ${end - sizeBytes} bytes are missing`, where);
  if (end < offset) throw new Malformed('the package is shorter than its header', where);
  const md5 = signature.binary(SIGNATURE.md5);
  return {
    offset,
    length: end - offset,
    compressor: header.text(TAG.compressor),
    digest: payloadDigest(header, where),
    md5: md5 === undefined ? undefined : { header: header.bytes, digest: Buffer.from(md5).toString('hex') },
  };
}

function payloadDigest(header: RpmHeader, where: string): Checksum | undefined {
  const digest = header.text(TAG.payloadDigest);
  if (digest === undefined) return undefined;
  const type = algorithm(header.numbers(TAG.payloadDigestAlgorithm)[0] ?? 8, where);
  return { type, digest: digest.toLowerCase() };
}

function algorithm(number: number, where: string): ChecksumType {
  const type = ALGORITHMS[number];
  if (type === undefined) throw new Malformed(`a digest of algorithm ${number}`, where);
  return type;
}
