// A version of the site file: what it said from some time on, and by whom; which ones are forgotten. Pure.

import { z } from 'zod';

/** Whose change a version is. `operation` is the API's name of it. */
export type Author = {
  readonly by: string;
  readonly via: 'session' | 'token' | 'command' | 'disk';
  readonly operation: string;
};

/** Somebody with an editor: what they are called, the file does not tell. */
export const ON_DISK: Author = { by: 'on disk', via: 'disk', operation: 'editSite' };

/** A version, without its text. Numbers rise and are never given twice. */
export type SiteVersion = z.output<typeof version>;

const version = z.object({
  id: z.int().min(1),
  /** When it was kept, ms since 1970. */
  at: z.number(),
  by: z.string(),
  via: z.string(),
  operation: z.string(),
  /** Lines that the version before it has not, and lines of that one which it has not. */
  added: z.int(),
  removed: z.int(),
  bytes: z.int(),
  sha256: z.string(),
});

/** Reads a version's record; undefined for what is none, or is that of another number. */
export function parseVersion(text: string, id: number): SiteVersion | undefined {
  try {
    const read = version.safeParse(JSON.parse(text));
    return read.success && read.data.id === id ? read.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const DIGITS = 6;

/** `000017`: sorted by name they are sorted by age. */
export function versionName(id: number): string {
  return String(id).padStart(DIGITS, '0');
}

/** The number of the file `000017.yaml` or `000017.json`; undefined for any other name. */
export function versionOf(fileName: string): { readonly id: number; readonly kind: 'text' | 'record' } | undefined {
  const [, digits, ending] = /^(\d{6,9})\.(yaml|json)$/.exec(fileName) ?? [];
  if (digits === undefined) return undefined;
  return { id: Number(digits), kind: ending === 'yaml' ? 'text' : 'record' };
}

/** How much is kept. */
export const HISTORY_LIMITS = { versions: 200, bytes: 64 * 1024 * 1024 };

/** The newest of `versions` (newest first) that fit into `limits`; always the first one. */
export function keptVersions(
  versions: readonly SiteVersion[],
  limits: typeof HISTORY_LIMITS = HISTORY_LIMITS,
): readonly SiteVersion[] {
  let bytes = 0;
  const over = versions.findIndex((one, index) => {
    bytes += one.bytes;
    return index > 0 && (index >= limits.versions || bytes > limits.bytes);
  });
  return over === -1 ? versions : versions.slice(0, over);
}

/** `12 (+3 −1)`: a version in a few words. */
export function versionWords({ id, added, removed }: Pick<SiteVersion, 'id' | 'added' | 'removed'>): string {
  return `${id} (+${added} −${removed})`;
}
