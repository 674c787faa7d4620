// The words of the tus protocol, version 1.0.0 (tus.io/protocols/resumable-upload): request headers read, answer headers written. Pure.

import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { Standing } from './lives.ts';
import { SHA256 } from './record.ts';
import type { RefusalCause } from './refusal.ts';

export const TUS_VERSION = '1.0.0';
export const CHUNK_TYPE = 'application/offset+octet-stream';
const EXTENSIONS = 'creation,checksum,termination,expiration';

/** The checksum extension's names and Node's; sha1 every server must know. */
const ALGORITHMS: ReadonlySet<string> = new Set(['sha1', 'md5', 'sha256']);

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What every answer carries. */
export const TUS_ALWAYS = { 'Tus-Resumable': TUS_VERSION, 'Cache-Control': 'no-store' } as const;

/** What OPTIONS tells of the server. */
export function abilities(fileBytes: number): Readonly<Record<string, string>> {
  return {
    'Tus-Resumable': TUS_VERSION,
    'Tus-Version': TUS_VERSION,
    'Tus-Extension': EXTENSIONS,
    'Tus-Max-Size': String(fileBytes),
    'Tus-Checksum-Algorithm': [...ALGORITHMS].join(','),
  };
}

/** Does the request speak this version? It must say so, but for OPTIONS. */
export function speaksTus(headers: Headers): boolean {
  return textOf(headers, 'tus-resumable') === TUS_VERSION;
}

/** Upload-Metadata: comma-separated pairs of a key and its value in base64, the value left out for an empty one. */
export function parseMetadata(text: string): ReadonlyMap<string, string> | No {
  const read = new Map<string, string>();
  if (text.length > METADATA_LIMIT) return no(`Upload-Metadata is longer than ${METADATA_LIMIT} characters`);
  for (const pair of text.split(',')) {
    const [, key, value = ''] = /^\s*([!-+\x2d-~]+)(?: +([A-Za-z0-9+/]*={0,2}))?\s*$/.exec(pair) ?? [];
    if (key === undefined || read.has(key)) return no('Upload-Metadata cannot be read');
    read.set(key, Buffer.from(value, 'base64').toString('utf8'));
  }
  return read;
}

const METADATA_LIMIT = 4096;

export type Creation = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string | undefined;
  readonly metadata: string;
};

/** What a POST wants to begin: its length, and in the metadata `filename` and perhaps `sha256`. */
export function readCreation(headers: Headers): Creation | No {
  const sizeBytes = countOf(headers, 'upload-length');
  if (sizeBytes === undefined)
    return no('Upload-Length is missing or no number', 'the length has to be known beforehand');
  const metadata = textOf(headers, 'upload-metadata') ?? '';
  const read = parseMetadata(metadata);
  if (isNo(read)) return read;
  const name = read.get('filename');
  if (name === undefined) return no('Upload-Metadata names no filename', 'send filename, its value in base64');
  const sha256 = read.get('sha256')?.toLowerCase();
  if (sha256 !== undefined && !SHA256.test(sha256)) return no('the sha256 in Upload-Metadata is none');
  return { name, sizeBytes, sha256, metadata };
}

export type PieceHeaders = {
  readonly offset: number;
  readonly checksum: { readonly algorithm: string; readonly digest: Buffer } | undefined;
};

/** What a PATCH says of its bytes. */
export function readPiece(headers: Headers): PieceHeaders | No {
  const offset = countOf(headers, 'upload-offset');
  if (offset === undefined) return no('Upload-Offset is missing or no number');
  const text = textOf(headers, 'upload-checksum');
  if (text === undefined) return { offset, checksum: undefined };
  const [, algorithm = '', digest = ''] = /^(\w+) ([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (!ALGORITHMS.has(algorithm)) return no(`Upload-Checksum is none of ${[...ALGORITHMS].join(', ')}`);
  return { offset, checksum: { algorithm, digest: Buffer.from(digest, 'base64') } };
}

/** The headers that tell where an upload stands. */
export function standingHeaders(standing: Standing): Readonly<Record<string, string>> {
  const { offset, expiresAt } = standing;
  return {
    'Upload-Offset': String(offset),
    ...(expiresAt === undefined ? {} : { 'Upload-Expires': new Date(expiresAt).toUTCString() }),
  };
}

/** The same and more, for HEAD. */
export function headHeaders(standing: Standing): Readonly<Record<string, string>> {
  const metadata = standing.metadata === '' ? {} : { 'Upload-Metadata': standing.metadata };
  return { ...standingHeaders(standing), 'Upload-Length': String(standing.sizeBytes), ...metadata };
}

/** 410 and 460 are the protocol's own; 507 is RFC 4918 §11.5. Clients try again after 409 and 5xx. */
export const STATUSES: Readonly<Record<RefusalCause, number>> = {
  wrong: 400,
  taken: 409,
  'too-large': 413,
  'no-room': 507,
  busy: 503,
  gone: 410,
  'other-offset': 409,
  'damaged-piece': 460,
  'other-content': 422,
  cut: 400,
};

/** A whole number in a header. */
export function countOf(headers: Headers, name: string): number | undefined {
  const text = textOf(headers, name);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function textOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * The sha256 that a plain PUT says its content has, in hexadecimal: from `?sha256=` or from Repr-Digest (RFC 9530 §3). Undefined for none;
 * other algorithms' digests are left alone, as the RFC has it.
 */
export function announcedSha256(query: string | undefined, headers: Headers): string | undefined | No {
  if (query !== undefined) return SHA256.test(query.toLowerCase()) ? query.toLowerCase() : no('?sha256= is no sha256');
  const digest = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/]+={0,2}):/.exec(textOf(headers, 'repr-digest') ?? '')?.[1];
  if (digest === undefined) return undefined;
  const hex = Buffer.from(digest, 'base64').toString('hex');
  return SHA256.test(hex) ? hex : no('the sha-256 of Repr-Digest is none');
}
