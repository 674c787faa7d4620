// Renders a directory as a small web page for people; installers never need it. Pure.

import type { DirectoryName } from './place.ts';

/**
 * The page for the directory at `publicPath` (decoded, no slash at its end). Links are absolute, so that they are right whether or
 * not the URL ended in a slash. The root of a repo or tree has no parent to show.
 */
export function renderListing(publicPath: string, names: readonly DirectoryName[], above: 'parent' | 'none'): string {
  const title = escapeHtml(`Index of ${publicPath}/`);
  const parent = `<li><a href="${hrefOf(publicPath.slice(0, publicPath.lastIndexOf('/')))}/">../</a></li>\n`;
  const base = hrefOf(publicPath);
  const items = names.toSorted(byKindThenName).map((name) => listItem(base, name));
  return (
    '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">' +
    `<title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<ul>\n` +
    `${above === 'parent' ? parent : ''}${items.join('')}</ul>\n</body>\n</html>\n`
  );
}

/** `base` is the directory's own link, encoded: thousands of names share it. */
function listItem(base: string, entry: DirectoryName): string {
  const slash = entry.kind === 'directory' ? '/' : '';
  const text = escapeHtml(entry.name) + slash;
  const size = entry.kind === 'file' ? ` <small>${entry.sizeBytes}</small>` : '';
  const link = isReachable(entry.name) ? `<a href="${base}/${encodeSegment(entry.name)}${slash}">${text}</a>` : text;
  return `<li>${link}${size}</li>\n`;
}

/** A name that `parseTargetPath` would refuse is shown, not linked. */
function isReachable(name: string): boolean {
  return name !== '.' && name !== '..' && name.isWellFormed() && !/[\u0000-\u001f\u007f/\\]/u.test(name);
}

/** A path-absolute URL: every segment percent-encoded, so no character of a name can end the attribute or change the path. */
function hrefOf(path: string): string {
  return path.split('/').map(encodeSegment).join('/');
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replaceAll("'", '%27');
}

function byKindThenName(a: DirectoryName, b: DirectoryName): number {
  if (a.kind !== b.kind) return a.kind === 'directory' ? -1 : 1;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** Control characters, and halves of surrogate pairs, are shown as the replacement character. */
function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f]/g, '\ufffd')
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
