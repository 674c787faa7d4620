// The buffers that bodies pass through: a few large ones for whoever is fast, lent and taken back, and small ones beyond. Pure but for its own state.

/** One buffer, for one chunk of a body. */
export type Lease = {
  readonly bytes: Buffer;
  /** Gives it back, once nobody reads it any more: it is another body's from then on. */
  readonly release: () => void;
  /** Gives up a buffer that somebody may still read: nobody gets it again. */
  readonly abandon: () => void;
};

export type BufferPool = {
  /** A buffer for up to `wanted` bytes; it may be smaller than that, never empty. */
  lend(wanted: number): Lease;
  /** Large buffers that are out now. */
  readonly lent: number;
};

export type BufferLimits = {
  readonly largeBytes: number;
  readonly smallBytes: number;
  /** Large buffers lent at once. */
  readonly large: number;
  /** Large buffers kept for the next body. */
  readonly spare: number;
};

/**
 * Measured with one client and a file in the page cache: 64 KiB at a time give half the rate that 512 KiB do, 2 MiB no more. Both numbers
 * bound the memory of slow clients, which hold what they do not take: 64 MiB in large buffers, and 64 KiB for each client more.
 */
export const BUFFERS: BufferLimits = { largeBytes: 512 * 1024, smallBytes: 64 * 1024, large: 128, spare: 16 };

const nothing = (): void => {};

/** A pool with nothing in it yet. */
export function createBufferPool(limits: BufferLimits = BUFFERS): BufferPool {
  const spare: Buffer[] = [];
  let lent = 0;
  const lendLarge = (): Lease => {
    // Not from Node's own pool: a small slice would keep all of that alive.
    const bytes = spare.pop() ?? Buffer.allocUnsafeSlow(limits.largeBytes);
    lent += 1;
    let out = true;
    const giveBack = (free: Buffer[]): void => {
      if (!out) return;
      out = false;
      lent -= 1;
      if (spare.length < limits.spare) spare.push(...free);
    };
    return { bytes, release: () => giveBack([bytes]), abandon: () => giveBack([]) };
  };
  return {
    lend: (wanted) => {
      if (wanted > limits.smallBytes && lent < limits.large) return lendLarge();
      return { bytes: Buffer.allocUnsafeSlow(Math.min(wanted, limits.smallBytes)), release: nothing, abandon: nothing };
    },
    get lent() {
      return lent;
    },
  };
}
