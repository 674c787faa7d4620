// Names, MACs, addresses and list entries that are there twice. Pure.

import { parseMac } from '../address.ts';
import type { Finding, Path } from './finding.ts';
import { finding, formatPath } from './finding.ts';
import type { Draft } from './shape.ts';

/** `key` is what is compared where that is not the text itself. */
type Entry = { readonly path: Path; readonly text: string; readonly key?: string };

/** Everything that must be said once and is said twice. Names differ by more than letter case. */
export function checkDuplicates(draft: Draft): readonly Finding[] {
  const { networks, profiles, hosts } = draft;
  return [
    ...(['networks', 'repos', 'trees', 'profiles', 'hosts'] as const).flatMap((section) =>
      sameNames(draft[section], [section]),
    ),
    ...(networks ?? []).flatMap((network, index) => sameNames(network?.ranges, ['networks', index, 'ranges'])),
    ...twice(macsOf(hosts), (text, first) => `the MAC ${text} is already that of ${ownerAt(hosts, first)}`),
    ...listed(draft.site?.ntp, ['site', 'ntp']),
    ...(networks ?? []).flatMap((network, index) => listed(network?.dns, ['networks', index, 'dns'])),
    ...(profiles ?? []).flatMap((profile, index) => [
      ...listed(profile?.repos, ['profiles', index, 'repos']),
      ...listed(profile?.packages, ['profiles', index, 'packages']),
      ...listed(profile?.storage?.disks, ['profiles', index, 'storage', 'disks']),
      ...listed(profile?.storage?.guest, ['profiles', index, 'storage', 'guest']),
    ]),
  ];
}

type Named = { readonly name?: string | undefined };

function sameNames(items: readonly (Named | undefined)[] | undefined, section: Path): readonly Finding[] {
  const entries = (items ?? []).flatMap((item, index) =>
    item?.name === undefined
      ? []
      : [{ path: [...section, index, 'name'], text: item.name, key: item.name.toLowerCase() }],
  );
  return twice(entries, (text, first) => `${text} is already the name of ${formatPath(first.slice(0, -1))}`);
}

function macsOf(hosts: Draft['hosts']): readonly Entry[] {
  return (hosts ?? []).flatMap((host, index) =>
    (host?.macs ?? []).flatMap((mac, at) =>
      mac === undefined ? [] : [{ path: ['hosts', index, 'macs', at], text: parseMac(mac) }],
    ),
  );
}

function ownerAt(hosts: Draft['hosts'], path: Path): string {
  const index = path[1];
  const name = typeof index === 'number' ? hosts?.[index]?.name : undefined;
  return name ?? formatPath(path.slice(0, 2));
}

function listed(items: readonly (string | undefined)[] | undefined, list: Path): readonly Finding[] {
  const entries = (items ?? []).flatMap((text, index) =>
    text === undefined ? [] : [{ path: [...list, index], text }],
  );
  return twice(entries, (text) => `${text} is listed twice`);
}

/** A finding at each entry whose text an earlier one has; `describe` is given the text and the earlier one's path. */
function twice(entries: readonly Entry[], describe: (text: string, first: Path) => string): readonly Finding[] {
  const seen = new Map<string, Path>();
  return entries.flatMap(({ path, text, key = text }) => {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, path);
    return first === undefined ? [] : [finding(path, describe(text, first), 'remove one, or change it')];
  });
}
