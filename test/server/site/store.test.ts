// The site file on disk, replaced in all the ways that editors and deployments replace files. Real files; no sleeps.

import { mkdtemp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Site } from '../../../server/domain.ts';
import { quietLog } from '../../../server/log.ts';
import type { Problem } from '../../../server/malformed.ts';
import type { OpenSite } from '../../../server/site/store.ts';
import { loadSite, openSite } from '../../../server/site/store.ts';
import { MAX_SITE_BYTES, siteTextReader } from '../../../server/site/text/store.ts';
import { watchText } from '../../../server/site/watch/store.ts';
import { edited, example } from './example.ts';

const DEADLINE_MS = 10_000;
const renamed = (name: string): string => edited(['name: cs-cloud', `name: ${name}`]);
const bad = edited(['keep: 3', 'keep: 0']);

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kickstand-site-'));
  file = join(folder, 'site.yaml');
  await writeFile(file, example);
});
const opened: OpenSite[] = [];
afterEach(async () => {
  for (const site of opened.splice(0)) site.close();
  await rm(folder, { recursive: true, force: true });
});

type Event =
  | { readonly kind: 'reload'; readonly name: string }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

type Pace = { readonly pollMs?: number; readonly settleMs?: number };

/** Follows `file`; `next` waits for the next event that came of it, and fails at the deadline. */
async function follow(path = file, pace: Pace = {}) {
  const events: Event[] = [];
  let wake: () => void = () => {};
  const push = (event: Event): void => {
    events.push(event);
    wake();
  };
  const site = await openSite(path, {
    log: quietLog,
    settleMs: pace.settleMs ?? 30,
    pollMs: pace.pollMs ?? 60_000,
    onReload: (site: Site) => push({ kind: 'reload', name: site.name }),
    onRefused: (problems) => push({ kind: 'refused', problems }),
  });
  if (site.kind === 'problems') throw new Error('the example has problems');
  opened.push(site);
  const next = async (): Promise<Event> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error('nothing happened')), DEADLINE_MS);
    try {
      while (events.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await Promise.race([promise, late]);
      }
    } finally {
      clearTimeout(timer);
    }
    const event = events.shift();
    if (event === undefined) throw new Error('no event');
    return event;
  };
  return { site, next, events };
}

const replaceByRename = async (text: string, path = file): Promise<void> => {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
};

describe('a changed site file is taken over', () => {
  test.each<[string, (text: string) => Promise<void>]>([
    ['written in place', (text) => writeFile(file, text)],
    ['renamed over the old one', (text) => replaceByRename(text)],
    [
      'moved away and written anew',
      async (text) => {
        await rename(file, `${file}~`);
        await writeFile(file, text);
      },
    ],
    [
      'deleted and made again',
      async (text) => {
        await rm(file);
        await writeFile(file, text);
      },
    ],
  ])('%s', async (_, replace) => {
    const { site, next } = await follow();
    await replace(renamed('second'));
    expect(await next()).toEqual({ kind: 'reload', name: 'second' });
    expect(site.current().name).toBe('second');
    await replace(renamed('third'));
    expect(await next()).toEqual({ kind: 'reload', name: 'third' });
  });

  test('behind a symlink that is swapped', async () => {
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'site.yaml'), renamed(name));
    }
    await symlink('one', join(folder, 'current'));
    await mkdir(join(folder, 'etc'));
    const link = join(folder, 'etc', 'site.yaml');
    await symlink('../current/site.yaml', link);
    const { site, next } = await follow(link, { pollMs: 50 });
    expect(site.current().name).toBe('one');
    await symlink('two', join(folder, 'current.new'));
    await rename(join(folder, 'current.new'), join(folder, 'current'));
    expect(await next()).toEqual({ kind: 'reload', name: 'two' });
  });

  test('with its whole directory', async () => {
    const path = join(folder, 'etc', 'site.yaml');
    await mkdir(join(folder, 'etc'));
    await writeFile(path, example);
    const { next } = await follow(path, { pollMs: 50 });
    await rm(join(folder, 'etc'), { recursive: true });
    expect((await next()).kind).toBe('refused');
    await mkdir(join(folder, 'etc'));
    await writeFile(path, renamed('again'));
    expect(await next()).toEqual({ kind: 'reload', name: 'again' });
    await replaceByRename(renamed('and again'.replaceAll(' ', '-')), path);
    expect(await next()).toEqual({ kind: 'reload', name: 'and-again' });
  });

  test('found by looking, where nothing tells of it', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    await mkdir(join(folder, 'a'));
    await writeFile(join(elsewhere, 'site.yaml'), renamed('second'));
    await writeFile(join(folder, 'a', 'site.yaml'), example);
    await symlink(join(folder, 'a'), join(folder, 'b'));
    const { next } = await follow(join(folder, 'b', 'site.yaml'), { pollMs: 40 });
    await rename(elsewhere, join(folder, 'c'));
    await symlink(join(folder, 'c'), join(folder, 'b.new'));
    await rename(join(folder, 'b.new'), join(folder, 'b'));
    expect(await next()).toEqual({ kind: 'reload', name: 'second' });
  });
});

describe('an edit of a host does not wait for the file to settle', () => {
  const mac = (last: string): string => edited(['52:54:00:a8:a8:03', `52:54:00:a8:a9:${last}`]);
  const firstMac = ({ site }: { readonly site: OpenSite }) => site.current().hosts[1]?.macs[0];

  test.each<[string, (text: string) => Promise<void>]>([
    ['written in place', (text) => writeFile(file, text)],
    ['renamed over the old one', (text) => replaceByRename(text)],
  ])('%s', async (_, replace) => {
    const followed = await follow(file, { settleMs: 600_000 });
    await replace(mac('01'));
    await followed.next();
    expect(firstMac(followed)).toBe('52:54:00:a8:a9:01');
    await replace(mac('02'));
    await followed.next();
    expect(firstMac(followed)).toBe('52:54:00:a8:a9:02');
  });
});

