// An upstream of which only so many bodies are on their way at once: while one file is written out, the next is asked for.

import { takeTurns } from './parallel.ts';
import type { Upstream } from './upstream.ts';

/**
 * `upstream`, of which at most `atOnce` answers are awaited or read at any time. A request waits here, not in a queue of the
 * connections: what is measured of a server begins when it is asked.
 */
export function limitBodies(upstream: Upstream, atOnce: number): Upstream {
  const turns = takeTurns(atOnce);
  return {
    ...upstream,
    open: async (request) => {
      const giveBack = await turns.take(request.signal);
      try {
        const opened = await upstream.open(request);
        if (opened.kind === 'body') return { ...opened, chunks: untilEnd(opened.chunks, giveBack) };
        giveBack();
        return opened;
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}

/** Calls `onEnd` when the chunks are read, let go or broken off. No generator: one that was never begun would not see its end. */
function untilEnd(chunks: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = chunks[Symbol.asyncIterator]();
      const ended: IteratorResult<Uint8Array> = { done: true, value: undefined };
      return {
        next: async () => {
          try {
            const step = await iterator.next();
            if (step.done === true) onEnd();
            return step;
          } catch (error) {
            onEnd();
            throw error;
          }
        },
        return: async () => {
          try {
            return (await iterator.return?.()) ?? ended;
          } finally {
            onEnd();
          }
        },
      };
    },
  };
}
