// The site file on disk: read bounded, and reloaded when it changes; a bad one is refused and the old site goes on. Edge.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Site } from '../domain.ts';
import type { Log } from '../log.ts';
import type { Problem } from '../malformed.ts';
import { codeOf, messageOf } from '../malformed.ts';
import type { ParsedSite, SiteProblems } from './parse.ts';
import { parseSite } from './parse.ts';
import { movedHosts } from './plan.ts';
import { watchText } from './watch/store.ts';

/** No site file is larger; a disk image named by mistake is not read into memory. */
export const MAX_SITE_BYTES = 1024 * 1024;

/** The file's text, or why it cannot be had. */
export type SiteText = { readonly kind: 'text'; readonly text: string } | SiteProblems;

/** Reads and parses a site file. A file that cannot be read is a problem like any other. */
export async function loadSite(file: string): Promise<ParsedSite> {
  return parseRead(await readSiteText(file), file);
}

function parseRead(read: SiteText, file: string): ParsedSite {
  return read.kind === 'text' ? parseSite(read.text, basename(file)) : read;
}

/** Reads the text of a site file: an ordinary file of at most 1 MiB, in UTF-8. */
async function readSiteText(file: string): Promise<SiteText> {
  try {
    // Non-blocking, so that a named pipe put there does not hold up the appliance.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readHandle(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read: ${messageOf(error)}`;
    return problem(
      message,
      code === 'ENOENT' ? 'copy site.example.yaml there, or name another with --site' : undefined,
    );
  }
}

async function readHandle(handle: FileHandle): Promise<SiteText> {
  if (!(await handle.stat()).isFile()) return problem('is not an ordinary file', 'name the site file itself');
  const buffer = Buffer.alloc(MAX_SITE_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > MAX_SITE_BYTES) return problem('is larger than 1 MiB', 'name the site file itself');
  return decodeText(buffer.subarray(0, length));
}

function decodeText(bytes: Uint8Array): SiteText {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return problem('is not UTF-8 text', 'save it as UTF-8');
    throw error;
  }
}

function problem(message: string, remedy: string | undefined): SiteProblems {
  return { kind: 'problems', problems: [{ path: '', line: undefined, message, remedy }] };
}

export type WatchOptions = {
  readonly log: Log;
  /** What the caller has read already: no change is reported until the file holds something else. */
  readonly known?: SiteText;
  /** A change is believed when two reads this far apart are equal. Default 150 ms. */
  readonly settleMs?: number;
  /** How often to look without having been told. Default 2 s. */
  readonly pollMs?: number;
};

/** Calls `onChange` with the file's text each time it has become another, until closed. */
function watchSite(
  file: string,
  onChange: (read: SiteText) => void,
  options: WatchOptions,
): { readonly close: () => void } {
  const { log, known, settleMs = 150, pollMs = 2000 } = options;
  const source = { file, read: () => readSiteText(file), known, keyOf };
  return watchText(source, onChange, { log, settleMs, pollMs });
}

/** Equal for reads that say the same. */
function keyOf(read: SiteText): string {
  return read.kind === 'text' ? `text ${read.text}` : `problems ${JSON.stringify(read.problems)}`;
}

export type SiteEvents = Omit<WatchOptions, 'known'> & {
  /** A changed file was right: this is the site from now on. */
  readonly onReload: (site: Site) => void;
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

/** Loads a site file and follows it. With no site to begin with, its problems come back and nothing is watched. */
export async function openSite(file: string, events: SiteEvents): Promise<OpenSite | SiteProblems> {
  const known = await readSiteText(file);
  const first = parseRead(known, file);
  if (first.kind === 'problems') return first;
  let { site } = first;
  let problems: readonly Problem[] = [];
  const take = (read: SiteText): void => {
    const parsed = parseRead(read, file);
    if (parsed.kind === 'problems') {
      problems = parsed.problems;
      events.log.warn('site refused', { file, problems: problems.length });
      events.onRefused(problems);
      return;
    }
    for (const moved of movedHosts(site, parsed.site)) events.log.warn('host address changed', moved);
    site = parsed.site;
    problems = [];
    events.log.info('site reloaded', { file, hosts: site.hosts.length });
    events.onReload(site);
  };
  const watch = watchSite(file, take, { ...events, known });
  return { kind: 'open', current: () => site, problems: () => problems, close: watch.close };
}
