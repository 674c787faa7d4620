// repomd.xml as createrepo_c writes it: the table of contents of metadata made here. Pure.

import { encodePath, parseHref, type RelativePath } from '../rpm/href.ts';
import type { Checksum } from '../rpm/checksum.ts';
import type { Repomd, RepomdEntry } from '../rpm/repomd.ts';
import type { SavedDocument } from './document.ts';
import { escapeAttribute, escapeText } from './text.ts';

const NAMESPACES = 'xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm"';

/** The document of `revision` and `data`; `parseRepomd` reads the same from it. Texts must be fit for XML. */
export function renderRepomd({ revision, data }: Repomd): string {
  return [
    `<?xml version="1.0" encoding="UTF-8"?>\n<repomd ${NAMESPACES}>\n`,
    element('revision', revision, '  '),
    ...data.map(renderEntry),
    '</repomd>\n',
  ].join('');
}

/**
 * The entry of a file in the pool. It is called by its digest, so that a client never takes an old one for it. `at` is in seconds since 1970: EL6's
 * yum refuses a repomd.xml whose newest is older than that of the one it has.
 */
export function entryOf(type: string, file: SavedDocument & { readonly name: string }, at: number): RepomdEntry {
  const { sha256, sizeBytes, open, name } = file;
  return {
    type,
    checksum: { type: 'sha256', digest: sha256 },
    openChecksum: open === undefined ? undefined : { type: 'sha256', digest: open.sha256 },
    headerChecksum: undefined,
    path: metadataPath(`${sha256}-${name}`),
    sizeBytes,
    openSizeBytes: open?.sizeBytes,
    timestamp: at,
  };
}

/** Where a metadata file of that name lies. Throws `Malformed` for a name that is no file's. */
export function metadataPath(name: string): RelativePath {
  return parseHref(`repodata/${name}`, 'metadata');
}

function renderEntry(entry: RepomdEntry): string {
  return [
    `  <data type="${escapeAttribute(entry.type)}">\n`,
    renderChecksum('checksum', entry.checksum),
    renderChecksum('open-checksum', entry.openChecksum),
    renderChecksum('header-checksum', entry.headerChecksum),
    `    <location href="${escapeAttribute(encodePath(entry.path))}"/>\n`,
    element('timestamp', entry.timestamp),
    element('size', entry.sizeBytes),
    element('open-size', entry.openSizeBytes),
    '  </data>\n',
  ].join('');
}

function renderChecksum(name: string, checksum: Checksum | undefined): string {
  return checksum === undefined ? '' : `    <${name} type="${checksum.type}">${checksum.digest}</${name}>\n`;
}

function element(name: string, value: string | number | undefined, indent = '    '): string {
  return value === undefined ? '' : `${indent}<${name}>${escapeText(String(value))}</${name}>\n`;
}
