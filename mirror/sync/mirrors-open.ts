// An upstream of several mirrors: each file from the best one that has it, repomd.xml and its signature from one and the same.

import { Malformed } from '../../server/malformed.ts';
import { parseHref } from '../rpm/href.ts';
import type { Redirect } from './guard/fetcher.ts';
import { judgeMirror, orderMirrors, type Standing } from './mirrors-choice.ts';
import { isEdition, LIST_LIMIT_BYTES, parseMetalink, parseMirrorlist, type RepomdClaim } from './mirrors.ts';
import { readWhole, type Whole } from './small.ts';
import { Interrupted, type Body, type FetchRequest, type Opened, type Upstream } from './upstream.ts';
import { sourceOf } from './web/request.ts';

export type MirrorEdges = {
  readonly kind: 'mirrorlist' | 'metalink';
  /** Fetches the list itself. */
  readonly openList: (request: FetchRequest) => Promise<Opened>;
  /** Fetches a file from one mirror. */
  readonly openAt: (mirror: URL, request: FetchRequest) => Promise<Opened>;
  /** May the list lead to this URL? */
  readonly judge: (location: string) => Redirect;
};

/** How many mirrors one request is put to, before the caller waits and asks again. */
const LIMIT_ASKED = 5;
const REPOMD = 'repodata/repomd.xml';

type Mirrors = {
  readonly openAt: MirrorEdges['openAt'];
  readonly urls: readonly URL[];
  readonly repomd: readonly RepomdClaim[];
  standing: Standing;
  /** Whose repomd.xml was taken last. */
  taken: number | undefined;
};
type Failure = Exclude<Opened, Body>;

/** Nothing is fetched before the first request, the list only once unless its repomd.xml is nowhere to be found. */
export function openMirrors(edges: MirrorEdges): Pick<Upstream, 'open' | 'sources'> {
  let known: Mirrors | undefined;
  let loading: Promise<Mirrors | Failure> | undefined;
  const load = (signal: AbortSignal): Promise<Mirrors | Failure> => {
    loading ??= loadMirrors(edges, signal)
      .then((loaded) => (isFailure(loaded) ? loaded : (known = loaded)))
      .finally(() => (loading = undefined));
    return loading;
  };
  return {
    sources: () => known?.urls.length ?? 1,
    open: async (request) => {
      const fresh = known === undefined;
      const mirrors = known ?? (await load(request.signal));
      if (isFailure(mirrors)) return mirrors;
      if (request.path !== REPOMD) return openFile(mirrors, request);
      const opened = await openRepomd(mirrors, request);
      if (opened !== 'outdated') return opened;
      const again = fresh ? mirrors : await load(request.signal);
      if (isFailure(again)) return again;
      const last = again === mirrors ? opened : await openRepomd(again, request);
      return last === 'outdated' ? nowhere(again) : last;
    },
  };
}

function isFailure(value: Mirrors | Failure): value is Failure {
  return 'kind' in value;
}

function nowhere({ urls }: Mirrors): Opened {
  const asked = Math.min(urls.length, LIMIT_ASKED);
  return {
    kind: 'unavailable',
    reason: `none of ${asked} mirrors asked has the repomd.xml that the metalink tells of`,
  };
}

