// Tells when what a file holds has become something else, however it was replaced: looks again on every hint, and now and then. Edge.

import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Log } from '../../log.ts';
import { codeOf, messageOf } from '../../malformed.ts';

/** What is watched. */
export type TextSource<Read> = {
  readonly file: string;
  readonly read: () => Promise<Read>;
  readonly known: Read | undefined;
  /** Do two reads say the same? */
  readonly isSame: (one: Read, other: Read) => boolean;
  /** How long a read must stay the same until it counts, where that is another time than the pace says. */
  readonly settleMsOf?: (read: Read) => number;
};

type Pace = { readonly log: Log; readonly settleMs: number; readonly pollMs: number };

/** A hint that names the file is followed at once, but for what one replacement of a file tells besides. */
const SOON_MS = 3;
/** A file that is written in many pieces is not read more often. */
const APART_MS = 10;

/**
 * Calls `onChange` with each new state of the source until closed. Directories are watched, not the file: a file replaced
 * by rename, or behind a symlink that is swapped, takes its own watch away with it. Events are hints only. A state counts
 * once reads so far apart as it must settle were equal, so that a half-written file is not taken for a whole one; and
 * every `pollMs` there is a look without any hint, for file systems (NFS, overlays) that give none.
 */
export function watchText<Read>(source: TextSource<Read>, onChange: (read: Read) => void, pace: Pace) {
  const watcher = new TextWatcher(source, onChange, pace);
  return { close: () => watcher.close() };
}

/** Something happened to the file, or to something beside it. */
type Hint = 'file' | 'other';

class TextWatcher<Read> {
  readonly #source: TextSource<Read>;
  readonly #onChange: (read: Read) => void;
  readonly #pace: Pace;
  readonly #directories: WatchedDirectories;
  readonly #poll: NodeJS.Timeout;
  /** The look that is planned. Times are `performance.now()`. */
  #planned: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  #looking = false;
  #lookedAt = -Infinity;
  /** What was hinted at while looking. */
  #hinted: Hint | undefined;
  #closed = false;
  /** What was last reported. */
  #seen: { readonly read: Read } | undefined;
  /** What the look before this one read, and since when every look has. */
  #before: { readonly read: Read; readonly since: number } | undefined;

  constructor(source: TextSource<Read>, onChange: (read: Read) => void, pace: Pace) {
    this.#source = source;
    this.#onChange = onChange;
    this.#pace = pace;
    this.#seen = source.known === undefined ? undefined : { read: source.known };
    this.#directories = new WatchedDirectories((hint) => this.#hint(hint), pace.log);
    this.#poll = setInterval(() => this.#hint('other'), pace.pollMs);
    this.#poll.unref();
    // The first look begins the watch, and finds what has changed since the known text was read.
    this.#plan(0);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#planned?.timer);
    this.#directories.close();
  }

  #hint(hint: Hint): void {
    if (this.#looking) {
      if (this.#hinted !== 'file') this.#hinted = hint;
      return;
    }
    const soon = Math.max(SOON_MS, this.#lookedAt + APART_MS - performance.now());
    this.#plan(hint === 'file' ? soon : this.#pace.settleMs);
  }

  /** Plans a look. One that is planned already is never put off: a busy directory would put it off for ever. */
  #plan(inMs: number): void {
    const at = performance.now() + inMs;
    if (this.#closed || (this.#planned !== undefined && this.#planned.at <= at)) return;
    clearTimeout(this.#planned?.timer);
    const timer = setTimeout(() => void this.#look(), inMs);
    timer.unref();
    this.#planned = { timer, at };
  }

  async #look(): Promise<void> {
    this.#planned = undefined;
    this.#looking = true;
    this.#hinted = undefined;
    await this.#directories.follow(this.#source.file);
    const begun = performance.now();
    const read = await this.#source.read();
    this.#looking = false;
    this.#lookedAt = performance.now();
    if (this.#closed) return;
    const againAt = this.#judge(read, begun);
    if (againAt !== undefined) this.#plan(Math.max(0, againAt - performance.now()));
    if (this.#hinted !== undefined) this.#hint(this.#hinted);
  }

  /** Reports what has settled. Answers when to look again where it has not. `begun` is when the read began. */
  #judge(read: Read, begun: number): number | undefined {
    const { isSame } = this.#source;
    const isAsBefore = this.#before !== undefined && isSame(read, this.#before.read);
    const since = isAsBefore ? (this.#before?.since ?? this.#lookedAt) : this.#lookedAt;
    this.#before = { read, since };
    if (this.#seen !== undefined && isSame(read, this.#seen.read)) return undefined;
    const settledAt = since + (this.#source.settleMsOf?.(read) ?? this.#pace.settleMs);
    if (begun < settledAt) return settledAt;
    this.#seen = { read };
    this.#onChange(read);
    return undefined;
  }
}

type Watched = { readonly id: string; readonly watcher: FSWatcher };

/** The directories a file's name and its real file lie in, each with a watch that is renewed when it is another directory. */
class WatchedDirectories {
  readonly #hint: (hint: Hint) => void;
  readonly #log: Log;
  readonly #watched = new Map<string, Watched>();
  /** What the file is called in them. */
  #names: ReadonlySet<string> = new Set();
  #closed = false;
  #warned = false;

  constructor(hint: (hint: Hint) => void, log: Log) {
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
    this.#names = new Set([basename(file), ...(real === undefined ? [] : [basename(real)])]);
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
      const watcher = watch(directory, { persistent: false }, (_event, name) =>
        this.#hint(name === null || this.#names.has(name) ? 'file' : 'other'),
      );
      watcher.on('error', (error) => this.#fail(directory, error));
      this.#watched.set(directory, { id, watcher });
      // What happened between the last read and this watch gave no hint.
      this.#hint('other');
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
