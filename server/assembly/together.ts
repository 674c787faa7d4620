// What is closed at once, so that nobody who still finishes something keeps another listening.

export type Together = AsyncDisposable & {
  /** One more to close. */
  add(close: () => void | Promise<void>): void;
};

/** Nothing yet. Closing begins with all of them before it waits for any, and rejects when it has waited, where one could not be closed. */
export function closedTogether(): Together {
  const closings: (() => void | Promise<void>)[] = [];
  return {
    add: (close) => void closings.push(close),
    [Symbol.asyncDispose]: async () => {
      const ends = await Promise.allSettled(closings.splice(0).map(async (close) => close()));
      const faults = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
      if (faults.length > 0) throw new AggregateError(faults, 'not everything could be closed');
    },
  };
}
