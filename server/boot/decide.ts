// THE decider: what a boot client is told to do, and why. Every protocol asks here; nothing else decides a boot.

import type {
  BootClient,
  BootDecision,
  Catalog,
  Host,
  HostState,
  Install,
  InstallerArguments,
  Site,
} from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import { armingEnded, isUnspent } from '../arming.ts';
import { resolveArmed } from '../site/resolve.ts';
import { findHost } from './query.ts';

/** An arming is spent after this many boots without a report of success: what loops is stopped. */
const maxAttempts = 3;

/** All that a decision rests on. `now` is ms since 1970; `sameBoot`: this question belongs to the power-on already counted. */
export type BootFacts = {
  readonly site: Site;
  readonly catalog: Catalog;
  readonly stateOf: (host: string) => HostState;
  readonly now: number;
  readonly sameBoot: (state: HostState) => boolean;
  /** What the installer's kernel is told: the kickstart side knows the versions. */
  readonly argumentsOf: (install: Install) => InstallerArguments | No;
};

/**
 * Install, or boot your own disk, with the reason. Only a host of the site that is armed, that has attempts left and
 * whose install resolves is ever told to install.
 */
export function decideBoot(client: BootClient, facts: BootFacts): BootDecision {
  const host = findHost(facts.site, client);
  if (host === undefined) return local('unknown', { reason: 'no host of the site has this MAC address' });
  const state = facts.stateOf(host.name);
  if (state.arming === undefined || !isUnspent(state.phase)) {
    return local('not-armed', { host: host.name, reason: `${state.phase}: ${state.reason}` });
  }
  const ended = armingEnded(state.arming, facts.now);
  if (ended !== undefined) return local('not-armed', { host: host.name, reason: `${state.phase}: ${ended}` });
  if (state.attempts >= maxAttempts && !facts.sameBoot(state)) {
    const reason = `it came back ${state.attempts} times without reporting success; arm it again to try once more`;
    return local('attempts-spent', { host: host.name, reason });
  }
  return installOf(host, state.arming, facts);
}

function installOf(host: Host, arming: NonNullable<HostState['arming']>, facts: BootFacts): BootDecision {
  const install = resolveArmed(facts.site, facts.catalog, { host, arming });
  if (isNo(install)) return local('cannot-install', { host: host.name, reason: install.reason });
  if (facts.catalog.trees.get(install.tree.name)?.kind !== 'ready') {
    return local('cannot-install', { host: host.name, reason: `its tree ${install.tree.name} is not there` });
  }
  const args = facts.argumentsOf(install);
  if (isNo(args)) return local('cannot-install', { host: host.name, reason: args.reason });
  return { kind: 'install', install, arguments: args };
}

function local(
  cause: Extract<BootDecision, { kind: 'local' }>['cause'],
  of: { host?: string; reason: string },
): BootDecision {
  return { kind: 'local', cause, host: of.host, reason: of.reason };
}
