// The requirements of packages as dependencies to look up, and which of them nobody looks up. Pure.

import { Malformed } from '../../server/malformed.ts';
import { parseRich, type Dependency, type SimpleDependency } from './rich.ts';
import { RICH, type Entry, type Universe } from './universe.ts';

/** `passed over`: what rpm itself provides; `unreadable`: a boolean dependency that makes no sense. */
export type Requirement =
  | { readonly kind: 'dependency'; readonly dependency: Dependency }
  | { readonly kind: 'unreadable'; readonly text: string }
  | { readonly kind: 'passed over' };

/** `repoclosure` leaves out both by how their texts begin: features of rpm, and libsolv's own marks. */
const PASSED_OVER = /^(?:rpmlib\(|solvable:)/;

/** Reads a required entry. */
export function requirementOf({ words }: Universe, { name, sense, evr }: Entry): Requirement {
  const text = words.textOf(name);
  const dependency =
    sense === RICH
      ? readRich(text)
      : ({ kind: 'simple', name: text, range: { sense, evr: words.textOf(evr) } } as const);
  if (dependency === undefined) return { kind: 'unreadable', text };
  if (dependency.kind === 'simple' && PASSED_OVER.test(dependency.name)) return { kind: 'passed over' };
  return { kind: 'dependency', dependency };
}

/** One nonsensical dependency must not hide the holes of ten thousand packages. */
function readRich(text: string): Dependency | undefined {
  try {
    return parseRich(text);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** The simple dependencies that a requirement is made of. */
export function simplesIn(requirement: Requirement): readonly SimpleDependency[] {
  const found: SimpleDependency[] = [];
  const left = requirement.kind === 'dependency' ? [requirement.dependency] : [];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next.kind === 'simple') found.push(next);
    else left.push(next.left, next.right);
  }
  return found;
}
