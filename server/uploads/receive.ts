// Takes the bytes of one request into a part: written as they come, made sure behind them, never more than memory for one piece. Running.

import type { Follower } from './digest.ts';
import type { Part } from './parts/store.ts';

/** What a request brings. Ends early where the sender went away: that is no error of ours. */
export type Source = AsyncIterable<Uint8Array>;

export type Receiving = {
  readonly part: Part;
  readonly follower: Follower;
  readonly source: Source;
  /** Where the first byte belongs: all before it is sure. */
  readonly from: number;
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** `behind`: bytes are made sure while more come. `never`: they are to be proved first. */
  readonly sure: 'behind' | 'never';
  /** May it go on filling the disk? Asked now and then. */
  readonly hasRoom: () => Promise<boolean>;
  /** Shown every piece, before it is written. */
  readonly onBytes: (bytes: Uint8Array) => void;
};

/** `offset`: how far the file is written. `ended`: all the request had; `cut`: its connection broke. */
export type Received = { readonly offset: number; readonly end: 'ended' | 'cut' | 'too-long' | 'no-room' };

const MIB = 1024 * 1024;
/** A flush begins when so much waits for one and none is running … */
const FLUSH_BYTES = MIB;
/** … and where the disk is that much slower than the network, the network waits. */
const BEHIND_BYTES = 64 * MIB;
const ROOM_BYTES = 64 * MIB;

/** Takes all of `source`. Throws what the disk says; what came before that is still in the part. */
export async function receive(work: Receiving): Promise<Received> {
  const { part, follower, from, sizeBytes } = work;
  const flushing = flushBehind(part);
  let offset = from;
  let looked = from;
  let end: Received['end'] = 'ended';
  const source = untilCut(work.source, () => (end = 'cut'));
  for await (const bytes of source) {
    if (offset + bytes.byteLength > sizeBytes) {
      end = 'too-long';
      break;
    }
    work.onBytes(bytes);
    await part.write(bytes, offset);
    follower.feed(bytes, offset);
    offset += bytes.byteLength;
    if (work.sure === 'behind') await flushing.wrote(offset);
    if (offset - looked < ROOM_BYTES) continue;
    looked = offset;
    if (await work.hasRoom()) continue;
    end = 'no-room';
    break;
  }
  if (work.sure === 'behind') await flushing.end(offset);
  return { offset, end };
}

/** The source's own errors end it; they must not be taken for the disk's. */
async function* untilCut(source: Source, onCut: () => void): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await pieces.next().catch(() => 'cut' as const);
      if (next === 'cut') return onCut();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await pieces.return?.();
  }
}

/** One flush at a time, each for all that was written when it began: the disk sets the pace, and no byte waits for it. */
function flushBehind(part: Part) {
  let running: Promise<void> | undefined;
  let failure: unknown;
  const start = (offset: number): void => {
    running = part.settle(offset).then(
      () => {
        running = undefined;
      },
      (error: unknown) => {
        running = undefined;
        failure = error;
      },
    );
  };
  const check = (): void => {
    if (failure !== undefined) throw failure;
  };
  return {
    wrote: async (offset: number): Promise<void> => {
      check();
      if (offset - part.durableBytes() > BEHIND_BYTES) await running;
      if (running === undefined && offset - part.durableBytes() >= FLUSH_BYTES) start(offset);
    },
    end: async (offset: number): Promise<void> => {
      await running;
      check();
      if (part.durableBytes() < offset) await part.settle(offset);
    },
  };
}
