// Runs a task over many items, a few at a time; the first failure stops the others and is the one that is told.

/** Answers the results in the order of `items`. Each task gets a signal that aborts when another one failed. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  options: { readonly atOnce: number; readonly signal: AbortSignal },
  task: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
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
        results.set(index, await task(items[index] as Item, signal));
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return [...results.entries()].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}
