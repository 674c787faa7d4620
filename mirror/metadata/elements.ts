// A described package as the elements of primary.xml, filelists.xml and other.xml, letter by letter as createrepo_c writes them. Pure.

import type { Sha256 } from '../rpm/checksum.ts';
import { encodePath, type RelativePath } from '../rpm/href.ts';
import { DEPENDENCY_KINDS, type Dependency } from './dependencies.ts';
import { isPrimaryPath, type ListedFile, type PackageDescription } from './describe.ts';
import { escapeAttribute, escapeText } from './text.ts';

/** A package where it lies in the repository: what the elements tell beside the description. */
export type PlacedPackage = {
  readonly description: PackageDescription;
  readonly path: RelativePath;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** When its file was written, in milliseconds since 1970. */
  readonly modifiedMs: number;
};

export type DocumentType = 'primary' | 'filelists' | 'other';
export const DOCUMENT_TYPES: readonly DocumentType[] = ['primary', 'filelists', 'other'];

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'http://linux.duke.edu/metadata';
const ROOTS: Readonly<Record<DocumentType, { readonly name: string; readonly attributes: string }>> = {
  primary: { name: 'metadata', attributes: `xmlns="${NAMESPACE}/common" xmlns:rpm="${NAMESPACE}/rpm"` },
  filelists: { name: 'filelists', attributes: `xmlns="${NAMESPACE}/filelists"` },
  other: { name: 'otherdata', attributes: `xmlns="${NAMESPACE}/other"` },
};

/** The items in the order of createrepo_c: by file name, then by path. */
export function inListOrder<Item extends { readonly path: RelativePath }>(items: readonly Item[]): readonly Item[] {
  const keyed = items.map((item) => ({ item, path: item.path, base: item.path.slice(item.path.lastIndexOf('/') + 1) }));
  return keyed.sort((a, b) => compareText(a.base, b.base) || compareText(a.path, b.path)).map(({ item }) => item);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What stands before the first of `count` packages. */
export function renderStart(type: DocumentType, count: number): string {
  const { name, attributes } = ROOTS[type];
  return `${XML}<${name} ${attributes} packages="${count}">\n`;
}

/** What stands behind the last package. */
export function renderEnd(type: DocumentType): string {
  return `</${ROOTS[type].name}>`;
}

/**
 * The href of a path: as createrepo_c and so every repository has it, with no more escaped than a URL needs. `^` stays, for
 * clients name what they save by it.
 */
export function hrefOf(path: RelativePath): string {
  return encodePath(path).replaceAll('%5E', '^');
}

/** The element of one package in the document of that type. */
export function renderPackage(type: DocumentType, placed: PlacedPackage): string {
  switch (type) {
    case 'primary':
      return renderPrimary(placed);
    case 'filelists':
      return renderListed(placed, placed.description.files.map(renderFile).join(''));
    case 'other':
      return renderListed(placed, placed.description.changelog.map(renderChange).join(''));
  }
}

function renderPrimary(placed: PlacedPackage): string {
  const { description: said, path, sha256, sizeBytes, modifiedMs } = placed;
  return [
    '<package type="rpm">\n',
    textElement('name', said.name),
    textElement('arch', said.arch),
    renderVersion(said),
    `  <checksum type="sha256" pkgid="YES">${sha256}</checksum>\n`,
    textElement('summary', said.summary),
    said.description === undefined ? '  <description/>\n' : textElement('description', said.description),
    textElement('packager', said.packager),
    textElement('url', said.url),
    `  <time file="${Math.floor(modifiedMs / 1000)}" build="${said.builtAt}"/>\n`,
    `  <size package="${sizeBytes}" installed="${said.sizeInstalled}" archive="${said.sizeArchive}"/>\n`,
    `  <location href="${escapeAttribute(hrefOf(path))}"/>\n`,
    renderFormat(said),
    '</package>\n',
  ].join('');
}

function renderFormat(said: PackageDescription): string {
  return [
    '  <format>\n',
    textElement('rpm:license', said.license, '    '),
    textElement('rpm:vendor', said.vendor, '    '),
    textElement('rpm:group', said.group, '    '),
    textElement('rpm:buildhost', said.buildHost, '    '),
    textElement('rpm:sourcerpm', said.sourceRpm, '    '),
    `    <rpm:header-range start="${said.headerRange.start}" end="${said.headerRange.end}"/>\n`,
    ...DEPENDENCY_KINDS.map((kind) => renderDependencies(kind, said.dependencies[kind])),
    ...said.files
      .filter(({ directory, name }) => isPrimaryPath(directory + name))
      .map((file) => `  ${renderFile(file)}`),
    '  </format>\n',
  ].join('');
}

function renderDependencies(kind: string, dependencies: readonly Dependency[]): string {
  if (dependencies.length === 0) return '';
  return `    <rpm:${kind}>\n${dependencies.map(renderDependency).join('')}    </rpm:${kind}>\n`;
}

function renderDependency({ name, flags, epoch, version, release, isPre }: Dependency): string {
  const versions = flags === undefined ? [] : [attribute('flags', flags), attribute('epoch', epoch)];
  if (flags !== undefined) versions.push(attribute('ver', version), attribute('rel', release));
  return `      <rpm:entry name="${escapeAttribute(name)}"${versions.join('')}${isPre ? ' pre="1"' : ''}/>\n`;
}

/** Left out where it is empty. */
function attribute(name: string, value: string): string {
  return value === '' ? '' : ` ${name}="${escapeAttribute(value)}"`;
}

function renderListed({ description: said, sha256 }: PlacedPackage, items: string): string {
  const [name, arch] = [escapeAttribute(said.name), escapeAttribute(said.arch)];
  const start = `<package pkgid="${sha256}" name="${name}" arch="${arch}">\n`;
  return `${start}${renderVersion(said)}${items}</package>\n`;
}

function renderVersion({ epoch, version, release }: PackageDescription): string {
  return `  <version epoch="${epoch}" ver="${escapeAttribute(version)}" rel="${escapeAttribute(release)}"/>\n`;
}

function renderFile({ directory, name, kind }: ListedFile): string {
  const type = kind === 'file' ? '' : ` type="${kind}"`;
  return `  <file${type}>${escapeText(directory + name)}</file>\n`;
}

function renderChange({ author, at, text }: PackageDescription['changelog'][number]): string {
  return `  <changelog author="${escapeAttribute(author)}" date="${at}">${escapeText(text)}</changelog>\n`;
}

function textElement(name: string, text: string, indent = '  '): string {
  return `${indent}<${name}>${escapeText(text)}</${name}>\n`;
}
