// Repos and trees: each publish path its own, each tree from exactly one source. Pure.

import type { Finding } from './finding.ts';
import { finding } from './finding.ts';
import type { Draft, Reading } from './shape.ts';
import { valueAt } from './shape.ts';

/** What speaks against the repos and trees of a file, by themselves. */
export function checkContents({ draft, value }: Reading): readonly Finding[] {
  return [
    ...checkPublishPaths(draft.repos ?? []),
    ...(draft.trees ?? []).flatMap((tree, index) =>
      tree === undefined ? [] : checkSource(valueAt(value, ['trees', index]), index),
    ),
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

const SOURCES = ['iso', 'directory', 'upstream'] as const;

function checkSource(written: unknown, index: number): readonly Finding[] {
  const given = SOURCES.filter((key) => valueAt(written, [key]) !== undefined);
  if (given.length === 1) return [];
  const path = ['trees', index];
  if (given.length === 0) return [finding(path, 'has no source', `add one of ${SOURCES.join(', ')}`)];
  return [finding(path, `has ${given.length} sources: ${given.join(', ')}`, 'keep one of them')];
}
