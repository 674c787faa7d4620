// Where an entry of the audit log stands, as a text that stays right: files are renamed as they grow old, their first lines are not. Pure.

import { createHash } from 'node:crypto';

/** `file` is made of its first line; `offset` is where the entry's line begins in it. */
export type Place = { readonly file: string; readonly offset: number };

/** As an id, and as what to go on behind. */
export function formatPlace({ file, offset }: Place): string {
  return `${file}.${offset}`;
}

/** Undefined for what is none. */
export function parsePlace(text: string): Place | undefined {
  const [, file, digits] = /^([A-Za-z0-9_-]{16})\.(\d{1,12})$/.exec(text) ?? [];
  return file === undefined ? undefined : { file, offset: Number(digits) };
}

/** What a file is known by, whatever it is called: lines are appended to it, and the first one stays. */
export function fileId(firstLine: Uint8Array): string {
  return createHash('sha256').update(firstLine).digest('base64url').slice(0, 16);
}