async function loadMirrors(edges: MirrorEdges, signal: AbortSignal): Promise<Mirrors | Failure> {
  const { kind, openList, openAt, judge } = edges;
  const request = { resume: undefined, limitBytes: LIST_LIMIT_BYTES, cache: 'fresh', redirects: 'anywhere' } as const;
  try {
    const answer = await readWhole({ open: openList }, { ...request, path: parseHref(kind, kind), signal });
    if (answer.kind !== 'bytes') return listFailure(answer, kind);
    const { mirrors, repomd } = kind === 'metalink' ? parseMetalink(answer.bytes) : parseMirrorlist(answer.bytes);
    const judged = mirrors.map((mirror) => judge(mirror.href));
    const urls = judged.flatMap((redirect) => (redirect.kind === 'follow' ? [redirect.url] : []));
    const refused = judged.find((redirect) => redirect.kind !== 'follow');
    if (urls.length > 0) return { openAt, urls, repomd, standing: new Map(), taken: undefined };
    return { kind: 'refused', reason: `the ${kind} leads nowhere: ${refused?.reason ?? 'it is empty'}` };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

/** What a missing list means: there is no upstream at all, not that some file is absent. */
function listFailure(answer: Failure, kind: string): Failure {
  const reason = `the ${kind}: ${answer.reason}`;
  return answer.kind === 'unavailable' ? { ...answer, reason } : { kind: 'refused', reason };
}

/** The first mirror that has the file. Signatures of repomd.xml come from the mirror that it came from, or not at all. */
async function openFile(mirrors: Mirrors, request: FetchRequest): Promise<Opened> {
  const avoided = new Set(mirrors.urls.flatMap((url, at) => (request.avoid?.includes(sourceOf(url)) ? [at] : [])));
  for (const at of avoided) mirrors.standing = judgeMirror(mirrors.standing, at, 'bad');
  const own = request.path.startsWith(`${REPOMD}.`) ? mirrors.taken : undefined;
  const order = own === undefined ? orderMirrors(mirrors.urls.length, mirrors.standing, { last: avoided }) : [own];
  const failures: Failure[] = [];
  for (const at of order.slice(0, LIMIT_ASKED)) {
    const opened = await openOne(mirrors, at, request);
    if (opened.kind === 'body' || opened.kind === 'unchanged' || opened.kind === 'restart') return opened;
    failures.push(opened);
  }
  return worthTelling(failures);
}

async function openOne(mirrors: Mirrors, at: number, request: FetchRequest): Promise<Opened> {
  const mirror = mirrors.urls[at];
  if (mirror === undefined) throw new Error('a mirror that is not in its list');
  const { resume } = request;
  // A validator means something to the server that gave it; whether the parts fit is for the checksum to say.
  const validator = resume?.source === sourceOf(mirror) ? resume.validator : undefined;
  const opened = await mirrors.openAt(
    mirror,
    resume === undefined ? request : { ...request, resume: { ...resume, validator } },
  );
  const judge = (answer: 'good' | 'bad'): void => {
    mirrors.standing = judgeMirror(mirrors.standing, at, answer);
  };
  if (opened.kind === 'body') return { ...opened, chunks: watched(opened.chunks, judge) };
  if (opened.kind !== 'unchanged' && opened.kind !== 'restart') judge('bad');
  return opened;
}

/** The same chunks; tells how they ended. */
function watched(
  chunks: AsyncIterable<Uint8Array>,
  judge: (answer: 'good' | 'bad') => void,
): AsyncIterable<Uint8Array> {
  const pieces = chunks[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      const piece = await pieces.next();
      if (piece.done === true) judge('good');
      return piece;
    } catch (error) {
      if (error instanceof Interrupted) judge('bad');
      throw error;
    }
  };
  const stop = async (): Promise<IteratorResult<Uint8Array>> =>
    (await pieces.return?.()) ?? { done: true, value: undefined };
  return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
}

/** One that may pass first: then another try is worth it; else one that says the file is not there. */
function worthTelling(failures: readonly Failure[]): Opened {
  const first = failures[0] ?? { kind: 'refused', reason: 'no mirror' };
  const told =
    failures.find(({ kind }) => kind === 'unavailable') ?? failures.find(({ kind }) => kind === 'absent') ?? first;
  return failures.length < 2 ? told : { ...told, reason: `${told.reason} (${failures.length} mirrors asked)` };
}

/** `outdated`: no mirror asked has any edition that the metalink tells of. */
async function openRepomd(mirrors: Mirrors, request: FetchRequest): Promise<Opened | 'outdated'> {
  const [newest] = mirrors.repomd;
  if (newest !== undefined && isClaimed(newest, request)) {
    return { kind: 'unchanged', reason: 'the metalink tells of the same repomd.xml' };
  }
  const { condition: _condition, ...whole } = request;
  const question = newest === undefined ? request : whole;
  const failures: Failure[] = [];
  let older: { readonly at: number; readonly answer: Whole } | undefined;
  for (const at of orderMirrors(mirrors.urls.length, mirrors.standing, { first: mirrors.taken }).slice(
    0,
    LIMIT_ASKED,
  )) {
    const answer = await readOne(mirrors, at, question);
    if (answer.kind === 'unchanged') return take(mirrors, at, answer);
    if (answer.kind !== 'bytes') failures.push(answer);
    else if (newest === undefined || isEdition(answer.bytes, newest)) return take(mirrors, at, bodyOf(answer));
    else {
      if (mirrors.repomd.some((claim) => isEdition(answer.bytes, claim))) older ??= { at, answer };
      mirrors.standing = judgeMirror(mirrors.standing, at, 'bad');
    }
  }
  if (older !== undefined) return take(mirrors, older.at, bodyOf(older.answer));
  const asked = Math.min(mirrors.urls.length, LIMIT_ASKED);
  return failures.length === asked ? worthTelling(failures) : 'outdated';
}

/** One mirror that sends without end costs no more than that mirror. */
async function readOne(mirrors: Mirrors, at: number, request: FetchRequest): Promise<Whole | Failure> {
  try {
    return await readWhole({ open: (asked) => openOne(mirrors, at, asked) }, request);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    mirrors.standing = judgeMirror(mirrors.standing, at, 'bad');
    return { kind: 'refused', reason: error.message };
  }
}

function isClaimed({ checksums }: RepomdClaim, { condition }: FetchRequest): boolean {
  const known = condition?.checksum;
  return checksums.some(({ type, digest }) => type === known?.type && digest === known.digest);
}

function take(mirrors: Mirrors, at: number, opened: Opened): Opened {
  mirrors.taken = at;
  return opened;
}

function bodyOf({ bytes, etag, lastModified, source }: Whole): Body {
  const said = { validator: undefined, encoding: undefined, etag, lastModified };
  return { kind: 'body', source, offset: 0, totalBytes: bytes.length, ...said, chunks: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
