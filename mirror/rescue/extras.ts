// Comps, updateinfo and modules of a poor upstream: those that its repomd.xml proves, else files that directories list and that look right.

import { Malformed } from '../../server/malformed.ts';
import { chooseExtras, type Extra } from '../metadata/extras.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import { decompress } from '../rpm/decompress.ts';
import type { RelativePath } from '../rpm/href.ts';
import { readXml } from '../rpm/xml.ts';
import type { RoundEdges } from '../sync/edges.ts';
import { fetchSmall } from '../sync/small.ts';
import { passDoctype } from './doctype.ts';
import type { Documents } from './documents.ts';
import type { Flaws, Looked } from './evidence.ts';

export type BroughtExtras = {
  readonly extras: readonly Extra[];
  readonly looked: readonly Looked[];
  /** The digests of all of them. */
  readonly contents: readonly Sha256[];
};

type Edges = RoundEdges & { readonly flaws: Flaws };

/** Type in repomd.xml → what such files are called, and the root of their XML (modules are YAML). */
const KINDS = [
  { type: 'group', name: /comps/i, root: 'comps' },
  { type: 'updateinfo', name: /updateinfo/i, root: 'updates' },
  { type: 'modules', name: /modules/i, root: undefined },
] as const;
type Kind = (typeof KINDS)[number];

const GROUP = /^group(?:_|$)/;
const LIMIT_BYTES = 64 * 1024 * 1024;
const LIMIT_OPEN_BYTES = 512 * 1024 * 1024;
/** Of each kind so many files are looked at, until one is right. */
const LIMIT_TRIED = 5;

/** `files` are what directories list. Throws `SyncFault` where upstream does not answer. */
export async function bringExtras(
  { sound, metadata }: Pick<Documents, 'sound' | 'metadata'>,
  files: readonly RelativePath[],
  edges: Edges,
): Promise<BroughtExtras> {
  const extras: Extra[] = [];
  const contents: Sha256[] = [];
  for (const { type, path } of chooseExtras(sound).kept) {
    const file = metadata.get(path);
    if (file === undefined) continue;
    extras.push({ type, name: path, read: () => edges.pool.read(file.sha256) });
    contents.push(file.sha256);
  }
  const looked: Looked[] = [];
  for (const kind of KINDS) {
    const has = extras.some(({ type }) => type === kind.type || (kind.type === 'group' && GROUP.test(type)));
    if (has) continue;
    const fitting = files.filter((path) => kind.name.test(path.slice(path.lastIndexOf('/') + 1)));
    const found = await findExtra(kind, fitting.toSorted(byPlace), edges);
    if (found === undefined) continue;
    extras.push(found.extra);
    looked.push(found.looked);
    contents.push(found.looked.sha256);
  }
  return { extras, looked, contents };
}

/** In `repodata` first, then the highest. */
function byPlace(a: RelativePath, b: RelativePath): number {
  const rank = (path: RelativePath): number => (path.startsWith('repodata/') ? 0 : path.split('/').length);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

async function findExtra(
  kind: Kind,
  paths: readonly RelativePath[],
  edges: Edges,
): Promise<{ readonly extra: Extra; readonly looked: Looked } | undefined> {
  const { flaws, pool, signal, upstream } = edges;
  for (const path of paths.slice(0, LIMIT_TRIED)) {
    try {
      const request = { path, limitBytes: LIMIT_BYTES, redirects: 'own-server', signal } as const;
      const answer = await fetchSmall(upstream, request);
      if (answer.kind !== 'bytes') {
        flaws.add('gone', path, answer.reason);
        continue;
      }
      const sha256 = await pool.save(answer.bytes);
      const chunks = decompress(pool.read(sha256), { limitBytes: LIMIT_OPEN_BYTES, breathe: edges.breathe }, path);
      await requireKind(kind, path, chunks);
      const { etag, lastModified } = answer;
      const extra = { type: kind.type, name: path, read: () => pool.read(sha256) };
      return { extra, looked: { path, sha256, etag, lastModified } };
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      flaws.add('unreadable', path, error.message);
    }
  }
  return undefined;
}

/** Throws `Malformed` unless the file unpacks to text of this kind, read to its end. */
async function requireKind({ root, type }: Kind, path: RelativePath, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  if (root === undefined) return requireText(chunks, path);
  const open = (name: string, _attributes: object, depth: number): void => {
    if (depth === 1 && name !== root) throw new Malformed(`no ${type}: its root is <${name.slice(0, 60)}>`, path);
  };
  const reader = readXml({ open, close: () => undefined }, path);
  // Comps have always had a document type.
  for await (const chunk of passDoctype(chunks, () => undefined)) {
    reader.write(chunk);
  }
  reader.end();
}

async function requireText(chunks: AsyncIterable<Uint8Array>, path: RelativePath): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isFirst = true;
  try {
    for await (const chunk of chunks) {
      const text = decoder.decode(chunk, { stream: true });
      if (isFirst && /^\s*</.test(text)) throw new Malformed('no YAML', path);
      isFirst = false;
    }
    decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new Malformed('not in UTF-8', path);
    throw error;
  }
}
