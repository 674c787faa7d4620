// repomd.xml stamped anew, so that a client whose cache is newer takes the roll-back. Pure; nothing but the times changes.

import { Malformed } from '../../server/malformed.ts';
import { parseRepomd, type Repomd } from '../rpm/repomd.ts';

/** Comments and CDATA are passed over; else a revision or timestamp with nothing but text in it. */
const TIMES = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|(<(revision|timestamp)(?:\s[^<>]*)?>)([^<]*)(<\/\2\s*>)/g;

/** Seconds since 1970 of the newest data entry, as yum of EL5 to EL7 compares repositories; 0 where none tells a time. */
export function newestTimestamp({ data }: Pick<Repomd, 'data'>): number {
  return data.reduce((newest, { timestamp }) => Math.max(newest, timestamp ?? 0), 0);
}

/**
 * The same repomd.xml with its revision and every timestamp set to `seconds` (since 1970, whole); all other bytes stay.
 * Throws `Malformed` where that cannot be done so that only they change.
 */
export function stampRepomd(bytes: Uint8Array, seconds: number): Uint8Array {
  // One character a byte: whatever is not a time passes through as it is.
  const text = Buffer.from(bytes).toString('latin1');
  const stamped = Buffer.from(
    text.replaceAll(TIMES, (all: string, ...[open, , , close]: readonly (string | undefined)[]) =>
      open === undefined || close === undefined ? all : `${open}${seconds}${close}`,
    ),
    'latin1',
  );
  const [before, after] = [parseRepomd(bytes), parseRepomd(stamped)];
  if (newestTimestamp(after) !== seconds) throw new Malformed('it has no timestamps to move', 'repomd.xml');
  if (factsOf(before) !== factsOf(after)) throw new Malformed('its times cannot be told from the rest', 'repomd.xml');
  return stamped;
}

/** All but the times; an entry without one is left without. */
function factsOf({ data }: Repomd): string {
  return JSON.stringify(data.map((entry) => ({ ...entry, timestamp: entry.timestamp === undefined })));
}
