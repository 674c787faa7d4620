// Which content a request target names: a file of a repo, of one of its snapshots, or of a tree. Pure; looks nothing up.

import { firstSegment, parseTargetPath, type TargetPath } from '../../server/target.ts';
import { Malformed } from '../../server/malformed.ts';

/** Fields of everything that is content. */
type ContentFields = {
  readonly name: string;
  /** Relative to the root of the repo or tree, as `TreeFiles.find` takes it; `''` is the root. */
  readonly path: string;
  /** The URL ended in a slash: only a directory answers to it. */
  readonly directory: boolean;
  /** The URL's path, decoded, repeated slashes folded, without a slash at its end. */
  readonly publicPath: string;
};

export type RepoPath = ContentFields & { readonly kind: 'repo'; readonly snapshot: string | undefined };
export type TreePath = ContentFields & { readonly kind: 'tree' };
export type ContentPath = RepoPath | TreePath | { readonly kind: 'other' };

/** Publish path of a repo (`/4.0/`) → the repo's name. */
export type PublishPaths = ReadonlyMap<string, string>;

const OTHER = { kind: 'other' } as const;

/**
 * Reads a request target (`request.url`). Answers `other` where it is not content, however odd it looks: somebody else owns
 * that. Throws `Malformed` for a content path that cannot be read: see `parseTargetPath` for what is refused.
 */
export function parseContentPath(rawUrl: string, publishPaths: PublishPaths): ContentPath {
  const { segments, directory } = readTarget(rawUrl, publishPaths);
  const [first, name, ...rest] = segments;
  if (first === undefined || !isContentRoot(first, publishPaths)) return OTHER;
  const fields = { path: rest.join('/'), directory, publicPath: `/${segments.join('/')}` };
  if (first === 'repos') return name === undefined ? OTHER : repoPath(name, fields);
  if (first === 'trees') return name === undefined ? OTHER : { kind: 'tree', name: checkedName(name), ...fields };
  return publishedPath(fields, publishPaths);
}

/** What cannot be read is content's only where its first segment can, and is a root of content. */
function readTarget(rawUrl: string, publishPaths: PublishPaths): TargetPath {
  try {
    return parseTargetPath(rawUrl);
  } catch (error) {
    const first = rootSegment(rawUrl);
    if (first === undefined || !isContentRoot(first, publishPaths)) return NOTHING;
    throw error;
  }
}

const NOTHING: TargetPath = { segments: [], directory: false };

type WithoutName = Omit<ContentFields, 'name'>;

function repoPath(label: string, fields: WithoutName): RepoPath {
  const at = label.indexOf('@');
  if (at === -1) return { kind: 'repo', name: checkedName(label), snapshot: undefined, ...fields };
  const snapshot = checkedName(label.slice(at + 1));
  return { kind: 'repo', name: checkedName(label.slice(0, at)), snapshot, ...fields };
}

/** The longest publish path that `publicPath` lies under wins: `/rhel/6/` before `/rhel/`. */
function publishedPath(fields: WithoutName, publishPaths: PublishPaths): ContentPath {
  const asDirectory = `${fields.publicPath}/`;
  const prefix = [...publishPaths.keys()]
    .filter((candidate) => candidate !== '/' && asDirectory.startsWith(candidate))
    .reduce((longest, candidate) => (candidate.length > longest.length ? candidate : longest), '');
  const name = publishPaths.get(prefix);
  if (name === undefined) return OTHER;
  const path = fields.publicPath.slice(prefix.length);
  return { kind: 'repo', name, snapshot: undefined, ...fields, path };
}

function isContentRoot(first: string, publishPaths: PublishPaths): boolean {
  if (first === 'repos' || first === 'trees') return true;
  for (const prefix of publishPaths.keys()) if (prefix.startsWith(`/${first}/`)) return true;
  return false;
}

/** Undefined where the target is no path or its first segment cannot be read: no content root can be meant. */
function rootSegment(rawUrl: string): string | undefined {
  try {
    return firstSegment(rawUrl);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Names and snapshot ids never start with a dot, so that `x@..` and `x@.staging` reach no disk. */
function checkedName(text: string): string {
  if (text === '' || text.startsWith('.'))
    throw new Malformed('not the name of a repo, snapshot or tree', 'request target');
  return text;
}
