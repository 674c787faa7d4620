// Some hosts of a right site replaced by others: every check, made where the change can make a difference. Pure.

import type { MacAddress } from '../address.ts';
import type { Host, Site } from '../domain.ts';
import { buildHosts } from './build.ts';
import type { SiteReading } from './parse.ts';
import { siteOf } from './parse.ts';
import type { SiteFile } from './schema.ts';
import { MAX_HOSTS, readHost } from './schema.ts';
import { valueAt } from './shape.ts';

export type SiteValues = Pick<SiteReading, 'site' | 'value' | 'file'>;

/** The hosts from `first` to before `behind`, and the values that stand there now. */
export type HostChange = { readonly first: number; readonly behind: number; readonly values: readonly unknown[] };

type FileHosts = SiteFile['hosts'];

/** Both sides of a change, with the file's other parts as they were. */
type Exchange = { readonly before: SiteValues; readonly change: HostChange; readonly now: FileHosts };

/**
 * What `readSite` makes of the file with these hosts in it. Undefined where anything speaks against it: `readSite` tells.
 *
 * What is checked of a host looks at it and at what the file says besides hosts (all that on the new ones alone, as if they
 * were the file's only hosts); at whether two have the same name, MAC or address (the new ones against all others); and
 * at the addresses that are taken of ranges, for which all are placed anew unless the new ones ask for what the old had.
 */
export function spliceHosts(before: SiteValues, change: HostChange): SiteValues | undefined {
  const now = change.values.flatMap((value) => readHost(value) ?? []);
  const count = before.file.hosts.length - (change.behind - change.first) + now.length;
  if (now.length < change.values.length || count === 0 || count > MAX_HOSTS) return undefined;
  const alone = siteOf(
    withHosts(before.value, () => change.values),
    { ...before.file, hosts: now },
  );
  if (alone === undefined || meetOthers(before, change, { now, macs: alone.hosts.flatMap(({ macs }) => macs) }))
    return undefined;
  const value = withHosts(before.value, (known) => spliced(known, change, change.values));
  const file = { ...before.file, hosts: spliced(before.file.hosts, change, now) };
  const hosts = placed({ before, change, now }, file.hosts);
  const site: Site | undefined =
    hosts === undefined ? siteOf(value, file) : { ...before.site, hosts: spliced(before.site.hosts, change, hosts) };
  return site === undefined ? undefined : { site, value, file };
}

/** Puts `items` into the place of the changed hosts. */
export function spliced<T>(
  known: readonly T[],
  { first, behind }: Pick<HostChange, 'first' | 'behind'>,
  items: readonly T[],
): T[] {
  return [...known.slice(0, first), ...items, ...known.slice(behind)];
}

function withHosts(value: unknown, change: (hosts: readonly unknown[]) => readonly unknown[]): unknown {
  const hosts = valueAt(value, ['hosts']);
  if (typeof value !== 'object' || !Array.isArray(hosts)) throw new Error('a site with hosts has no list of them');
  return { ...value, hosts: change(hosts) };
}

type Own = { readonly now: FileHosts; readonly macs: readonly MacAddress[] };

/** Has one of the new hosts a name, a MAC or a written address of one that stays? */
function meetOthers({ site, file }: SiteValues, { first, behind }: HostChange, own: Own): boolean {
  const names = new Set(own.now.map(({ name }) => name.toLowerCase()));
  const addresses = new Set(own.now.flatMap(({ address }) => address ?? []));
  const macs = new Set(own.macs);
  const isMet = ({ name, address }: FileHosts[number], index: number): boolean =>
    (index < first || index >= behind) &&
    (names.has(name.toLowerCase()) ||
      (address !== undefined && addresses.has(address)) ||
      site.hosts[index]?.macs.some((mac) => macs.has(mac)) === true);
  return file.hosts.some(isMet);
}

/** The new hosts with their addresses; undefined where other hosts' may change with them. `all` are those of the whole file. */
function placed({ before, change, now }: Exchange, all: FileHosts): readonly Host[] | undefined {
  const old = before.file.hosts.slice(change.first, change.behind);
  if (old.length === now.length && now.every((host, index) => isSamePlace(host, old[index]))) {
    return buildHosts(
      now,
      before.site.hosts.slice(change.first, change.behind).map(({ address }) => address),
    );
  }
  return all.some(({ range }) => range !== undefined)
    ? undefined
    : buildHosts(
        now,
        now.map(({ address }) => address),
      );
}

function isSamePlace(one: FileHosts[number], other: FileHosts[number] | undefined): boolean {
  return one.network === other?.network && one.address === other.address && one.range === other.range;
}
