// The entries of the audit log that hold all words of a filter. Pure.

import type { AuditEntry } from './api/types.ts';

/** In the order given. */
export function filterActivity(entries: readonly AuditEntry[], text: string): readonly AuditEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries.filter(({ who, via, address, operation, target, status, detail = '' }) => {
    const all = [who, via, address, operation, target, String(status), detail].join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
