// Documents that createrepo_c wrote: taken only where they list exactly what they should. Running: the program and saving are handed in.

import { Malformed } from '../../server/malformed.ts';
import { decompress } from '../rpm/decompress.ts';
import { parsePrimary, type PrimaryPackage } from '../rpm/primary.ts';
import type { SavedDocument, SaveFile } from './document.ts';
import { hrefOf, type DocumentType } from './elements.ts';
import { measure } from './extras.ts';
import type { MetadataPackage } from './packages.ts';
import type { Documents } from './write.ts';

/** The program did not end well; its own words are in the message. */
export class ProgramFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProgramFailed';
  }
}

/** The program, where this system has it. */
export type Createrepo = {
  /** Its name and version. */
  readonly name: string;
  /**
   * Runs it over `packages` and hands the documents it wrote, in gzip, to `take`; nothing of them is left afterwards. Throws
   * `ProgramFailed` where it fails or takes too long.
   */
  run<Taken>(packages: readonly MetadataPackage[], options: CreaterepoOptions<Taken>): Promise<Taken>;
};

export type ReadDocument = (type: DocumentType) => AsyncIterable<Uint8Array>;
export type CreaterepoOptions<Taken> = {
  readonly signal: AbortSignal;
  readonly take: (read: ReadDocument) => Promise<Taken>;
};

export type TheirEdges = {
  readonly save: SaveFile;
  readonly breathe: () => Promise<void>;
  readonly signal: AbortSignal;
};

const LIMIT_OPEN_BYTES = 16 * 1024 * 1024 * 1024;

/** What createrepo_c makes of `packages`, byte for byte. Throws `Malformed` where that is not just them. */
export async function makeTheirs(
  createrepo: Createrepo,
  packages: readonly MetadataPackage[],
  edges: TheirEdges,
): Promise<Documents> {
  const escaped = packages.find(({ path }) => hrefOf(path) !== path);
  // It writes hrefs as file names are: a % or a # in one would name another file to a client.
  if (escaped !== undefined) throw new Malformed('a name that it does not escape', escaped.path);
  const take = async (read: ReadDocument): Promise<Documents> => {
    await requireSame(packages, parsePrimary(unpack(read, 'primary', edges), edges.breathe));
    return {
      primary: await takeOne(read, 'primary', edges),
      filelists: await takeOne(read, 'filelists', edges),
      other: await takeOne(read, 'other', edges),
    };
  };
  return createrepo.run(packages, { signal: edges.signal, take });
}

async function takeOne(read: ReadDocument, type: DocumentType, edges: TheirEdges): Promise<SavedDocument> {
  const open = await measure(unpack(read, type, edges));
  return { ...(await edges.save(read(type))), open };
}

function unpack(read: ReadDocument, type: DocumentType, { breathe }: TheirEdges): AsyncIterable<Uint8Array> {
  return decompress(read(type), { limitBytes: LIMIT_OPEN_BYTES, breathe }, `${type}.xml.gz`);
}

async function requireSame(packages: readonly MetadataPackage[], listed: AsyncIterable<PrimaryPackage>): Promise<void> {
  const left = new Map<string, string>(packages.map(({ path, sha256 }) => [path, sha256]));
  for await (const { path, checksum } of listed) {
    if (left.get(path) !== checksum.digest) throw new Malformed('it lists another package', path);
    left.delete(path);
  }
  const [missing] = left.keys();
  if (missing !== undefined) throw new Malformed(`it leaves out ${left.size} packages`, missing);
}
