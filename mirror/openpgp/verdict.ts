// What became of signatures, and how several make one verdict. Pure.

export type Good = {
  readonly kind: 'good';
  readonly keyId: string;
  /** Of the key that signed, be it a subkey. */
  readonly fingerprint: string;
  /** The file the key was read from. */
  readonly file: string;
  readonly signedAtMs: number;
  /** Why it may not be strong enough: the site decides whether it counts. */
  readonly weak: readonly string[];
  readonly notes: readonly string[];
};

/** `fault`: of the content (what was signed, or the signature, was changed) or of the key (expired, revoked, not for signing). */
export type Bad = { readonly kind: 'bad'; readonly fault: 'content' | 'key'; readonly reason: string };

export type Verdict =
  | Good
  | Bad
  /** Signed, but by nobody whose key was given. */
  | { readonly kind: 'unknown-key'; readonly keyIds: readonly string[] }
  | { readonly kind: 'missing' };

/**
 * One of several: a content that a given key disowns is bad, whatever else signed it; one good signature is enough beside
 * others whose keys are unknown or no longer count. Of good ones the strongest counts.
 */
export function mergeVerdicts(verdicts: readonly Verdict[]): Verdict {
  const bad = verdicts.filter((verdict): verdict is Bad => verdict.kind === 'bad');
  const wrong = bad.find(({ fault }) => fault === 'content');
  if (wrong !== undefined) return wrong;
  const [good] = verdicts
    .filter((verdict): verdict is Good => verdict.kind === 'good')
    .toSorted((one, other) => one.weak.length - other.weak.length);
  if (good !== undefined) return { ...good, notes: [...good.notes, ...bad.map(({ reason }) => reason)] };
  const [unfit] = bad;
  if (unfit !== undefined) return unfit;
  const keyIds = verdicts.flatMap((verdict) => (verdict.kind === 'unknown-key' ? verdict.keyIds : []));
  return keyIds.length === 0 ? { kind: 'missing' } : { kind: 'unknown-key', keyIds: [...new Set(keyIds)] };
}
