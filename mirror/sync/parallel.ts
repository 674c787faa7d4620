// Runs a task over many items, a few at a time, and work on this thread in slices, so that nobody else waits long.

/** Answers the results in the order of `items`. Each task gets a signal that aborts when another one failed, whose error is the one told. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  options: { readonly atOnce: number; readonly signal: AbortSignal },
  task: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  results.length = items.length;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next;
      next += 1;
      try {
        options.signal.throwIfAborted();
        results[index] = await task(items[index] as Item, signal);
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** Lets everything else that waits have its turn; rejects where there is no use in going on. */
export type Breathe = () => Promise<void>;

/** So many items of a few microseconds each: some ten milliseconds. */
const SLICE_ITEMS = 2000;

/** Visits each item, with a breath after each slice. */
export async function inSlices<Item>(
  items: Iterable<Item>,
  breathe: Breathe,
  visit: (item: Item) => void,
): Promise<void> {
  let count = 0;
  for (const item of items) {
    visit(item);
    count += 1;
    if (count % SLICE_ITEMS === 0) await breathe();
  }
}

/** A few at a time: whoever takes a turn gives it back. */
export type Turns = {
  /** Waits for a turn; what it answers gives the turn back, called once or more. Rejects when `signal` aborts. */
  take(signal: AbortSignal): Promise<() => void>;
};

/** `atOnce` turns, given in the order they were asked for. */
export function takeTurns(atOnce: number): Turns {
  let free = atOnce;
  const waiting = new Set<() => void>();
  const give = (): void => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  };
  const wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(enter);
        signal.removeEventListener('abort', stop);
      };
      const enter = (): void => {
        leave();
        resolve();
      };
      const stop = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      waiting.add(enter);
      signal.addEventListener('abort', stop, { once: true });
    });
  return {
    take: async (signal) => {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await wait(signal);
      let isGiven = false;
      return () => {
        if (!isGiven) give();
        isGiven = true;
      };
    },
  };
}
