// One directory of an upstream as it lists itself: by a web server's index page, or by this machine. Running: the upstream is handed in.

import { encodePath, parseHref, ROOT_DIRECTORY, type DirectoryPath, type RelativePath } from '../rpm/href.ts';
import { sha256Of } from '../rpm/checksum.ts';
import { decompress } from '../rpm/decompress.ts';
import { inSlices, type Breathe } from '../sync/parallel.ts';
import { fetchSmall } from '../sync/small.ts';
import { SyncFault, type Body, type Condition, type DirectoryIndex, type Upstream } from '../sync/upstream.ts';
import type { Looked } from './evidence.ts';
import { judgeName, readPage, type Found } from './page.ts';

export type ListingEdges = {
  readonly upstream: Upstream;
  readonly breathe: Breathe;
  readonly signal: AbortSignal;
};

export type Listing = {
  readonly kind: 'listing';
  readonly found: readonly Found[];
  readonly looked: Looked;
};
export type ListingAnswer = Listing | { readonly kind: 'absent' | 'elsewhere' | 'unchanged'; readonly reason: string };

/** Ten thousand packages make a page of two megabytes. */
const LIMIT_PAGE_BYTES = 64 * 1024 * 1024;

/**
 * What lies in `directory`. Only the upstream's own server is believed: no checksum covers a page. Throws `SyncFault`, also where
 * nothing of the kind can be asked of this upstream, and `Malformed` for a page beyond all bounds.
 */
export async function listDirectory(
  directory: DirectoryPath,
  edges: ListingEdges,
  condition?: Condition,
): Promise<ListingAnswer> {
  const { index } = edges.upstream;
  if (index === undefined) return { kind: 'absent', reason: 'a list of mirrors has no index page' };
  return index.kind === 'directory'
    ? listLocal(directory, index, edges)
    : fetchPage(directory, { index, condition }, edges);
}

type Pages = Extract<DirectoryIndex, { kind: 'pages' }>;

async function fetchPage(
  directory: DirectoryPath,
  { index, condition }: { readonly index: Pages; readonly condition: Condition | undefined },
  { upstream, breathe, signal }: ListingEdges,
): Promise<ListingAnswer> {
  let source = '';
  const open: Upstream['open'] = async (request) => {
    const opened = await index.open({ ...request, path: directory });
    // One directory that is closed is passed over; the root's page is the upstream itself.
    if (opened.kind === 'refused' && directory !== ROOT_DIRECTORY) return { ...opened, kind: 'absent' };
    if (opened.kind !== 'body') return opened;
    ({ source } = opened);
    return unpacked(opened, breathe);
  };
  const request = { path: calledAs(directory), limitBytes: LIMIT_PAGE_BYTES, redirects: 'own-server' } as const;
  const answer = await fetchSmall({ ...upstream, open }, { ...request, condition, signal });
  if (answer.kind !== 'bytes') return answer;
  const { bytes, etag, lastModified } = answer;
  const url = new URL(`${source}${encodePath(directory)}`);
  const found: Found[] = [];
  // Names beyond ASCII are escaped by every server; what is not UTF-8 then is no name that is taken.
  const html = new TextDecoder().decode(bytes);
  await inSlices(readPage(html, { directory, url }), breathe, (one) => found.push(one));
  return { kind: 'listing', found, looked: { path: directory, sha256: sha256Of(bytes), etag, lastModified } };
}

/** Nobody asks for a packed page; some servers send one all the same. Packed in any other way it has no links to read. */
function unpacked(body: Body, breathe: Breathe): Body {
  if (!/^(?:x-)?gzip$/.test(body.encoding ?? '')) return body;
  const chunks = decompress(body.chunks, { limitBytes: LIMIT_PAGE_BYTES, breathe }, 'index page');
  return { ...body, chunks, totalBytes: undefined };
}

async function listLocal(
  directory: DirectoryPath,
  index: Extract<DirectoryIndex, { kind: 'directory' }>,
  { signal }: ListingEdges,
): Promise<ListingAnswer> {
  const answer = await index.list(directory, signal);
  if (answer.kind === 'refused' && directory === ROOT_DIRECTORY) throw new SyncFault(ROOT_PAGE, answer.reason);
  if (answer.kind !== 'listing') return { kind: 'absent', reason: answer.reason };
  // What was changed in place has another time: the digest tells of it, as an index page would.
  const sha256 = sha256Of(JSON.stringify(answer.names));
  const found = answer.names.map(({ name, kind }) => judgeName(name, kind, directory));
  return { kind: 'listing', found, looked: { path: directory, sha256, etag: undefined, lastModified: undefined } };
}

/** A directory's name in faults. */
function calledAs(directory: DirectoryPath): RelativePath {
  if (directory === '') return ROOT_PAGE;
  const encoded = encodePath(directory);
  return parseHref(encoded.slice(0, -1), 'index page');
}

const ROOT_PAGE = parseHref('its%20index%20page', 'index page');
