// What tells a file on disk from another, and from itself before a change. Pure.

/** What stat(2) says that counts here. BigIntStats are one. */
export type Identity = {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
};

/** The same file, not written since, as far as its own dates say. A link made to it meanwhile, as a new snapshot does, alters no byte. */
export function sameBytes(one: Identity, other: Identity): boolean {
  return one.ino === other.ino && one.mtimeNs === other.mtimeNs && one.size === other.size && one.dev === other.dev;
}

/** The same file with nothing about it changed: the date of the last change, ctime, cannot be set back by whoever writes. */
export function isUntouched(one: Identity, other: Identity): boolean {
  return one.ctimeNs === other.ctimeNs && sameBytes(one, other);
}

/**
 * Has the file been left alone for `settledMs`, so that any change from now on will show? Dates on disk advance in steps, and a file
 * that was changed within the step may be changed again without its dates telling. A date in the future has not been left alone.
 */
export function isSettled({ ctimeNs }: Identity, nowMs: number, settledMs: number): boolean {
  return nowMs - Number(ctimeNs / 1_000_000n) >= settledMs;
}
