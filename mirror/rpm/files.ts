// The list of files in a package's header: path, kind, size, digest, and what of each its payload carries. Pure.

import { Malformed } from '../../server/malformed.ts';
import type { Checksum, ChecksumType } from './checksum.ts';
import type { RpmHeader } from './header.ts';

/** A file of a package. */
export type PackedFile = {
  /** From the root, with its first slash. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'other';
  readonly sizeBytes: number;
  /** Undefined for what is no regular file, and where the package gives none. */
  readonly digest: Checksum | undefined;
  /** The same for names of one file: its content is packed once, with the last of them. */
  readonly identity: string;
  /** How many bytes of it a stripped payload carries at its entry. */
  readonly packedBytes: number;
  /** It is listed and not packed (`%ghost`). */
  readonly isGhost: boolean;
};

const TAG = {
  ...{ oldNames: 1027, sizes: 1028, modes: 1030, digests: 1035, flags: 1037, devices: 1095, inodes: 1096 },
  ...{ directoryIndexes: 1116, baseNames: 1117, directories: 1118, longSizes: 5008, digestAlgorithm: 5011 },
} as const;
const MODE = { type: 0o170000, file: 0o100000, link: 0o120000 } as const;
const GHOST = 64; // RPMFILE_GHOST

type Algorithm = (number: number, where: string) => ChecksumType;

/** The files that `header` lists. `algorithm` names a digest's kind by its number. Throws `Malformed`. */
export function readFiles(header: RpmHeader, algorithm: Algorithm, where: string): readonly PackedFile[] {
  const paths = readPaths(header, where);
  const long = header.numbers(TAG.longSizes);
  const sizes = long.length > 0 ? long : header.numbers(TAG.sizes);
  const [modes, flags] = [header.numbers(TAG.modes), header.numbers(TAG.flags)];
  const [devices, inodes] = [header.numbers(TAG.devices), header.numbers(TAG.inodes)];
  if (sizes.length !== paths.length || modes.length !== paths.length) {
    throw new Malformed('lists of files of different lengths', where);
  }
  const digests = header.texts(TAG.digests);
  // Packages before rpm 4.6 name no algorithm: it is MD5.
  const type = algorithm(header.numbers(TAG.digestAlgorithm)[0] ?? 1, where);
  const files = paths.map((path, index) => ({
    path,
    kind: kindOf(modes[index] ?? 0),
    sizeBytes: sizes[index] ?? 0,
    digest: digestOf(type, digests[index]),
    identity: inodes[index] === undefined ? `#${index}` : `${devices[index] ?? 0}:${inodes[index]}`,
    isGhost: ((flags[index] ?? 0) & GHOST) !== 0,
  }));
  const packed = files.filter((file) => file.kind === 'file' && !file.isGhost);
  const last = new Map(packed.map((file) => [file.identity, file]));
  return files.map((file) => {
    const isPacked = (file.kind === 'link' && !file.isGhost) || last.get(file.identity) === file;
    return { ...file, packedBytes: isPacked ? file.sizeBytes : 0 };
  });
}

function readPaths(header: RpmHeader, where: string): readonly string[] {
  const names = header.texts(TAG.baseNames);
  if (names.length === 0) return header.texts(TAG.oldNames);
  const directories = header.texts(TAG.directories);
  const indexes = header.numbers(TAG.directoryIndexes);
  return names.map((name, index) => {
    const directory = directories[indexes[index] ?? -1];
    if (directory === undefined) throw new Malformed('a file in a directory that is not there', where);
    return directory + name;
  });
}

function kindOf(mode: number): PackedFile['kind'] {
  const type = mode & MODE.type;
  return type === MODE.file ? 'file' : type === MODE.link ? 'link' : 'other';
}

function digestOf(type: ChecksumType, text: string | undefined): Checksum | undefined {
  return text === undefined || text === '' ? undefined : { type, digest: text.toLowerCase() };
}
