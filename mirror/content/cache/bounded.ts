// Keeps what is in use, up to a number of things and a sum of weights. Pure but for its own state.

export type Bounded<V> = {
  /** The value, which counts as used since. */
  get(key: string): V | undefined;
  /** Takes the value in, in the place of an older one of that key. One that is too heavy by itself is not taken in. */
  put(key: string, value: V, weight: number): void;
  drop(key: string): void;
  clear(): void;
  readonly size: number;
  readonly weight: number;
};

export type Bounds = { readonly entries: number; readonly weight: number };

type Entry<V> = { readonly value: V; readonly weight: number; used: boolean };

/**
 * An empty one. The oldest makes room, unless it was used since it was last looked at: then it counts as new once more (the CLOCK
 * algorithm, Corbato 1968). So a use costs one mark, where moving it up in a list of last uses would cost two changes of the map.
 */
export function createBounded<V>(bounds: Bounds): Bounded<V> {
  const kept = new Map<string, Entry<V>>();
  let weight = 0;
  const drop = (key: string): void => {
    weight -= kept.get(key)?.weight ?? 0;
    kept.delete(key);
  };
  const makeRoom = (): void => {
    // What is set again comes to the end of the map, and is met there once more, unused, if nothing else makes enough room.
    for (const [key, entry] of kept) {
      if (kept.size <= bounds.entries && weight <= bounds.weight) return;
      if (!entry.used) {
        drop(key);
        continue;
      }
      entry.used = false;
      kept.delete(key);
      kept.set(key, entry);
    }
  };
  return {
    drop,
    get: (key) => {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      found.used = true;
      return found.value;
    },
    put: (key, value, own) => {
      drop(key);
      if (own > bounds.weight) return;
      // Marked, so that it outlives the round that makes room for it.
      kept.set(key, { value, weight: own, used: true });
      weight += own;
      makeRoom();
    },
    clear: () => {
      kept.clear();
      weight = 0;
    },
    get size() {
      return kept.size;
    },
    get weight() {
      return weight;
    },
  };
}
