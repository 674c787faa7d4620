// Lets tasks run in their order, so many at once. Running: the tasks are handed in.

/** Takes a task that never rejects; settles when the task has. */
export type Queue = (task: () => Promise<void>) => Promise<void>;

/** An empty queue, of which `most` tasks run at once. */
export function createQueue(most: number): Queue {
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;
  const next = async (): Promise<void> => {
    const task = running < most ? waiting.shift() : undefined;
    if (task === undefined) return;
    running += 1;
    await task();
    running -= 1;
    void next();
  };
  return (task) =>
    new Promise((resolve) => {
      waiting.push(() => task().then(resolve));
      void next();
    });
}
