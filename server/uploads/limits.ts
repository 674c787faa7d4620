// How much may be uploaded at once, and whether the disk has room for one more. Pure.

import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import { sizeText } from '../size-text.ts';

export type UploadLimits = {
  /** Of one file. */
  readonly fileBytes: number;
  /** Uploads whose bytes come in at the same time. */
  readonly receiving: number;
  /** Uploads that have begun and not ended. */
  readonly unfinished: number;
  /** An upload that nothing was heard of for so long is dropped. */
  readonly expireMs: number;
  /** What an upload leaves of the disk, for the rest of the appliance. */
  readonly reserveBytes: number;
};

const GIB = 1024 ** 3;

export const UPLOAD_LIMITS: UploadLimits = {
  fileBytes: 200 * GIB,
  receiving: 4,
  unfinished: 16,
  expireMs: 24 * 3_600_000,
  reserveBytes: GIB,
};

/** `promisedBytes`: what other uploads on their way still bring. */
export type Space = { readonly sizeBytes: number; readonly freeBytes: number; readonly promisedBytes: number };

/** Why a file of so many bytes is not begun; undefined where it fits. */
export function refuseForSpace({ sizeBytes, freeBytes, promisedBytes }: Space, limits: UploadLimits): No | undefined {
  const room = Math.max(0, freeBytes - promisedBytes - limits.reserveBytes);
  if (sizeBytes <= room) return undefined;
  const kept = promisedBytes === 0 ? '' : ` and ${sizeText(promisedBytes)} are promised to other uploads`;
  return no(
    `the disk has no room for ${sizeText(sizeBytes)}: ${sizeText(freeBytes)} are free${kept}, of which ${sizeText(limits.reserveBytes)} stay free for the appliance`,
    `make room for ${sizeText(sizeBytes - room)} more: kickstand template remove, kickstand repo prune`,
  );
}