describe('a bad site file is refused and the old site goes on', () => {
  test('until it is mended', async () => {
    const { site, next } = await follow();
    await writeFile(file, bad);
    expect(await next()).toMatchObject({ kind: 'refused', problems: [{ path: 'repos[0].keep', line: 35 }] });
    expect(site.problems()).toHaveLength(1);
    expect(site.current().repos[0]?.keep).toBe(3);
    await writeFile(file, example);
    expect(await next()).toEqual({ kind: 'reload', name: 'cs-cloud' });
    expect(site.problems()).toEqual([]);
  });

  test('and so is one that is gone', async () => {
    const { site, next } = await follow();
    await rm(file);
    expect(await next()).toMatchObject({ kind: 'refused', problems: [{ message: 'there is no such file' }] });
    expect(site.current().name).toBe('cs-cloud');
    await writeFile(file, renamed('back'));
    expect(await next()).toEqual({ kind: 'reload', name: 'back' });
  });

  test('a file half written, right as far as it goes, is not taken for a whole one', async () => {
    const reads = ['whole, without its last ho', 'whole, without its last hosts', 'whole'];
    const { promise, resolve } = Promise.withResolvers<void>();
    const reported: string[] = [];
    const source = {
      file,
      read: () => Promise.resolve((reads.length > 1 ? reads.shift() : reads[0]) ?? ''),
      known: 'before',
      isSame: (one: string, other: string) => one === other,
    };
    const report = (read: string): void => {
      reported.push(read);
      resolve();
    };
    const watch = watchText(source, report, { log: quietLog, settleMs: 5, pollMs: 60_000 });
    await promise;
    watch.close();
    expect(reported).toEqual(['whole']);
  });

  test('what is quick to settle is taken at once, and what is not is waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = new Map([
      ['cut off', 600_000],
      ['an edit', 1],
    ]);
    let text = 'cut off';
    const reported: string[] = [];
    const source = {
      file,
      read: async () => {
        const read = text;
        // The next look finds more of it, and is made because the file has changed: the first one would wait for minutes.
        if (read === 'cut off') await writeFile(file, (text = 'an edit'));
        return read;
      },
      known: 'before',
      isSame: (one: string, other: string) => one === other,
      settleMsOf: (read: string) => settle.get(read) ?? 0,
    };
    const report = (read: string): void => {
      reported.push(read);
      resolve();
    };
    const watch = watchText(source, report, { log: quietLog, settleMs: 5, pollMs: 600_000 });
    await promise;
    watch.close();
    expect(reported).toEqual(['an edit']);
  });

  test('writing the same text again is no change', async () => {
    const { next, events } = await follow();
    await writeFile(file, example);
    await writeFile(file, renamed('other'));
    expect(await next()).toEqual({ kind: 'reload', name: 'other' });
    expect(events).toEqual([]);
  });

  test('a closed site tells nothing more', async () => {
    const { site, events } = await follow();
    const other = await follow();
    site.close();
    await writeFile(file, renamed('other'));
    expect(await other.next()).toEqual({ kind: 'reload', name: 'other' });
    expect(events).toEqual([]);
    expect(site.current().name).toBe('cs-cloud');
  });
});

describe('a file that is no site file is a problem, not a fault', () => {
  const messageOf = async (path: string): Promise<string | undefined> => {
    const loaded = await loadSite(path);
    return loaded.kind === 'problems' ? loaded.problems[0]?.message : 'none';
  };

  test('where there is none', async () => {
    expect(await messageOf(join(folder, 'none.yaml'))).toBe('there is no such file');
  });

  test('a directory', async () => {
    expect(await messageOf(folder)).toBe('is not an ordinary file');
  });

  test('larger than 2 MiB', async () => {
    await writeFile(file, `${example}#${'x'.repeat(MAX_SITE_BYTES)}`);
    expect(await messageOf(file)).toBe('is larger than 2 MiB');
  });

  test('not UTF-8', async () => {
    await writeFile(file, Buffer.from([0x61, 0xff, 0xfe]));
    expect(await messageOf(file)).toBe('is not UTF-8 text');
  });

  test('read again, it is what it is now: longer, shorter, empty, too large, gone, back', async () => {
    const read = siteTextReader(file);
    const lengths: (number | string | undefined)[] = [];
    for (const text of [
      'ab',
      'ab',
      'abcdef',
      'a',
      '',
      'x'.repeat(MAX_SITE_BYTES + 1),
      undefined,
      'x'.repeat(MAX_SITE_BYTES),
      'ab',
    ]) {
      if (text === undefined) await rm(file);
      else await writeFile(file, text);
      const now = await read();
      if (now.kind === 'text') expect(now.text).toBe(text);
      lengths.push(now.kind === 'text' ? now.text.length : now.problems[0]?.message);
    }
    expect(lengths).toEqual([2, 2, 6, 1, 0, 'is larger than 2 MiB', 'there is no such file', MAX_SITE_BYTES, 2]);
  });

  test('read again unchanged, it is the same value', async () => {
    const read = siteTextReader(file);
    const first = await read();
    await writeFile(file, 'else');
    await read();
    await writeFile(file, example);
    const second = await read();
    expect(second).toEqual(first);
    expect(await read()).toBe(second);
  });

  test('and nothing is watched', async () => {
    await writeFile(file, bad);
    const events = { log: quietLog, onReload: () => {}, onRefused: () => {} };
    expect((await openSite(file, events)).kind).toBe('problems');
  });
});
