// What differs between two bundles, file by file, as a person reads it. Pure.

import { createTwoFilesPatch } from 'diff';
import type { BundleEntry } from './entries.ts';
import { MANIFEST_NAME } from './entries.ts';

export type BundleChange = {
  readonly name: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** A unified diff; for a file whose mode alone changed, that. */
  readonly text: string;
};

/** Lines around a change; what diff(1) -u gives. */
const CONTEXT = 3;

/**
 * The changes from `before` to `after`, by name. Of the manifest only what the bundle is of counts (hosts, snapshots): its checksums
 * follow from the rest.
 */
export function diffBundles(before: readonly BundleEntry[], after: readonly BundleEntry[]): readonly BundleChange[] {
  const [old, now] = [before, after].map((entries) => new Map(entries.map((entry) => [entry.name, comparable(entry)])));
  if (old === undefined || now === undefined) return [];
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return names.flatMap((name): readonly BundleChange[] => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === undefined || is === undefined) {
      return [{ name, kind: was === undefined ? 'added' : 'removed', text: patch(name, was?.text, is?.text) }];
    }
    if (was.text !== is.text) return [{ name, kind: 'changed', text: patch(name, was.text, is.text) }];
    if (was.mode === is.mode) return [];
    return [{ name, kind: 'changed', text: `mode of ${name}: ${octal(was.mode)} -> ${octal(is.mode)}\n` }];
  });
}

function patch(name: string, was: string | undefined, is: string | undefined): string {
  const [from, to] = [was === undefined ? '/dev/null' : `a/${name}`, is === undefined ? '/dev/null' : `b/${name}`];
  const text = createTwoFilesPatch(from, to, was ?? '', is ?? '', undefined, undefined, { context: CONTEXT });
  // A line of equals signs that patch(1) does not need.
  return text.replace(/^=+\n/, '');
}

function comparable(entry: BundleEntry): BundleEntry {
  if (entry.name !== MANIFEST_NAME) return entry;
  try {
    const { entries, ...subject } = JSON.parse(entry.text) as { readonly entries?: unknown };
    void entries;
    return { ...entry, text: `${JSON.stringify(subject, null, 2)}\n` };
  } catch {
    return entry;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
