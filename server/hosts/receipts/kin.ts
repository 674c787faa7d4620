// Which installs are alike: one short text for all that decides what packages are fetched. Pure.

import { createHash } from 'node:crypto';
import type { Install } from '../../domain.ts';
import { formatOs } from '../../os.ts';

/**
 * The same for installs of one profile from the same tree and the same snapshots, whichever host they are for: what one of
 * them fetched, another will.
 */
export function kinOf(install: Install): string {
  const { profile, role, os, tree, repos, packages, cloudstack, custom, site } = install;
  const from = repos.map(({ name, snapshot }) => [name, snapshot ?? null]);
  const deciding = [profile, role, formatOs(os), tree.name, from, packages, cloudstack ?? null, custom];
  // A site without time servers has no time service installed.
  const text = JSON.stringify([...deciding, site.ntp.length > 0]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
