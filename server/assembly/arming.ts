// Arming and disarming over the open house: checks, secrets to make up, the token, and the state change.

import { requiredSecrets } from '../../kickstart/secrets.ts';
import { wipedDisks } from '../../kickstart/disks.ts';
import type { Arming, HostPhase, Install, Site } from '../domain.ts';
import type { ArmingPlan } from '../hosts/arming.ts';
import { defaultArmingMs, longestArmingMs, planArming } from '../hosts/arming.ts';
import { tokenOf } from '../hosts/token.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { installFingerprint } from '../site/fingerprint.ts';
import { resolveInstall } from '../site/resolve.ts';
import { missingFile } from './host-files.ts';
import type { House } from './house.ts';
import { hostNamed, readCatalog } from './house.ts';
import { renderForm, formOf } from './instructions.ts';

/** A host that may now install, and until when (ms since 1970). */
export type Armed = {
  readonly kind: 'armed';
  readonly host: string;
  readonly expiresAt: number;
  readonly pins: Arming['pins'];
  /** Where the host stood before. */
  readonly before: HostPhase;
  /** The disks that were agreed to be wiped, by name or by rule. */
  readonly wipes: readonly string[];
};

/**
 * Arms `name` for `forMs` (default 2 hours): its next boot installs. Refused, with the remedy, when the install could
 * not run: no tree, no snapshot, no secret, or instructions that do not render.
 */
export async function armHost(house: House, name: string, forMs: number = defaultArmingMs): Promise<Armed | No> {
  if (!(forMs > 0 && forMs <= longestArmingMs)) return no('an arming lasts between a second and 7 days');
  const ready = await readyToArm(house, name);
  if (isNo(ready)) return ready;
  const { install, plan } = ready;
  for (const secret of plan.generate) await house.secrets.save(secret, tokenOf(house.random(16)));
  const rendered = renderForm(install, formOf(install), house.secrets.read);
  if (isNo(rendered)) return rendered;
  const now = house.now();
  const before = house.hosts.state(name, now).phase;
  const arming: Arming = {
    token: tokenOf(house.random(16)),
    armedAt: now,
    expiresAt: now + forMs,
    pins: plan.pins,
    install: installFingerprint(install),
  };
  house.hosts.apply(name, { kind: 'armed', now, arming });
  const gone = await unconfirmedPin(house, plan.pins);
  if (gone !== undefined) {
    house.hosts.apply(name, { kind: 'disarmed', now: house.now(), reason: gone.reason });
    return gone;
  }
  house.log.info('host armed', { host: name, until: new Date(arming.expiresAt).toISOString() });
  return {
    kind: 'armed',
    host: name,
    expiresAt: arming.expiresAt,
    pins: arming.pins,
    before,
    wipes: agreedDisks(install),
  };
}

function agreedDisks({ storage }: Install): readonly string[] {
  return [...new Set([...wipedDisks(storage), ...storage.guest])];
}

/** A sync may have pruned a snapshot between its reading and its pinning; once pinned and confirmed, none does any more. */
async function unconfirmedPin(house: House, pins: Arming['pins']): Promise<No | undefined> {
  for (const [repo, snapshot] of Object.entries(pins)) {
    const confirmed = await house.content.confirmSnapshot(repo, snapshot);
    if (isNo(confirmed)) return no(`the snapshot ${repo}@${snapshot} was pruned meanwhile`, 'arm it again');
  }
  return undefined;
}

/** What disarming needs: no site, which may be broken just then. */
export type DisarmParts = Pick<House, 'hosts' | 'now' | 'log'>;

/** Takes the leave to install back. A host that is not armed stays as it is; a name that is neither in `siteHosts` nor was ever armed is refused. */
export function disarmHost(
  { hosts, now, log }: DisarmParts,
  name: string,
  siteHosts: readonly string[],
): { readonly kind: 'disarmed'; readonly host: string; readonly before: HostPhase } | No {
  const isArmable = siteHosts.includes(name) || hosts.known().includes(name);
  if (!isArmable) return no(`there is no host ${JSON.stringify(name.slice(0, 64))}`, 'kickstand host list');
  const before = hosts.state(name, now()).phase;
  hosts.apply(name, { kind: 'disarmed', now: now(), reason: 'disarmed by an operator' });
  log.info('host disarmed', { host: name });
  return { kind: 'disarmed', host: name, before };
}

/** Disarms the hosts that a changed site has no more: another machine may get their name one day. */
export function disarmVanished({ hosts, now, log }: DisarmParts, site: Site): void {
  const names = new Set(site.hosts.map((host) => host.name));
  for (const name of hosts.known()) {
    if (names.has(name)) continue;
    const { phase } = hosts.state(name, now());
    if (phase === 'disarmed') continue;
    hosts.apply(name, { kind: 'disarmed', now: now(), reason: 'it is in the site no more' });
    log.warn('host disarmed: it is in the site no more', { host: name, phase });
  }
}

/** What would stand in the way of arming `name` now; undefined when nothing does. */
export async function armingObstacle(house: House, name: string): Promise<No | undefined> {
  const ready = await readyToArm(house, name);
  return isNo(ready) ? ready : undefined;
}

type ReadyToArm = { readonly install: Install; readonly plan: ArmingPlan };

/** The install that arming `name` now would agree to, and what arming it takes. */
async function readyToArm(house: House, name: string): Promise<ReadyToArm | No> {
  const found = hostNamed(house.site(), name);
  if (isNo(found)) return found;
  const catalog = await readCatalog(house);
  const install = resolveInstall(house.site(), catalog, found.host);
  if (isNo(install)) return install;
  const missing = await missingFile(house, install.xenserver);
  if (missing !== undefined) return missing;
  const plan = planArming(install, { catalog, needed: requiredSecrets(install), secret: house.secrets.read });
  return isNo(plan) ? plan : { install, plan };
}
