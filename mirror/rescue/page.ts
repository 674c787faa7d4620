// An index page as servers write it (Apache, nginx, lighttpd, IIS, Python): which packages and directories lie below it. Pure.

import { Malformed } from '../../server/malformed.ts';
import { parseHref, type DirectoryPath, type RelativePath, directoryAt, pathIn } from '../rpm/href.ts';
import { readLinks } from './links.ts';

export type Found =
  | { readonly kind: 'package' | 'metadata'; readonly path: RelativePath }
  | { readonly kind: 'directory'; readonly path: DirectoryPath }
  /** A package or directory, by its looks, that is not taken. `href` is as the page has it. */
  | { readonly kind: 'refused'; readonly href: string; readonly reason: string }
  /** Other links: up, sorting, other files and other servers. */
  | { readonly kind: 'other' };

export type PagePlace = {
  readonly directory: DirectoryPath;
  /** The page's own, with a slash at its end. */
  readonly url: URL;
};

/** More than any directory of packages has. */
const LIMIT_LINKS = 250_000;
const OTHER: Found = { kind: 'other' };
/** Hand-written pages link to them without the slash at the end. */
const DIRECTORIES = new Set(['repodata', 'Packages', 'RPMS', 'SRPMS', 'os', 'noarch', 'x86_64', 'i386', 'i686', 'src']);

/**
 * What each link of the page leads to, in its order. Only what is written as lying below the page's own URL counts: a path is
 * decoded once, and one that leads upwards or hides a slash is refused, never resolved. A `<base>` that names another place
 * than the page's own ends it, for every link then means something else.
 */
export function* readPage(html: string, place: PagePlace): Generator<Found> {
  let links = 0;
  for (const { kind, href } of readLinks(html)) {
    links += 1;
    if (links > LIMIT_LINKS) {
      yield { kind: 'refused', href, reason: `more than ${LIMIT_LINKS} links on one page` };
      return;
    }
    if (kind === 'link') {
      yield judge(href, place);
    } else if (!['', './'].includes(partBelow(href, place.url) ?? 'elsewhere')) {
      yield { kind: 'refused', href, reason: 'the page names another base for its links' };
      return;
    }
  }
}

/** What a name in a directory of this machine is. */
export function judgeName(name: string, kind: 'file' | 'directory', directory: DirectoryPath): Found {
  return judgePath(`${encodeURIComponent(name)}${kind === 'directory' ? '/' : ''}`, { href: name, directory });
}

function judge(href: string, { directory, url }: PagePlace): Found {
  const part = partBelow(href, url);
  return part === undefined || /[?#]/.test(part) ? OTHER : judgePath(part, { href, directory });
}

/** `part` is relative to `directory`, and encoded. */
function judgePath(part: string, { href, directory }: { href: string; directory: DirectoryPath }): Found {
  const bare = part.endsWith('/') ? part.slice(0, -1) : part;
  const kind = kindOf(part, bare.slice(bare.lastIndexOf('/') + 1));
  if (kind === 'other') return OTHER;
  try {
    const path = pathIn(directory, parseHref(bare, 'index page'));
    return kind === 'directory' ? { kind, path: directoryAt(path) } : { kind, path };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return /^(?:\.\.?\/?)+$/.test(part) ? OTHER : { kind: 'refused', href, reason: error.message };
  }
}

function kindOf(part: string, name: string): 'package' | 'metadata' | 'directory' | 'other' {
  // rsync and browsers hide what is not whole yet; `.` and the page itself are no news.
  if (name === '' || (name.startsWith('.') && !name.startsWith('..'))) return 'other';
  if (part.endsWith('/') || DIRECTORIES.has(name)) return 'directory';
  if (/\.rpm$/i.test(name)) return /\.delta\.rpm$/i.test(name) ? 'other' : 'package';
  return /(?:comps|updateinfo|modules)[^/]*\.(?:xml|ya?ml)(?:\.(?:gz|bz2|xz|zst))?$/i.test(name) ? 'metadata' : 'other';
}

/** The part of `href` below the page at `url`, still encoded; undefined where it does not begin there. */
function partBelow(href: string, url: URL): string | undefined {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(href)?.[0];
  if (scheme !== undefined && !/^https?:$/i.test(scheme)) return undefined;
  const rest = href.slice(scheme?.length ?? 0);
  if (rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2);
    const isHere = slash !== -1 && rest.slice(2, slash).toLowerCase() === url.host;
    return isHere ? stripPath(rest.slice(slash), url) : undefined;
  }
  // `http:foo` is read in different ways (RFC 3986 §5.2.2): by us, not at all.
  if (scheme !== undefined) return undefined;
  return rest.startsWith('/') ? stripPath(rest, url) : rest;
}

/** Servers escape one path in different ways: it is compared decoded. */
function stripPath(path: string, { pathname }: URL): string | undefined {
  const own = pathname.split('/').slice(0, -1);
  const segments = path.split('/');
  const isBelow =
    segments.length > own.length && own.every((segment, at) => decoded(segment) === decoded(segments[at]));
  return isBelow ? segments.slice(own.length).join('/') : undefined;
}

function decoded(segment: string | undefined): string | undefined {
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
