// Files out of a package's payload, proved: by the package's digests, by each file's own, and bounded in every size. Running.

import { createHash } from 'node:crypto';
import { Malformed } from '../../server/malformed.ts';
import { pickFromCpio } from './cpio.ts';
import { decompress } from './decompress.ts';
import type { PackedFile } from './files.ts';
import type { RpmPackage } from './package.ts';
import { openRpm } from './package.ts';
import { readPayload } from './payload.ts';
import type { ByteSource } from './source.ts';

export type ExtractOptions = {
  /** What the whole payload may unpack to; less is unpacked where all that is wanted comes first. */
  readonly limitBytes: number;
  readonly limitFileBytes: number;
  /** Lets everything else that waits have its turn (see `decompress`). */
  readonly breathe: () => Promise<void>;
};

/**
 * The content of those `wanted` paths that are regular files of the package, by path. A package that is damaged anywhere, as far as it
 * lets that be known, is `Malformed` and gives nothing.
 */
export async function extractFromRpm(
  source: ByteSource,
  wanted: ReadonlySet<string>,
  options: ExtractOptions,
): Promise<Map<string, Uint8Array>> {
  return extractFiles({ source, rpm: await openRpm(source) }, wanted, options);
}

/** The same of a package that was opened before. */
export async function extractFiles(
  { source, rpm }: { readonly source: ByteSource; readonly rpm: RpmPackage },
  wanted: ReadonlySet<string>,
  options: ExtractOptions,
): Promise<Map<string, Uint8Array>> {
  const { where } = source;
  const files = rpm.files.filter((file) => wanted.has(file.path) && file.kind === 'file' && !file.isGhost);
  checkSizes(files, options, where);
  if (files.length === 0) return new Map();
  const payload = readPayload(source, rpm.payload);
  const called = rpm.payload.compressor === 'lzma' ? 'lzma' : undefined;
  const { breathe, limitBytes, limitFileBytes } = options;
  const unpacked = decompress(payload.chunks, { limitBytes, breathe, called }, where);
  const picked = await pickFromCpio(
    unpacked,
    { wanted: new Set(files.map((file) => file.path)), limitBytes: limitFileBytes, memberAt: memberFinder(rpm) },
    where,
  );
  await payload.prove();
  for (const file of files) checkFile(file, picked.get(file.path), where);
  return picked;
}

function memberFinder({ files }: RpmPackage) {
  return (index: number) => {
    const file = files[index];
    return file === undefined ? undefined : { ...file, isFile: file.kind === 'file' };
  };
}

function checkSizes(files: readonly PackedFile[], options: ExtractOptions, where: string): void {
  let total = 0;
  for (const { path, sizeBytes } of files) {
    total += sizeBytes;
    if (sizeBytes > options.limitFileBytes || total > options.limitBytes) {
      throw new Malformed(`files of ${total} bytes are more than is unpacked`, `${where}, ${path}`);
    }
  }
}

function checkFile(file: PackedFile, bytes: Uint8Array | undefined, where: string): void {
  const at = `${where}, ${file.path}`;
  if (bytes === undefined) throw new Malformed('the payload does not hold it', at);
  if (bytes.byteLength !== file.sizeBytes) throw new Malformed('it has another size than the header says', at);
  const { digest } = file;
  if (digest !== undefined && createHash(digest.type).update(bytes).digest('hex') !== digest.digest) {
    throw new Malformed('it has another digest than the header says', at);
  }
}
