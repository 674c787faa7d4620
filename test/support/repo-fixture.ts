// Writes small RPM repositories in memory for tests: any checksum type, any naming, any lie. Package bytes are arbitrary.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export type FixturePackage = {
  readonly name: string;
  readonly bytes: Buffer;
  /** As written into primary.xml; by default the path itself. */
  readonly href?: string;
  /** Where the bytes lie in the repository. */
  readonly path?: string;
  readonly declaredSize?: number;
  readonly declaredDigest?: string;
  readonly base?: string;
};

export type FixtureRepo = {
  readonly packages: readonly FixturePackage[];
  readonly checksum?: string;
  /** `plain`: primary.xml.gz as createrepo --simple-md-filenames names it. */
  readonly names?: 'checksum' | 'plain';
  readonly revision?: string;
  readonly compress?: (bytes: Buffer) => Buffer;
  readonly suffix?: string;
  /** Further data entries, of whatever type. */
  readonly extra?: readonly { readonly type: string; readonly file: string; readonly bytes: Buffer }[];
  readonly signature?: Buffer;
  readonly countSaid?: number;
  readonly primaryXml?: string;
};

/** The repository's files by path. */
export type RepoFiles = Map<string, Buffer>;

export function digestOf(type: string, bytes: Buffer): string {
  return createHash(type === 'sha' ? 'sha1' : type)
    .update(bytes)
    .digest('hex');
}

/** Builds the files of a repository, packages under `Packages/`. */
export function buildRepo(repo: FixtureRepo): RepoFiles {
  const files: RepoFiles = new Map();
  const type = repo.checksum ?? 'sha256';
  for (const item of repo.packages) files.set(pathOf(item), item.bytes);
  const xml = Buffer.from(repo.primaryXml ?? primaryXml(repo, type));
  const packed = (repo.compress ?? gzipSync)(xml);
  const entries = [
    dataEntry(files, { repo, type: 'primary', file: `primary.xml${repo.suffix ?? '.gz'}`, bytes: packed, open: xml }),
    ...(repo.extra ?? []).map((item) => dataEntry(files, { repo, ...item, open: undefined })),
  ];
  const repomd = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>${repo.revision ?? '1700000000'}</revision>
${entries.join('\n')}
</repomd>
`;
  files.set('repodata/repomd.xml', Buffer.from(repomd));
  if (repo.signature !== undefined) files.set('repodata/repomd.xml.asc', repo.signature);
  return files;
}

type Entry = {
  readonly repo: FixtureRepo;
  readonly type: string;
  readonly file: string;
  readonly bytes: Buffer;
  readonly open: Buffer | undefined;
};

function dataEntry(files: RepoFiles, { repo, type, file, bytes, open }: Entry): string {
  const checksum = repo.checksum ?? 'sha256';
  const digest = digestOf(checksum, bytes);
  const path = `repodata/${repo.names === 'plain' ? '' : `${digest}-`}${file}`;
  files.set(path, bytes);
  const opened =
    open === undefined
      ? ''
      : `<open-checksum type="${checksum}">${digestOf(checksum, open)}</open-checksum><open-size>${open.length}</open-size>`;
  return `  <data type="${type}"><checksum type="${checksum}">${digest}</checksum>${opened}
    <location href="${path}"/><timestamp>1700000000</timestamp><size>${bytes.length}</size></data>`;
}

function primaryXml(repo: FixtureRepo, type: string): string {
  const packages = repo.packages.map((item) => {
    const base = item.base === undefined ? '' : ` xml:base="${item.base}"`;
    return `<package type="rpm">
  <name>${item.name}</name><arch>noarch</arch><version epoch="0" ver="1.0" rel="1"/>
  <checksum type="${type}" pkgid="YES">${item.declaredDigest ?? digestOf(type, item.bytes)}</checksum>
  <summary>s</summary><size package="${item.declaredSize ?? item.bytes.length}" installed="0" archive="0"/>
  <location${base} href="${item.href ?? pathOf(item)}"/>
  <format><rpm:license>x</rpm:license><rpm:provides><rpm:entry name="${item.name}"/></rpm:provides></format>
</package>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${repo.countSaid ?? repo.packages.length}">
${packages.join('\n')}
</metadata>
`;
}

function pathOf(item: FixturePackage): string {
  return item.path ?? `Packages/${item.name}-1.0-1.noarch.rpm`;
}

/** Bytes that differ by seed and do not compress: the same seed gives the same bytes. */
export function fixtureBytes(seed: string, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < length; at += 32) blocks.push(createHash('sha256').update(`${seed}:${at}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}
