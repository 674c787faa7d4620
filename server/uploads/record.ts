// What is written down of staged files and of uploads on their way, as text on disk and as values. Pure.

import { z } from 'zod';
import { Malformed } from '../malformed.ts';
import { isStagedName } from './name.ts';

export const SHA256 = /^[0-9a-f]{64}$/;
const MD5 = /^[0-9a-f]{32}$/;
/** Of an upload: its URL ends in it. */
export const UPLOAD_ID = /^[0-9a-f]{24}$/;

const name = z.string().refine(isStagedName, 'is no name of a staged file');
const sizeBytes = z.int().min(1);
const time = z.int().min(0);

const stagedFile = z.object({
  name,
  sizeBytes,
  sha256: z.string().regex(SHA256),
  md5: z.string().regex(MD5),
  addedAt: time,
  by: z.string(),
  upload: z.string(),
});

const claim = z.object({
  id: z.string().regex(UPLOAD_ID),
  name,
  sizeBytes,
  sha256: z.string().regex(SHA256).optional(),
  createdAt: time,
  by: z.string(),
  how: z.enum(['resumable', 'whole', 'command']),
  metadata: z.string(),
});

/** A file that is served. Its sums were reckoned from its bytes; `by` put it there, with the upload of that id. Time in ms since 1970. */
export type StagedFile = Readonly<z.output<typeof stagedFile>>;

/**
 * An upload that has begun: it holds its name until it ends. `sha256` is what its sender says it will be; `metadata` is what it
 * sent as Upload-Metadata. `whole` cannot be resumed, `command` was not sent but added on this machine.
 */
export type Claim = Omit<Readonly<z.output<typeof claim>>, 'sha256'> & { readonly sha256: string | undefined };

/** Reads a record. Throws `Malformed`, naming `where`, for anything else. */
export function parseStagedFile(text: string, where: string): StagedFile {
  return parse(stagedFile, text, where);
}

/** Reads a claim; throws as above. */
export function parseClaim(text: string, where: string): Claim {
  const { sha256, ...rest } = parse(claim, text, where);
  return { ...rest, sha256 };
}

/** The text that the two above read. */
export function formatRecord(value: StagedFile | Claim): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Malformed('not JSON', where);
    throw error;
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new Malformed(`${read.error.issues[0]?.path.join('.') ?? ''} cannot be read`, where);
}
