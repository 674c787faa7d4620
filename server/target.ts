// Reads an HTTP request target into decoded path segments: decoded exactly once, nothing that could climb or hide. Pure.

import { Malformed } from './malformed.ts';

/** The path of a request target. `segments` are decoded, none is empty, `.` or `..`; `directory`: it ended in `/` or `/.`. */
export type TargetPath = { readonly segments: readonly string[]; readonly directory: boolean };

/** Linux PATH_MAX; what is longer can name no file. The query is not counted. */
const PATH_LIMIT = 4096;
/** Linux NAME_MAX, in bytes of UTF-8. */
const SEGMENT_LIMIT = 255;

/**
 * Reads an origin-form or absolute-form request target (RFC 9112 §3.2.1, §3.2.2); its query is dropped, repeated slashes count as
 * one, and a segment `.` as none (RFC 3986 §5.2.4). Throws `Malformed` for every other form, bad escapes or UTF-8, segments `..`, over-long
 * paths, and for slashes, backslashes, NUL and other control characters inside a segment. `+` is literal.
 */
export function parseTargetPath(target: string): TargetPath {
  const known = parsed.get(target);
  if (known !== undefined) return known;
  const path = parse(target);
  if (parsed.size === PARSED_LIMIT) parsed.clear();
  if (target.length <= PATH_LIMIT) parsed.set(target, path);
  return path;
}

/** What was read last: each request is read by more than one room, and a busy mirror is asked for the same files over and over. */
const parsed = new Map<string, TargetPath>();
/** With the longest of targets this is 4 MiB. */
const PARSED_LIMIT = 1024;

function parse(target: string): TargetPath {
  const path = pathOf(target);
  if (path.length > PATH_LIMIT) throw new Malformed('the path is too long', 'request target');
  const segments = split(path).map(decodeSegment);
  return { segments: segments.filter(isNamed), directory: path.endsWith('/') || segments.at(-1) === '.' };
}

/** The first segment, decoded, whatever follows it; undefined where there is none. Throws as `parseTargetPath` does for it and the form. */
export function firstSegment(target: string): string | undefined {
  for (const raw of split(pathOf(target))) {
    const segment = decodeSegment(raw);
    if (isNamed(segment)) return segment;
  }
  return undefined;
}

function isNamed(segment: string): boolean {
  return segment !== '.';
}

/** One segment, percent-decoded once (RFC 3986 §2.1; UTF-8). */
function decodeSegment(raw: string): string {
  const segment = percentDecoded(raw);
  if (segment === '..') throw new Malformed('a segment .. in the path', 'request target');
  if (/[\u0000-\u001f\u007f/\\]/u.test(segment)) {
    throw new Malformed('a slash, backslash or control character inside a path segment', 'request target');
  }
  if (Buffer.byteLength(segment) > SEGMENT_LIMIT) throw new Malformed('a path segment is too long', 'request target');
  return segment;
}

/** `target` in origin form with one slash at its start, query kept: fit for a Location header. Throws as `parseTargetPath` does. */
export function originForm(target: string): string {
  const query = target.indexOf('?');
  return pathOf(target).replace(/^\/+/, '/') + (query === -1 ? '' : target.slice(query));
}

function split(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function pathOf(target: string): string {
  // A fragment is not part of a request target, and Node hands on what follows a '#'.
  if (!/^[\u0021-\u007e]+$/.test(target) || target.includes('#')) {
    throw new Malformed('a character that no request target may hold', 'request target');
  }
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '');
  // RFC 9110 §4.2.1: an empty host is none; `[::1` is none either.
  if (origin !== target && !URL.canParse(target.slice(0, target.length - origin.length))) {
    throw new Malformed('not the name of a host', 'request target');
  }
  const query = origin.indexOf('?');
  const path = query === -1 ? origin : origin.slice(0, query);
  if (path === '' && origin !== target) return '/';
  if (!path.startsWith('/')) throw new Malformed('not a path', 'request target');
  return path;
}

function percentDecoded(raw: string): string {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new Malformed('a bad percent escape or bad UTF-8', 'request target');
  }
}
