// The site file on disk, reloaded when it changes; a bad one is refused and the old site goes on. Edge.

import { basename } from 'node:path';
import type { Site } from '../domain.ts';
import type { Log } from '../log.ts';
import type { Problem } from '../malformed.ts';
import type { ParsedSite, SiteProblems, SiteReading } from './parse.ts';
import { parseSite, readSite } from './parse.ts';
import { movedHosts } from './plan.ts';
import type { Reread } from './reread.ts';
import { rereadSite } from './reread.ts';
import type { SiteText } from './text/store.ts';
import { readSiteText, siteTextReader } from './text/store.ts';
import { watchText } from './watch/store.ts';

/** Reads and parses a site file. A file that cannot be read is a problem like any other. */
export async function loadSite(file: string): Promise<ParsedSite> {
  const read = await readSiteText(file);
  return read.kind === 'text' ? parseSite(read.text, basename(file)) : read;
}

export type WatchOptions = {
  readonly log: Log;
  /** A change is believed when two reads this far apart are equal. Default 150 ms. */
  readonly settleMs?: number;
  /** How often to look without having been told. Default 2 s. */
  readonly pollMs?: number;
};

function isSame(one: SiteText, other: SiteText): boolean {
  if (one.kind === 'text') return other.kind === 'text' && one.text === other.text;
  return other.kind === 'problems' && JSON.stringify(one.problems) === JSON.stringify(other.problems);
}

export type SiteEvents = WatchOptions & {
  /** A changed file was right: this is the site from now on. */
  readonly onReload: (site: Site) => void;
  /** The file holds this text, which is right: told of the first one too. */
  readonly onText?: (text: string) => void;
  /** A changed file has problems: the old site goes on. */
  readonly onRefused: (problems: readonly Problem[]) => void;
};

export type OpenSite = {
  readonly kind: 'open';
  /** The last site that had no problems. */
  readonly current: () => Site;
  /** The problems of the file as it is now; empty where `current` is what it says. */
  readonly problems: () => readonly Problem[];
  readonly close: () => void;
};

/**
 * A change of some hosts that takes no host away, and that is more than a piece of a file (`Reread.whole`), is believed
 * sooner. It is still looked at twice: a program that overwrites a file without cutting it off first leaves, between two
 * of its writes, a mixture of both texts.
 */
const QUICK_MS = 5;

/** Loads a site file and follows it. With no site to begin with, its problems come back and nothing is watched. */
export async function openSite(file: string, events: SiteEvents): Promise<OpenSite | SiteProblems> {
  const { log, settleMs = 150, pollMs = 2000 } = events;
  const read = siteTextReader(file);
  const known = await read();
  const first = known.kind === 'text' ? readSite(known.text, basename(file)) : known;
  if (first.kind === 'problems') return first;
  const reader = followReading(first);
  let problems: readonly Problem[] = [];
  const take = (read: SiteText): void => {
    const before = reader.current().site;
    const taken = read.kind === 'text' ? reader.take(read.text, basename(file)) : read;
    if (taken.kind === 'problems') {
      problems = taken.problems;
      log.warn('site refused', { file, problems: problems.length });
      events.onRefused(problems);
      return;
    }
    for (const moved of movedHosts(before, taken.site)) log.warn('host address changed', moved);
    problems = [];
    log.info('site reloaded', { file, hosts: taken.site.hosts.length });
    if (read.kind === 'text') events.onText?.(read.text);
    events.onReload(taken.site);
  };
  const settleMsOf = (read: SiteText): number =>
    read.kind === 'text' && reader.tried(read.text)?.whole === true ? Math.min(QUICK_MS, settleMs) : settleMs;
  const source = { file, read, known, isSame, settleMsOf };
  if (known.kind === 'text') events.onText?.(known.text);
  const watch = watchText(source, take, { log, settleMs, pollMs });
  return { kind: 'open', current: () => reader.current().site, problems: () => problems, close: watch.close };
}

/** The last reading without problems, and the next one made with its help. The last text that was tried is not tried twice. */
function followReading(first: SiteReading) {
  let current = first;
  let last: { readonly text: string; readonly reread: Reread | undefined } | undefined;
  const tried = (text: string): Reread | undefined => {
    if (last?.text !== text) last = { text, reread: rereadSite(current, text) };
    return last.reread;
  };
  return {
    current: () => current,
    tried,
    take: (text: string, fileName: string): SiteReading | SiteProblems => {
      const next = tried(text)?.reading ?? readSite(text, fileName);
      last = undefined;
      if (next.kind === 'reading') current = next;
      return next;
    },
  };
}
