// Paths inside a tree: read once into segments, so that no later step has to ask whether one leads out. Pure.

import { isNo, no } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';

const MAX_PATH = 4096;
const MAX_SEGMENTS = 64;

/**
 * The segments of a path relative to a tree's root; none for `''`, the root itself. A path that is no such thing
 * (absolute, with an empty, `.` or `..` segment, a NUL, or far too long) is a `No`.
 */
export function segmentsOf(path: string): readonly string[] | No {
  if (path === '') return [];
  if (path.length > MAX_PATH) return no('the path is too long');
  const segments = path.split('/');
  if (segments.length > MAX_SEGMENTS) return no('the path is too deep');
  const refused = segments.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'));
  return refused ? no('not a path inside the tree') : segments;
}

/**
 * The path a tree's own files mean by `text` (`.`, `./Server/`, `a/../b`), relative to the root and clean, `''` for the
 * root. Undefined when it is empty, absolute, a URL, or leads out of the tree (`../../isos/x86_64/boot.iso`).
 */
export function cleanPath(text: string): string | undefined {
  if (text === '' || text.startsWith('/') || text.includes('\\') || /^[a-z][a-z0-9+.-]*:/i.test(text)) return undefined;
  const clean: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') clean.push(part);
    else if (clean.pop() === undefined) return undefined;
  }
  const path = clean.join('/');
  return isNo(segmentsOf(path)) ? undefined : path;
}

/** `path` below `directory`, both clean; either may be `''`. */
export function below(directory: string, path: string): string {
  if (directory === '' || path === '') return directory + path;
  return `${directory}/${path}`;
}
