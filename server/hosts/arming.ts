// What must be true before a host may be armed, and what the arming pins. Pure: the facts are handed in.

import type { Catalog, Install, SecretLookup } from '../domain.ts';
import { readDuration } from '../duration.ts';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';

/** A secret that an install needs. A `generated` one is made by the appliance when it is not set. */
export type NeededSecret = { readonly name: string; readonly generated: boolean; readonly why: string };

/** An arming that may go ahead: the snapshots it pins, and the secrets to make first. */
export type ArmingPlan = {
  readonly kind: 'ready';
  readonly pins: Readonly<Record<string, string>>;
  readonly generate: readonly string[];
};

/** The default and the longest time an arming lasts. */
export const defaultArmingMs = 2 * 60 * 60 * 1000;
export const longestArmingMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Checks that the install could really run now: its tree is there, its repos are published, its secrets are set. What
 * would fail at night on the machine fails here, with the remedy.
 */
export function planArming(
  install: Install,
  facts: { catalog: Catalog; needed: readonly NeededSecret[]; secret: SecretLookup },
): ArmingPlan | No {
  const tree = facts.catalog.trees.get(install.tree.name);
  if (tree?.kind === 'absent') return no(`its tree ${install.tree.name} is not there: ${tree.reason}`, tree.remedy);
  const pins: Record<string, string> = {};
  for (const repo of install.repos) {
    const current = facts.catalog.repos.get(repo.name)?.current;
    if (current === undefined)
      return no(`its repo ${repo.name} has no published snapshot`, `kickstand repo sync ${repo.name}`);
    pins[repo.name] = current;
  }
  const unset = facts.needed.filter((secret) => facts.secret(secret.name) === undefined);
  const missing = unset.find((secret) => !secret.generated);
  if (missing !== undefined)
    return no(`the secret ${missing.name} is not set (${missing.why})`, `kickstand secret set ${missing.name}`);
  return { kind: 'ready', pins, generate: unset.map((secret) => secret.name) };
}

/** `2h`, `90m`, `1d`, `45s` or a bare number of seconds, in milliseconds. */
export function parseDuration(text: string): number | No {
  const ms = readDuration(text.trim());
  if (ms === undefined) return no(`${JSON.stringify(text)} is no length of time`, 'write it like 90m, 2h or 1d');
  if (ms > longestArmingMs) return no('an arming lasts 7 days at most');
  return ms;
}
