// Files held open between requests, each shared by all who read it. Holds files, opens none itself: opening is handed in.

import { sameBytes, type Identity } from './identity.ts';

/** A file that is open. */
export type Held<F> = { readonly file: F; readonly about: Identity };

export type DescriptorParts<F> = {
  open(path: string): Promise<Held<F>>;
  /** What lies at the path now. */
  look(path: string): Promise<Identity>;
  /** Never throws. */
  close(file: F): void;
  /** How many may stay open that nobody reads. */
  readonly limit: number;
};

/** `release` is called once; more is nothing. */
export type Lent<F> = Held<F> & { readonly release: () => void };

type Entry<F> = Held<F> & { readonly path: string; users: number; usedSinceSweep: boolean };

/** A file being opened, and how many wait for it: they are its users as soon as it is open. */
type Opening<F> = { waiting: number; readonly entry: Promise<Entry<F>> };

/** Nothing is open at first. */
export class Descriptors<F> {
  readonly #parts: DescriptorParts<F>;
  readonly #kept = new Map<string, Entry<F>>();
  readonly #opening = new Map<string, Opening<F>>();
  #closed = false;

  constructor(parts: DescriptorParts<F>) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#kept.size;
  }

  /**
   * The file that lies at `path`, to be given back by `release`. Where the caller has just learnt what lies there, `seen` spares another
   * look. Rejects as `open` and `look` do.
   */
  async take(path: string, seen: Identity | undefined): Promise<Lent<F>> {
    const is = seen ?? (this.#kept.has(path) ? await this.#parts.look(path) : undefined);
    const known = this.#kept.get(path);
    if (known !== undefined && is !== undefined && sameBytes(known.about, is)) {
      known.users += 1;
      // To the end of the map: the first is the least recently used.
      this.#kept.delete(path);
      this.#kept.set(path, known);
      return this.#lend(known);
    }
    // Who comes while a file is being opened waits for that: many clients ask for a new file at once.
    const running = this.#opening.get(path) ?? { waiting: 0, entry: this.#open(path) };
    running.waiting += 1;
    this.#opening.set(path, running);
    return this.#lend(await running.entry);
  }

  /** Closes what nobody has read since the last call. True where some are left. */
  sweep(): boolean {
    for (const entry of this.#kept.values()) {
      if (entry.users === 0 && !entry.usedSinceSweep) this.#forget(entry);
      entry.usedSinceSweep = false;
    }
    return this.#kept.size > 0;
  }

  /** Closes all that nobody reads now, and the others once they are given back. */
  close(): void {
    this.#closed = true;
    for (const entry of this.#kept.values()) this.#forget(entry);
  }

  async #open(path: string): Promise<Entry<F>> {
    try {
      const held = await this.#parts.open(path);
      const users = this.#opening.get(path)?.waiting ?? 0;
      const entry: Entry<F> = { ...held, path, users, usedSinceSweep: true };
      if (!this.#closed) this.#keep(entry);
      return entry;
    } finally {
      this.#opening.delete(path);
    }
  }

  #keep(entry: Entry<F>): void {
    const older = this.#kept.get(entry.path);
    if (older !== undefined) this.#forget(older);
    this.#kept.set(entry.path, entry);
    for (const one of this.#kept.values()) {
      if (this.#kept.size <= this.#parts.limit) return;
      if (one !== entry) this.#forget(one);
    }
  }

  /** Whoever reads it still does so to the end. */
  #forget(entry: Entry<F>): void {
    this.#kept.delete(entry.path);
    if (entry.users === 0) this.#parts.close(entry.file);
  }

  /** `entry` counts the borrower among its users already. */
  #lend(entry: Entry<F>): Lent<F> {
    entry.usedSinceSweep = true;
    const release = once(() => {
      entry.users -= 1;
      if (entry.users === 0 && this.#kept.get(entry.path) !== entry) this.#parts.close(entry.file);
    });
    return { file: entry.file, about: entry.about, release };
  }
}

function once(task: () => void): () => void {
  let open = true;
  return () => {
    if (open) task();
    open = false;
  };
}
