// The headers of a request to a web upstream. Pure; the login goes to the upstream's own origin and nowhere else.

import { encodePath, type DirectoryPath, type RelativePath } from '../../rpm/href.ts';
import type { FetchRequest } from '../upstream.ts';
import type { WebTarget } from './target.ts';

/** What is asked of a URL, whatever it is called there. */
export type WebRequest = Omit<FetchRequest, 'path'>;

/** A directory's URL: relative paths are sought below it. */
export function directoryOf(url: URL): URL {
  const directory = new URL(url);
  if (!directory.pathname.endsWith('/')) directory.pathname += '/';
  return directory;
}

/** The URL of a file in a directory, or of another directory in it; a query of the directory (a token) stays. */
export function fileIn(directory: URL, path: RelativePath | DirectoryPath): URL {
  const url = new URL(directory);
  url.pathname += encodePath(path);
  return url;
}

/** Never `Accept-Encoding` but identity: what is mirrored is the bytes (RFC 9110 §12.5.3). */
export function headersFor(url: URL, request: WebRequest, target: WebTarget): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'kickstand', 'accept-encoding': 'identity' };
  if (request.cache === 'fresh') headers['cache-control'] = 'no-cache';
  if (target.authorization !== undefined && url.origin === target.url.origin) {
    headers['authorization'] = target.authorization;
  }
  const { resume, condition } = request;
  if (resume !== undefined) headers['range'] = `bytes=${resume.offset}-`;
  if (resume?.validator !== undefined) headers['if-range'] = resume.validator;
  if (condition?.etag !== undefined) headers['if-none-match'] = condition.etag;
  if (condition?.lastModified !== undefined) headers['if-modified-since'] = condition.lastModified;
  return headers;
}

/** What a directory is called in `Body.source`: without a query, which may hold a token. */
export function sourceOf(directory: URL): string {
  return `${directory.origin}${directory.pathname}`;
}
