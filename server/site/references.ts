// Names that point at something else in the file: every one must find what it names. Pure.

import type { Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import type { Reading } from './shape.ts';
import { valueAt } from './shape.ts';
import { nearest, suggest } from './suggest.ts';

/** The names a list declares, those of wrongly shaped items too; undefined where the list itself cannot be read. */
type Declared = ReadonlySet<string> | undefined;

/**
 * Profiles' trees and repos, hosts' profiles, networks and ranges. A name that is declared counts even where the rest of
 * its item is wrong, so that one mistake is one problem.
 */
export function checkReferences({ draft, value }: Reading): readonly Finding[] {
  const trees = declared(value, 'trees');
  const repos = declared(value, 'repos');
  const profiles = declared(value, 'profiles');
  const networks = declared(value, 'networks');
  const ranges = declaredRanges(value);
  return [
    ...(draft.profiles ?? []).flatMap((profile, index) => [
      ...point('tree', { name: profile?.tree, known: trees, path: ['profiles', index, 'tree'] }),
      ...(profile?.repos ?? []).flatMap((name, at) =>
        point('repo', { name, known: repos, path: ['profiles', index, 'repos', at] }),
      ),
    ]),
    ...(draft.hosts ?? []).flatMap((host, index) => {
      if (host === undefined) return [];
      const { profile, network, range } = host;
      const inNetwork = network === undefined ? undefined : ranges.get(network);
      // Said first, because nearly every host of thousands is right.
      if (isFound(profile, profiles) && isFound(network, networks) && isFound(range, inNetwork)) return [];
      return [
        ...point('profile', { name: profile, known: profiles, path: ['hosts', index, 'profile'] }),
        ...point('network', { name: network, known: networks, path: ['hosts', index, 'network'] }),
        ...point('range', { name: range, known: inNetwork, path: ['hosts', index, 'range'] }),
      ];
    }),
  ];
}

type Pointer = { readonly name: string | undefined; readonly known: Declared; readonly path: Path };

function point(kind: string, { name, known, path }: Pointer): readonly Finding[] {
  if (name === undefined || known === undefined || known.has(name)) return [];
  const where = kind === 'range' ? 'this network has no range' : `there is no ${kind}`;
  return [finding(path, `${where} called ${name}`, () => suggest(name, [...known]) ?? `add it under ${kind}s`)];
}

/** A name that is missing or cannot be looked up is a problem of somebody else's. */
function isFound(name: string | undefined, known: Declared): boolean {
  return name === undefined || known === undefined || known.has(name);
}

function declared(value: unknown, section: string): Declared {
  const list = valueAt(value, [section]);
  if (list === undefined) return isMisspelt(value, section) ? undefined : new Set();
  return Array.isArray(list) ? new Set(list.flatMap(nameOf)) : undefined;
}

/** Is there a key that looks like the missing section's? It is a problem of its own; what points into it need not be. */
function isMisspelt(value: unknown, section: string): boolean {
  return typeof value === 'object' && value !== null && nearest(section, Object.keys(value)) !== undefined;
}

/** The ranges of each network by its name; of two with one name, those of the first. */
function declaredRanges(value: unknown): ReadonlyMap<string, Declared> {
  const networks = valueAt(value, ['networks']);
  const ranges = new Map<string, Declared>();
  for (const network of Array.isArray(networks) ? networks : []) {
    for (const name of nameOf(network)) if (!ranges.has(name)) ranges.set(name, declared(network, 'ranges'));
  }
  return ranges;
}

function nameOf(item: unknown): readonly string[] {
  const name = valueAt(item, ['name']);
  return typeof name === 'string' || typeof name === 'number' ? [String(name)] : [];
}
