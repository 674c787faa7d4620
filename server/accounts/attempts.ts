// Failed logins, counted by name and by address: each failure doubles the wait before the next try. Holds no timer; time is an argument.

/** The first failures cost nothing: people mistype. After them the wait doubles up to a quarter of an hour. */
const FREE = 3;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** Of a name: enough to make guessing from many addresses hopeless, too little to keep its owner out by guessing wrong on purpose. */
const LONGEST_NAME_WAIT_MS = 10_000;
/** After so long without a failure it is forgotten. */
const FORGET_MS = 60 * 60_000;
/** Strangers may invent any number of names: the oldest are forgotten. */
const MOST_KEYS = 20_000;

type Failures = { readonly count: number; readonly lastAt: number };

/** Counts by keys: `name:alice`, `address:192.168.168.9`. */
export type Attempts = {
  /** Milliseconds until the next try with these keys is looked at; 0: now. */
  readonly waitMs: (keys: readonly string[], now: number) => number;
  readonly failed: (keys: readonly string[], now: number) => void;
  /** A login went well. The address keeps its count: it may have failed with other names. */
  readonly succeeded: (name: string) => void;
};

export function countAttempts(): Attempts {
  const known = new Map<string, Failures>();
  const current = (key: string, now: number): Failures | undefined => {
    const found = known.get(key);
    if (found === undefined || now - found.lastAt <= FORGET_MS) return found;
    known.delete(key);
    return undefined;
  };
  return {
    waitMs: (keys, now) =>
      Math.max(
        0,
        ...keys.map((key) => {
          const found = current(key, now);
          return found === undefined ? 0 : found.lastAt + waitAfter(found.count, key) - now;
        }),
      ),
    failed: (keys, now) => {
      for (const key of keys) {
        const count = (current(key, now)?.count ?? 0) + 1;
        known.delete(key);
        known.set(key, { count, lastAt: now });
      }
      for (const key of known.keys()) {
        if (known.size <= MOST_KEYS) break;
        known.delete(key);
      }
    },
    succeeded: (key) => void known.delete(key),
  };
}

function waitAfter(count: number, key: string): number {
  const longest = key.startsWith('name:') ? LONGEST_NAME_WAIT_MS : LONGEST_WAIT_MS;
  return count <= FREE ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - FREE - 1), longest);
}
