// Repos and trees: each publish path its own, each from exactly one source, and no check without a key. Pure.

import type { Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import type { Draft, Reading } from './shape.ts';
import { valueAt } from './shape.ts';

/** What speaks against the repos and trees of a file, by themselves. */
export function checkContents({ draft, value }: Reading): readonly Finding[] {
  return [
    ...checkPublishPaths(draft.repos ?? []),
    ...(draft.trees ?? []).flatMap((tree, index) =>
      tree === undefined ? [] : checkSource(valueAt(value, ['trees', index]), ['trees', index], TREE_SOURCES),
    ),
    ...(draft.repos ?? []).flatMap((repo, index) =>
      repo === undefined ? [] : checkSource(valueAt(value, ['repos', index]), ['repos', index], REPO_SOURCES),
    ),
    ...(draft.repos ?? []).flatMap(checkTrust),
  ];
}

/** No path may be another's, or lie inside it: one request would have two answers. */
function checkPublishPaths(repos: NonNullable<Draft['repos']>): readonly Finding[] {
  return repos.flatMap((repo, index) => {
    const publish = repo?.publish;
    if (publish === undefined) return [];
    const other = repos.slice(0, index).find((one) => one?.publish !== undefined && isNested(one.publish, publish));
    if (other?.publish === undefined) return [];
    const relation = other.publish === publish ? 'is already' : 'overlaps';
    const message = `${publish} ${relation} ${other.publish === publish ? 'the path' : other.publish} of ${other.name ?? 'another repo'}`;
    return [finding(['repos', index, 'publish'], message, 'choose another path')];
  });
}

function isNested(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

const TREE_SOURCES = ['iso', 'directory', 'upstream'] as const;
const REPO_SOURCES = ['upstream', 'mirrorlist', 'metalink'] as const;

function checkSource(written: unknown, path: Path, keys: readonly string[]): readonly Finding[] {
  const given = keys.filter((key) => valueAt(written, [key]) !== undefined);
  if (given.length === 1) return [];
  if (given.length === 0) return [finding(path, 'has no source', `add one of ${keys.join(', ')}`)];
  return [finding(path, `has ${given.length} sources: ${given.join(', ')}`, 'keep one of them')];
}

/** A check without keys would refuse everything; keys without a check are believed to be used, and are not. */
function checkTrust(repo: NonNullable<Draft['repos']>[number], index: number): readonly Finding[] {
  if (repo === undefined) return [];
  const path = ['repos', index];
  const { gpg = 'none', keys = [], rescue } = repo;
  if (gpg !== 'none' && keys.length === 0) return [finding([...path, 'gpg'], 'has no keys', 'add keys: [FILE]')];
  if (gpg === 'none' && keys.length > 0) {
    return [finding([...path, 'keys'], 'are not used', 'add gpg: metadata, gpg: packages or a list of both')];
  }
  if (rescue === true && gpg !== 'none' && gpg !== 'packages') {
    return [finding([...path, 'gpg'], 'a rescued repo has no signed metadata', 'write gpg: packages')];
  }
  return [];
}
