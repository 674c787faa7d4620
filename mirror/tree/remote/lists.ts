// The lists of files that trees carry beside .treeinfo: extra_files.json of RHEL-like trees, XS-REPOSITORY-LIST and XS-PACKAGES of XenServer. Pure.

import { z } from 'zod';
import { Malformed } from '../../../server/malformed.ts';
import { parseJson } from '../../content/record.ts';
import { parseChecksum, type Checksum } from '../../rpm/checksum.ts';
import type { RelativePath } from '../../rpm/href.ts';
import { readXml } from '../../rpm/xml.ts';
import { joinPath, pathInTree, type TreeFile } from './wanted.ts';

/** The most that is read of any of them. */
export const LIST_LIMIT_BYTES = 1024 * 1024;
const LIMIT_ENTRIES = 5000;

const extraFiles = z.object({
  data: z.array(
    z.object({
      file: z.string(),
      size: z.int().nonnegative().optional(),
      checksums: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** The files that pungi's extra_files.json names (EULA, keys …), the strongest checksum of each. Throws `Malformed`. */
export function parseExtraFiles(bytes: Uint8Array): readonly TreeFile[] {
  const where = 'extra_files.json';
  const parsed = extraFiles.safeParse(parseJson(new TextDecoder().decode(bytes), where));
  if (!parsed.success) throw new Malformed('not a list of files', where);
  if (parsed.data.data.length > LIMIT_ENTRIES) throw new Malformed('too many files', where);
  return parsed.data.data.flatMap(({ file, size, checksums }): TreeFile[] => {
    const path = pathInTree(file, where);
    if (path === undefined) return [];
    return [{ path, need: 'named', checksum: strongest(checksums, where), sizeBytes: size }];
  });
}

function strongest(checksums: Readonly<Record<string, string>>, where: string): Checksum | undefined {
  for (const type of ['sha512', 'sha256', 'sha1', 'md5']) {
    const digest = checksums[type];
    if (digest !== undefined) return parseChecksum(type, digest, where);
  }
  return undefined;
}

/** The directories that XS-REPOSITORY-LIST names, one a line. What leads out of the tree is none. */
export function parseRepositoryList(bytes: Uint8Array): readonly RelativePath[] {
  const where = 'XS-REPOSITORY-LIST';
  const lines = new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .map((line) => line.trim());
  const paths = lines.filter((line) => line !== '').flatMap((line) => pathInTree(line, where) ?? []);
  if (paths.length > LIMIT_ENTRIES) throw new Malformed('too many lines', where);
  return [...new Set(paths)];
}

/** The packages that a directory's XS-PACKAGES lists: the file's name as text, its size and MD5 as attributes. Throws `Malformed`. */
export function parseXsPackages(bytes: Uint8Array, directory: RelativePath): readonly TreeFile[] {
  const where = `${directory}/XS-PACKAGES`;
  const files: TreeFile[] = [];
  let attributes: Readonly<Record<string, string>> = {};
  const reader = readXml(
    {
      open: (_name, given) => {
        attributes = given;
      },
      close: (name, text) => {
        if (name !== 'package') return;
        if (files.length >= LIMIT_ENTRIES) throw new Malformed('too many packages', where);
        const path = pathInTree(text.trim(), where);
        if (path === undefined) throw new Malformed('a package outside its directory', where);
        files.push(packageFile(joinPath(directory, path), attributes, where));
      },
    },
    where,
  );
  reader.write(bytes);
  reader.end();
  return files;
}

function packageFile(path: RelativePath, attributes: Readonly<Record<string, string>>, where: string): TreeFile {
  const { size, md5 } = attributes;
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw new Malformed('not a size', where);
  const checksum = md5 === undefined ? undefined : parseChecksum('md5', md5, where);
  return { path, need: 'required', checksum, sizeBytes: size === undefined ? undefined : Number(size) };
}
