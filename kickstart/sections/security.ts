// Accounts, password hashing, SELinux, firewall and services of a kickstart.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { kickstartValue } from '../quote.ts';
import { roleServices } from '../roles/services.ts';
import type { HashLookup } from './accounts.ts';
import { accountLines } from './accounts.ts';
import { firewallLines } from './firewall.ts';

/** The lines; `hashOf` answers crypt hashes that were checked against the dialect. */
export function securityLines(install: Install, dialect: Dialect, hashOf: HashLookup): readonly string[] {
  const { enabled, disabled } = install.custom.services;
  const list = (services: readonly string[]): string => services.map(kickstartValue).join(',');
  const running = new Set([...roleServices(install, dialect), ...enabled]);
  const wanted = [...running].filter((service) => !disabled.includes(service));
  const off = disabled.length === 0 ? '' : ` --disabled=${list(disabled)}`;
  return [
    ...accountLines(install, dialect, hashOf),
    dialect.auth,
    ...firewallLines(install),
    `services --enabled=${list(wanted)}${off}`,
  ];
}
