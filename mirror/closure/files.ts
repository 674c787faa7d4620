// Which packages of a filelists.xml hold the few paths that are asked for, read as a stream. Running: uncompressed chunks in.

import { Malformed } from '../../server/malformed.ts';
import { readXml } from '../rpm/xml.ts';
import { feed, type PackageIds } from './dependencies.ts';
import type { Universe } from './universe.ts';

export type FileReading = {
  readonly universe: Universe;
  /** The packages of the same repository. */
  readonly ids: PackageIds;
  readonly wanted: ReadonlySet<string>;
  readonly breathe: () => Promise<void>;
  /** Names the file in errors. */
  readonly where: string;
};

/** A hostile list may name one path as often as it likes. */
const LIMIT_FOUND = 5_000_000;

/** Adds to the universe's files those of `wanted` that a known package holds. Throws `Malformed`. */
export async function readFiles(filelists: AsyncIterable<Uint8Array>, reading: FileReading): Promise<void> {
  const { universe, ids, wanted, where } = reading;
  let holder: number | undefined;
  const reader = readXml(
    {
      open: (name, attributes, depth) => {
        if (depth === 1 && name !== 'filelists') throw new Malformed(`the root is <${name}>`, where);
        if (depth === 2) holder = ids.get(attributes['pkgid'] ?? '');
      },
      close: (name, text, depth) => {
        if (depth !== 3 || name !== 'file' || holder === undefined || !wanted.has(text)) return;
        if (universe.files.length >= LIMIT_FOUND) throw new Malformed('one file too often', where);
        universe.files.push({ package: holder, path: universe.words.idOf(text) });
      },
    },
    where,
  );
  await feed(filelists, reader, reading.breathe);
}
