// Names, MACs, addresses and list entries that are there twice. Pure.

import type { MacAddress } from '../address.ts';
import { parseMac } from '../address.ts';
import type { Finding, Path } from './finding.ts';
import { finding, formatPath } from './finding.ts';
import type { Draft } from './shape.ts';

/** Everything that must be said once and is said twice. Names differ by more than letter case. */
export function checkDuplicates(draft: Draft): readonly Finding[] {
  const { networks, profiles, hosts } = draft;
  return [
    ...(['networks', 'repos', 'trees', 'profiles', 'hosts'] as const).flatMap((section) =>
      sameNames(draft[section], [section]),
    ),
    ...(networks ?? []).flatMap((network, index) => sameNames(network?.ranges, ['networks', index, 'ranges'])),
    ...sameMacs(hosts),
    ...listed(draft.site?.ntp, ['site', 'ntp']),
    ...(networks ?? []).flatMap((network, index) => listed(network?.dns, ['networks', index, 'dns'])),
    ...(profiles ?? []).flatMap((profile, index) => [
      ...listed(profile?.repos, ['profiles', index, 'repos']),
      ...listed(profile?.packages, ['profiles', index, 'packages']),
      ...listed(profile?.storage?.disks, ['profiles', index, 'storage', 'disks']),
      ...listed(profile?.storage?.guest, ['profiles', index, 'storage', 'guest']),
      ...(profile?.storage?.data ?? []).flatMap((lot, number) =>
        listed(lot?.disks, ['profiles', index, 'storage', 'data', number, 'disks']),
      ),
    ]),
  ];
}

type Named = { readonly name?: string | undefined };

function sameNames(items: readonly (Named | undefined)[] | undefined, section: Path): readonly Finding[] {
  const names = (items ?? []).map((item) => item?.name?.toLowerCase());
  return twice(names, (index, first) => {
    const message = `${items?.[index]?.name ?? ''} is already the name of ${formatPath([...section, first])}`;
    return finding([...section, index, 'name'], message, REMEDY);
  });
}

function listed(items: readonly (string | undefined)[] | undefined, list: Path): readonly Finding[] {
  return twice(items ?? [], (index) => finding([...list, index], `${items?.[index] ?? ''} is listed twice`, REMEDY));
}

const REMEDY = 'remove one, or change it';

/** A finding at each text that an earlier one equals; `describe` is given both places. */
function twice(
  texts: readonly (string | undefined)[],
  describe: (index: number, first: number) => Finding,
): readonly Finding[] {
  if (areDifferent(texts)) return [];
  const found: Finding[] = [];
  const seen = new Map<string, number>();
  for (const [index, text] of texts.entries()) {
    if (text === undefined) continue;
    const first = seen.get(text);
    if (first === undefined) seen.set(text, index);
    else found.push(describe(index, first));
  }
  return found;
}

/** Asked first: nearly every list of thousands is right, and this is the fastest way to know it. */
function areDifferent(texts: readonly (string | undefined)[]): boolean {
  return new Set(texts).size === texts.length;
}

/** No MAC is another host's, nor the same host's twice. */
function sameMacs(hosts: Draft['hosts']): readonly Finding[] {
  const macs = (hosts ?? []).map((host) =>
    (host?.macs ?? []).map((mac) => (mac === undefined ? undefined : parseMac(mac))),
  );
  if (areDifferent(macs.flat())) return [];
  const found: Finding[] = [];
  const owners = new Map<MacAddress, number>();
  for (const [index, own] of macs.entries()) {
    for (const [at, mac] of own.entries()) {
      if (mac === undefined) continue;
      const owner = owners.get(mac);
      if (owner === undefined) owners.set(mac, index);
      else found.push(sameMac(mac, ['hosts', index, 'macs', at], hosts?.[owner]?.name ?? formatPath(['hosts', owner])));
    }
  }
  return found;
}

function sameMac(mac: MacAddress, path: Path, owner: string): Finding {
  return finding(path, `the MAC ${mac} is already that of ${owner}`, REMEDY);
}
