// The machines in no site on disk: one row each, the oldest forgotten; older versions' files get the columns they lack.

import type Database from 'better-sqlite3';
import type { Sighting } from '../history.ts';
import type { Seen } from '../sighting.ts';
import { boundSighting } from '../sighting.ts';

/** Makes the table where it is missing, as its first version made it: `migrateSightings` does the rest. */
export const SIGHTINGS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS discovered (
    mac TEXT PRIMARY KEY, uuid TEXT, address TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS discovered_by_age ON discovered (last_seen);
`;
/** Added after the first version. They may be empty, so a program of that version goes on reading and writing the file. */
const LATER_COLUMNS = ['firmware', 'vendor_class', 'user_class', 'hostname'] as const;
const SIGHTINGS_LIMIT = 10_000;

/** Adds the columns that this version needs and the file lacks. Of two processes that open it at once, one adds them. */
export function migrateSightings(database: Database.Database): void {
  const lacking = () => {
    const columns = database.prepare<[], { name: string }>("SELECT name FROM pragma_table_info('discovered')").all();
    return LATER_COLUMNS.filter((column) => !columns.some(({ name }) => name === column));
  };
  if (lacking().length === 0) return;
  const add = database.transaction(() => {
    for (const column of lacking()) database.exec(`ALTER TABLE discovered ADD COLUMN ${column} TEXT`);
  });
  add.immediate();
}

type Row = {
  mac: string;
  uuid: string | null;
  address: string | null;
  firmware: string | null;
  vendor_class: string | null;
  user_class: string | null;
  hostname: string | null;
  first_seen: number;
  last_seen: number;
};

function rowOf(seen: Sighting): Row {
  return {
    mac: seen.mac,
    uuid: seen.uuid ?? null,
    address: seen.address ?? null,
    firmware: seen.firmware ?? null,
    vendor_class: seen.vendorClass ?? null,
    user_class: seen.userClass ?? null,
    hostname: seen.hostname ?? null,
    first_seen: seen.firstSeen,
    last_seen: seen.lastSeen,
  };
}

/** The texts are bounded again: another hand may have been in the file. */
function sightingIn(row: Row): Sighting {
  return boundSighting({
    mac: row.mac,
    uuid: row.uuid ?? undefined,
    address: row.address ?? undefined,
    firmware: row.firmware ?? undefined,
    vendorClass: row.vendor_class ?? undefined,
    userClass: row.user_class ?? undefined,
    hostname: row.hostname ?? undefined,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
  });
}

/** Writes and reads sightings over an open database. */
export function sightings(database: Database.Database) {
  return { discover: writer(database), ...readers(database) };
}

function writer(database: Database.Database) {
  const texts = ['uuid', 'address', ...LATER_COLUMNS];
  const kept = texts.map((column) => `${column} = coalesce(excluded.${column}, ${column})`);
  const write = database.prepare<[Row]>(
    `INSERT INTO discovered (mac, ${texts.join(', ')}, first_seen, last_seen)
     VALUES (@mac, ${texts.map((column) => `@${column}`).join(', ')}, @first_seen, @last_seen)
     ON CONFLICT (mac) DO UPDATE SET ${kept.join(', ')}, last_seen = excluded.last_seen`,
  );
  const trim = database.prepare<[number]>(
    'DELETE FROM discovered WHERE mac IN (SELECT mac FROM discovered ORDER BY last_seen DESC LIMIT -1 OFFSET ?)',
  );
  let written = 0;
  /** Remembers a machine the site does not know; what this question leaves out stays as it was. Beyond 10,000 the oldest are forgotten, now and then. */
  return (seen: Seen): void => {
    write.run(rowOf(boundSighting(seen)));
    written += 1;
    if (written % 256 === 0) trim.run(SIGHTINGS_LIMIT);
  };
}

function readers(database: Database.Database) {
  const read = database.prepare<[], Row>('SELECT * FROM discovered ORDER BY last_seen DESC');
  const one = database.prepare<[string], Row>('SELECT * FROM discovered WHERE mac = ?');
  return {
    /** The `limit` machines seen last, but those that `isKnown`: a machine enrolled since is no stranger any more. */
    discovered: (limit: number, isKnown: (mac: string) => boolean = () => false): readonly Sighting[] => {
      const found: Sighting[] = [];
      for (const row of read.iterate()) {
        if (found.length >= limit) break;
        if (!isKnown(row.mac)) found.push(sightingIn(row));
      }
      return found;
    },
    /** What is remembered of the machine with `mac`, in a site by now or not. */
    sighting: (mac: string): Sighting | undefined => {
      const row = one.get(mac);
      return row === undefined ? undefined : sightingIn(row);
    },
  };
}
