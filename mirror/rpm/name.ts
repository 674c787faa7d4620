// What a package is called, by its own headers. Running: bytes are handed in.

import { Malformed } from '../../server/malformed.ts';
import { METADATA_LIMITS } from '../metadata/describe.ts';
import type { Candidate } from '../metadata/select.ts';
import { readHeaders, readingPackage, type StreamedHeaders } from './streamed.ts';

/** The low byte of the type (format_v4.md): 0 binary, 1 source. */
const LEAD_TYPE = 7;
const SOURCE = 1;
const TAG = { name: 1000, version: 1001, release: 1002, epoch: 1003, arch: 1022, sourcePackage: 1106 } as const;

/** The name, read from the package's beginning alone. Throws `Malformed`. */
export async function readPackageName(chunks: AsyncIterable<Uint8Array>, where: string): Promise<Candidate> {
  return readingPackage(chunks, where, async (reader) =>
    packageName(await readHeaders(reader, where, METADATA_LIMITS), where),
  );
}

/** Throws `Malformed` where the header names no name, version, release or architecture. */
export function packageName({ lead, header }: StreamedHeaders, where: string): Candidate {
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
