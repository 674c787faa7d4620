// Names that point at something else in the file: every one must find what it names. Pure.

import type { Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import type { Reading } from './shape.ts';
import { valueAt } from './shape.ts';
import { nearest, suggest } from './suggest.ts';

/** The names a list declares, those of wrongly shaped items too; undefined where the list itself cannot be read. */
type Declared = readonly string[] | undefined;

/**
 * Profiles' trees and repos, hosts' profiles, networks and ranges. A name that is declared counts even where the rest of
 * its item is wrong, so that one mistake is one problem.
 */
export function checkReferences({ draft, value }: Reading): readonly Finding[] {
  const trees = declared(value, 'trees');
  const repos = declared(value, 'repos');
  const profiles = declared(value, 'profiles');
  const networks = declared(value, 'networks');
  return [
    ...(draft.profiles ?? []).flatMap((profile, index) => [
      ...point('tree', { name: profile?.tree, known: trees, path: ['profiles', index, 'tree'] }),
      ...(profile?.repos ?? []).flatMap((name, at) =>
        point('repo', { name, known: repos, path: ['profiles', index, 'repos', at] }),
      ),
    ]),
    ...(draft.hosts ?? []).flatMap((host, index) => [
      ...point('profile', { name: host?.profile, known: profiles, path: ['hosts', index, 'profile'] }),
      ...point('network', { name: host?.network, known: networks, path: ['hosts', index, 'network'] }),
      ...point('range', {
        name: host?.range,
        known: declaredRanges(value, host?.network),
        path: ['hosts', index, 'range'],
      }),
    ]),
  ];
}

type Pointer = { readonly name: string | undefined; readonly known: Declared; readonly path: Path };

function point(kind: string, { name, known, path }: Pointer): readonly Finding[] {
  if (name === undefined || known === undefined || known.includes(name)) return [];
  const where = kind === 'range' ? 'this network has no range' : `there is no ${kind}`;
  return [finding(path, `${where} called ${name}`, suggest(name, known) ?? `add it under ${kind}s`)];
}

function declared(value: unknown, section: string): Declared {
  const list = valueAt(value, [section]);
  if (list === undefined) return isMisspelt(value, section) ? undefined : [];
  return Array.isArray(list) ? list.flatMap(nameOf) : undefined;
}

/** Is there a key that looks like the missing section's? It is a problem of its own; what points into it need not be. */
function isMisspelt(value: unknown, section: string): boolean {
  return typeof value === 'object' && value !== null && nearest(section, Object.keys(value)) !== undefined;
}

/** The ranges of the network called `network`; undefined where there is no such network to look in. */
function declaredRanges(value: unknown, network: string | undefined): Declared {
  const networks = valueAt(value, ['networks']);
  if (!Array.isArray(networks) || network === undefined) return undefined;
  const found: unknown = networks.find((item) => nameOf(item).includes(network));
  return found === undefined ? undefined : declared(found, 'ranges');
}

function nameOf(item: unknown): readonly string[] {
  const name = valueAt(item, ['name']);
  return typeof name === 'string' || typeof name === 'number' ? [String(name)] : [];
}
