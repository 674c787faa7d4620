// The one place where an upstream's href becomes a path: decoded exactly once, and never out of the repository.

import { Malformed } from '../../server/malformed.ts';

/** A decoded path below the repository's root: forward slashes, no empty, `.` or `..` segment, no control character. */
export type RelativePath = string & { readonly __brand: 'RelativePath' };
/** A decoded directory below the repository's root: a `RelativePath` with a slash behind it, or empty for the root itself. */
export type DirectoryPath = string & { readonly __brand: 'DirectoryPath' };

export const ROOT_DIRECTORY = '' as DirectoryPath;

const LIMIT_PATH = 1024;
/** NAME_MAX of Linux file systems, in bytes. */
const LIMIT_SEGMENT = 255;
/** RFC 3986 §3.1: with this a reference is absolute; §4.2: so no first segment of a relative one holds a colon. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/**
 * C0 and C1 controls, and what turns the direction of text round or cannot be seen (Unicode's Bidi_Control, zero-width space and joiners,
 * byte order mark): a name with these is shown to people as another.
 */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
/** RFC 3986 §3.3 pchar: characters a path carries literally although encodeURIComponent escapes them. */
const LITERAL = /%(?:24|26|2B|2C|3A|3B|3D|40)/g;

/**
 * Reads the `href` of metadata. A leading `./` is dropped, as every client does. Throws `Malformed`, saying why, for
 * anything absolute, leading upwards, encoded to hide that, or too long for a file system.
 */
export function parseHref(href: string, where: string): RelativePath {
  const refuse = (why: string): never => {
    throw new Malformed(`href ${JSON.stringify(href.slice(0, 120))} ${why}`, where);
  };
  if (href.length > LIMIT_PATH * 3) refuse('is too long');
  if (href.startsWith('/')) refuse('is absolute');
  if (SCHEME.test(href)) refuse('names another place');
  if (/[?#]/.test(href)) refuse('holds a query or fragment');
  const segments = (href.startsWith('./') ? href.slice(2) : href).split('/').map((raw) => {
    const problem = segmentProblem(raw);
    return problem === undefined ? decodeURIComponent(raw) : refuse(problem);
  });
  const path = segments.join('/');
  if (Buffer.byteLength(path) > LIMIT_PATH) refuse('is too long');
  return path as RelativePath;
}

/** The path of `path` in `directory`. Throws `Malformed` where that is too long. */
export function pathIn(directory: DirectoryPath, path: RelativePath): RelativePath {
  const whole = `${directory}${path}`;
  if (Buffer.byteLength(whole) > LIMIT_PATH) throw new Malformed('a path that is too long', whole.slice(0, 120));
  return whole as RelativePath;
}

/** The directory at `path`. */
export function directoryAt(path: RelativePath): DirectoryPath {
  return `${path}/` as DirectoryPath;
}

/**
 * The path as a relative reference, encoded exactly once; '+' and '~' stay, '^' and space are escaped. A colon stays too,
 * but in the first segment, where it would make a scheme of what stands before it (RFC 3986 §4.2).
 */
export function encodePath(path: RelativePath | DirectoryPath): string {
  const encode = (segment: string): string =>
    encodeURIComponent(segment).replace(LITERAL, (escape) => decodeURIComponent(escape));
  const [first = '', ...rest] = path.split('/').map(encode);
  return [first.replaceAll(':', '%3A'), ...rest].join('/');
}

/** Why one segment, as written, is refused; undefined where it is fine. */
function segmentProblem(raw: string): string | undefined {
  let segment: string;
  try {
    segment = decodeURIComponent(raw);
  } catch {
    return 'holds a % that is no escape of UTF-8';
  }
  if (segment === '') return 'holds an empty segment';
  if (segment === '..') return 'leads upwards';
  if (segment === '.') return 'holds a "." segment';
  if (/[/\\]/.test(segment)) return 'hides a slash';
  if (UNSEEN.test(segment)) return 'holds a control character';
  if (/%[0-9a-f]{2}/i.test(segment)) return 'is encoded twice';
  if (!segment.isWellFormed()) return 'holds a broken character';
  return Buffer.byteLength(segment) > LIMIT_SEGMENT ? 'holds a name that is too long' : undefined;
}
