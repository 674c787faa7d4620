// When to ask an upstream again: waits that grow, of random length, and never shorter than the upstream asks for. Pure.

/** What a wait is chosen from: the `Upstream` itself. */
export type RetryRule = { readonly retryDelaysMs: readonly number[]; random(): number };
export type Retry =
  | { readonly kind: 'wait'; readonly delayMs: number }
  /** `why` follows the reason of the last failure: empty, or what the upstream asked for. */
  | { readonly kind: 'give-up'; readonly why: string };

/** Longer than this no sync waits for one file: it fails, and its schedule brings it back. */
const LIMIT_RETRY_AFTER_MS = 120_000;

/**
 * What to do after the `failures`th failure in a row (from 1). "Full jitter": anywhere between 0 and the rule's wait, so that many
 * downloads that failed together do not come back together; the upstream's Retry-After comes before it.
 */
export function planRetry(
  rule: RetryRule,
  failure: { readonly failures: number; readonly retryAfterMs: number | undefined },
): Retry {
  const longestMs = rule.retryDelaysMs[failure.failures - 1];
  if (longestMs === undefined) return { kind: 'give-up', why: '' };
  const asked = failure.retryAfterMs ?? 0;
  if (asked > LIMIT_RETRY_AFTER_MS) {
    return { kind: 'give-up', why: `, and wants to be left alone for ${Math.ceil(asked / 1000)} s` };
  }
  return { kind: 'wait', delayMs: Math.round(asked + rule.random() * longestMs) };
}

/**
 * Milliseconds of a Retry-After (RFC 9110 §10.2.3): seconds, or a date, which is held against the answer's own Date, for the clocks of
 * two machines differ. Undefined where there is none that can be read.
 */
export function retryAfterOf(header: (name: string) => string | undefined): number | undefined {
  const text = header('retry-after')?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const waitMs = Date.parse(text) - Date.parse(header('date') ?? '');
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}
