// What of a repo's settings decides about its content, as one short text to keep with each snapshot. Pure.

import type { Repo } from '../../server/repo.ts';
import { sha256Of } from '../rpm/checksum.ts';

type Deciding = Pick<Repo, 'upstream' | 'upstreamKind' | 'filter' | 'trust' | 'rescue'>;

/** How metadata is made may change with a version: raise this, and every repo with metadata of its own is planned anew. */
const GENERATION = 1;
const DIGITS = 16;

/**
 * `source:… filter:… trust:…`. Two texts are equal where a sync of the same upstream would bring the same content and prove
 * it in the same way. `keys` are the contents of `repo.trust.keys`, in that order.
 */
export function fingerprintSettings(repo: Deciding, keys: readonly Uint8Array[]): string {
  const { upstream, upstreamKind, filter, trust, rescue } = repo;
  const source = digestOf([upstreamKind, withoutLogin(upstream)]);
  const chosen = digestOf([GENERATION, filter, rescue]);
  const trusted = digestOf([trust.checks.toSorted(), trust.weakKeys, keys.map((key) => sha256Of(key)).toSorted()]);
  return `source:${source} filter:${chosen} trust:${trusted}`;
}

/** Were packages of both proved alike, by the same keys? */
export function isSameTrust(settings: string, other: string): boolean {
  const part = trustOf(settings);
  return part !== undefined && part === trustOf(other);
}

/** The URL without the user and password in it; a path as it is. */
export function withoutLogin(upstream: string): string {
  if (!URL.canParse(upstream)) return upstream;
  const url = new URL(upstream);
  url.username = '';
  url.password = '';
  return url.href;
}

function trustOf(settings: string): string | undefined {
  return /(?:^| )trust:([0-9a-f]+)(?: |$)/.exec(settings)?.[1];
}

function digestOf(values: readonly unknown[]): string {
  return sha256Of(JSON.stringify(values)).slice(0, DIGITS);
}
