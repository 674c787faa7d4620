// Accounts in a few words, for the log of what was done. Pure.

import type { Token } from './store.ts';

/** `ci, operator, until 2027-01-31`: never what opens anything. */
export function tokenWords({ label, role, expiresAt }: Pick<Token, 'label' | 'role' | 'expiresAt'>): string {
  const until = expiresAt === undefined ? 'for ever' : `until ${new Date(expiresAt).toISOString().slice(0, 10)}`;
  return `${label}, ${role}, ${until}`;
}
