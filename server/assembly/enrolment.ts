// Enrolling a discovered machine: an entry in the site file, and nothing more. It arms nothing.

import { join } from 'node:path';
import type { MacAddress } from '../address.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';
import type { No, Problem } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import type { Settings } from '../settings.ts';
import type { HostEntry } from '../site/edit.ts';
import { addHost } from '../site/edit.ts';
import type { EnrolmentPlace } from '../site/enrolment.ts';
import { openSiteHistory } from '../site/history/store.ts';
import type { Author } from '../site/history/version.ts';
import { planEnrolment } from '../site/enrolment.ts';
import type { SiteEdit } from '../site/rewrite/store.ts';
import { rewriteSite } from '../site/rewrite/store.ts';
import { isSameSite } from '../site/same.ts';
import type { Sighting } from '../hosts/history.ts';
import type { Site } from '../domain.ts';

/** The host as it now stands in the site file. A running appliance knows it a moment later, when it has read the file. */
export type Enrolled = { readonly kind: 'enrolled'; readonly host: HostEntry };

export type EnrolmentRequest = {
  readonly mac: MacAddress;
  readonly name: string;
  readonly profile: string;
  readonly network: string | undefined;
  readonly place: EnrolmentPlace;
  /** Who asks for it. */
  readonly who: Who;
};

/** Who has the site file changed: the operator of a request, or the user that runs a command. */
export type Who = Pick<Author, 'by' | 'via'>;

/** What enrolling needs: no open house, so that the command works beside a running appliance and without one. */
export type EnrolmentParts = Pick<House, 'settings' | 'hosts' | 'now' | 'log'>;

/**
 * Adds the machine with `mac` to the site file as a host, when the file is right with it. A host of that name that the site has no more leaves no leave to install behind.
 */
export async function enrollMachine(
  { settings, hosts, now, log }: EnrolmentParts,
  request: EnrolmentRequest,
): Promise<Enrolled | Refusal> {
  const { mac, who } = request;
  const seenAt = hosts.sighting(mac)?.address;
  let entry: HostEntry | undefined;
  const done = await rewriteSite(siteEdit(settings, { ...who, operation: 'enrollMachine' }), {
    change: (text, site) => {
      const planned = planEnrolment(site, { ...request, seenAt });
      if (isNo(planned)) return planned;
      entry = planned;
      return addHost(text, planned) ?? byHand(planned);
    },
    accepts: (before, after) =>
      entry === undefined || isWithOneMore(before, after, entry) ? undefined : byHand(entry),
  });
  if (isNo(done)) return done;
  if (done.kind === 'problems')
    return { ...no(`the site would have ${count(done.problems)}`), problems: done.problems };
  if (entry === undefined) throw new Error('the site file was rewritten without a host');
  writeDown({ hosts, now }, entry);
  log.info('host enrolled', { host: entry.name, mac, address: entry.address });
  return { kind: 'enrolled', host: entry };
}

function writeDown({ hosts, now }: Pick<House, 'hosts' | 'now'>, { name, macs, address }: HostEntry): void {
  const at = now();
  if (hosts.state(name, at).phase !== 'disarmed')
    hosts.apply(name, { kind: 'disarmed', now: at, reason: 'another machine was enrolled under its name' });
  hosts.note(name, { at, what: 'enrolled', detail: `${macs.join(' ')} at ${address}` });
}

/** How every program of this data directory changes its site file: under one lock, and with what stood there kept. */
export function siteEdit({ siteFile, dataDirectory }: Settings, author: Author): SiteEdit {
  const { locks, siteHistory } = dataPaths(dataDirectory);
  return {
    file: siteFile,
    lockFile: join(locks, 'site.lock'),
    history: openSiteHistory(siteHistory),
    author,
    now: Date.now,
  };
}

/** The `limit` machines seen last that `site` does not know. */
export function strangers(
  { hosts, site }: { readonly hosts: House['hosts']; readonly site: Site },
  limit: number,
): readonly Sighting[] {
  const known = new Set<string>(site.hosts.flatMap(({ macs }) => macs));
  return hosts.discovered(limit, (mac) => known.has(mac));
}

function count(problems: readonly Problem[]): string {
  return problems.length === 1 ? 'a problem' : `${problems.length} problems`;
}

/** Is `after` the site before and this host, in every other word the same? */
function isWithOneMore(before: Site, after: Site, { name, address }: HostEntry): boolean {
  const last = after.hosts.at(-1);
  const others = { ...after, hosts: after.hosts.slice(0, -1) };
  return last?.name === name && last.address === address && isSameSite(others, before);
}

function byHand({ name, profile, network, address, macs }: HostEntry): No {
  return no(
    'this site file is put together in a way that a command cannot add to',
    `add it by hand: { name: ${name}, profile: ${profile}, network: ${network}, address: ${address}, macs: ["${macs.join('", "')}"] }`,
  );
}
