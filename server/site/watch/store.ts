// Tells when what a file holds has become something else, however it was replaced: looks again on every hint, and now and then. Edge.

import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Log } from '../../log.ts';
import { codeOf, messageOf } from '../../malformed.ts';

/** What is watched. `keyOf` is equal for two reads that say the same. */
export type TextSource<Read> = {
  readonly file: string;
  readonly read: () => Promise<Read>;
  readonly known: Read | undefined;
  readonly keyOf: (read: Read) => string;
};

type Pace = { readonly log: Log; readonly settleMs: number; readonly pollMs: number };

/**
 * Calls `onChange` with each new state of the source until closed. Directories are watched, not the file: a file replaced
 * by rename, or behind a symlink that is swapped, takes its own watch away with it. Events are hints only. A state counts
 * once two reads `settleMs` apart are equal, so that a half-written file is not taken for a whole one; and every `pollMs`
 * there is a look without any hint, for file systems (NFS, overlays) that give none.
 */
export function watchText<Read>(source: TextSource<Read>, onChange: (read: Read) => void, pace: Pace) {
  const watcher = new TextWatcher(source, onChange, pace);
  return { close: () => watcher.close() };
}

class TextWatcher<Read> {
  readonly #source: TextSource<Read>;
  readonly #onChange: (read: Read) => void;
  readonly #pace: Pace;
  readonly #directories: WatchedDirectories;
  readonly #poll: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #hinted = false;
  #closed = false;
  /** What was last reported. */
  #seen: string | undefined;
  /** What the look before this one read. */
  #before: string | undefined;

  constructor(source: TextSource<Read>, onChange: (read: Read) => void, pace: Pace) {
    this.#source = source;
    this.#onChange = onChange;
    this.#pace = pace;
    this.#seen = source.known === undefined ? undefined : source.keyOf(source.known);
    this.#directories = new WatchedDirectories(() => this.#hint(), pace.log);
    this.#poll = setInterval(() => this.#hint(), pace.pollMs);
    this.#poll.unref();
    this.#hint();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#directories.close();
  }

  /** Plans one look. A look that is planned already is not put off: a busy directory would put it off for ever. */
  #hint(): void {
    if (this.#looking) this.#hinted = true;
    if (this.#closed || this.#looking || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#look(), this.#pace.settleMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#looking = true;
    this.#hinted = false;
    await this.#directories.follow(this.#source.file);
    const read = await this.#source.read();
    this.#looking = false;
    if (this.#closed) return;
    const again = this.#judge(read);
    if (again || this.#hinted) this.#hint();
  }

  /** Reports what has settled. Answers whether to look again because it has not. */
  #judge(read: Read): boolean {
    const key = this.#source.keyOf(read);
    const settled = key === this.#before;
    this.#before = key;
    if (key === this.#seen) return false;
    if (!settled) return true;
    this.#seen = key;
    this.#onChange(read);
    return false;
  }
}

type Watched = { readonly id: string; readonly watcher: FSWatcher };

/** The directories a file's name and its real file lie in, each with a watch that is renewed when it is another directory. */
class WatchedDirectories {
  readonly #hint: () => void;
  readonly #log: Log;
  readonly #watched = new Map<string, Watched>();
  #closed = false;
  #warned = false;

  constructor(hint: () => void, log: Log) {
    this.#hint = hint;
    this.#log = log;
  }

  close(): void {
    this.#closed = true;
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  async follow(file: string): Promise<void> {
    const wanted = new Set([dirname(resolve(file))]);
    const real = await orGone(realpath(file));
    if (real !== undefined) wanted.add(dirname(real));
    for (const directory of this.#watched.keys()) if (!wanted.has(directory)) this.#drop(directory);
    for (const directory of wanted) await this.#renew(directory);
  }

  async #renew(directory: string): Promise<void> {
    const status = await orGone(stat(directory));
    const id = status === undefined ? undefined : `${status.dev}:${status.ino}`;
    if (this.#watched.get(directory)?.id === id && id !== undefined) return;
    this.#drop(directory);
    if (id === undefined || this.#closed) return;
    try {
      const watcher = watch(directory, { persistent: false }, this.#hint);
      watcher.on('error', (error) => this.#fail(directory, error));
      this.#watched.set(directory, { id, watcher });
      // What happened between the last read and this watch gave no hint.
      this.#hint();
    } catch (error) {
      this.#fail(directory, error);
    }
  }

  #drop(directory: string): void {
    this.#watched.get(directory)?.watcher.close();
    this.#watched.delete(directory);
  }

  /** Looking now and then goes on without a watch. */
  #fail(directory: string, error: unknown): void {
    this.#drop(directory);
    if (!this.#warned) this.#log.warn('directory cannot be watched', { directory, reason: messageOf(error) });
    this.#warned = true;
  }
}

/** The answer, or undefined where the file system has none (gone, not permitted). */
async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}
