// What is kept between requests: bytes in memory and descriptors, how much of it, and that no answer is ever older than its file.

import fc from 'fast-check';
import {
  link,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBounded } from '../../../mirror/content/cache/bounded.ts';
import { Descriptors } from '../../../mirror/content/cache/descriptors.ts';
import { isSettled } from '../../../mirror/content/cache/identity.ts';
import { LIMITS, openContentFiles } from '../../../mirror/content/cache/store.ts';
import { saveSymlink } from '../../../server/store.ts';
import { ask, askRaw, makeDirectory, patternBytes, removeDirectory, serveContent } from './rig.ts';

describe('what is bounded', () => {
  test('never holds more than it may, and what was used since outlives what was not', () => {
    const cache = createBounded<number>({ entries: 3, weight: 100 });
    for (const [key, weight] of [
      ['a', 10],
      ['b', 10],
      ['c', 10],
    ] as const)
      cache.put(key, weight, weight);
    cache.put('d', 10, 10); // all four are new: the oldest goes
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual([undefined, 10, 10, 10]);
    cache.put('e', 10, 10); // one round takes the marks of b, c and d away
    cache.get('c');
    cache.put('f', 10, 10);
    expect(cache.get('c')).toBe(10);
    cache.put('heavy', 1, 101);
    expect(cache.get('heavy')).toBeUndefined();
  });

  test('any order of puts, gets and drops keeps the sums right', () => {
    const step = fc.tuple(
      fc.constantFrom('put', 'get', 'drop'),
      fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      fc.nat(40),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const cache = createBounded<number>({ entries: 4, weight: 60 });
        const weights = new Map<string, number>();
        for (const [what, key, weight] of steps) {
          if (what === 'put') weights.set(key, weight);
          if (what === 'put') cache.put(key, weight, weight);
          else if (what === 'get') cache.get(key);
          else cache.drop(key);
          expect(cache.size).toBeLessThanOrEqual(4);
          expect(cache.weight).toBeLessThanOrEqual(60);
          if (what === 'put') expect(cache.get(key)).toBe(weight);
        }
        const held = [...weights].filter(([key]) => cache.get(key) !== undefined);
        expect(cache.size).toBe(held.length);
        expect(cache.weight).toBe(held.reduce((sum, [, weight]) => sum + weight, 0));
      }),
    );
  });
});

describe('descriptors', () => {
  const about = { dev: 1n, ino: 1n, size: 1n, mtimeNs: 1n, ctimeNs: 1n };
  const pool = (limit: number) => {
    const closed: string[] = [];
    let opened = 0;
    const open = async (path: string) => ({ file: `${path}#${(opened += 1)}`, about });
    const parts = { open, look: async () => about, close: (file: string) => void closed.push(file), limit };
    return { closed, descriptors: new Descriptors(parts) };
  };

  test('one is shared by all who ask at once, and after', async () => {
    const { closed, descriptors } = pool(4);
    const lent = await Promise.all([1, 2, 3].map(() => descriptors.take('a', undefined)));
    lent.push(await descriptors.take('a', about));
    expect(new Set(lent.map(({ file }) => file))).toEqual(new Set(['a#1']));
    for (const one of lent) one.release();
    expect([closed, descriptors.size]).toEqual([[], 1]);
  });

  test('one that is read is never closed under its readers, whatever is opened besides', async () => {
    const { closed, descriptors } = pool(1);
    const [a, b] = await Promise.all([descriptors.take('a', undefined), descriptors.take('b', undefined)]);
    expect(closed).toEqual([]);
    a.release();
    a.release(); // a second time is nothing
    expect(closed).toEqual([a.file]);
    b.release();
    expect([closed, descriptors.size]).toEqual([[a.file], 1]);
  });

  test('a file that is another now is opened anew', async () => {
    const { closed, descriptors } = pool(4);
    const first = await descriptors.take('a', undefined);
    const second = await descriptors.take('a', { ...about, ino: 2n });
    expect([first.file, second.file, closed]).toEqual(['a#1', 'a#2', []]);
    first.release();
    expect(closed).toEqual(['a#1']);
  });

  test('what nobody has read between two sweeps is closed, and all at the end', async () => {
    const { closed, descriptors } = pool(4);
    (await descriptors.take('a', undefined)).release();
    const read = await descriptors.take('b', undefined);
    expect([descriptors.sweep(), closed]).toEqual([true, []]);
    expect([descriptors.sweep(), closed]).toEqual([true, ['a#1']]);
    descriptors.close();
    expect(closed).toEqual(['a#1']);
    read.release();
    expect(closed).toEqual(['a#1', 'b#2']);
  });

  test('a file that cannot be opened is tried again by the next', async () => {
    let tries = 0;
    const open = async () => {
      tries += 1;
      throw new Error('EIO');
    };
    const descriptors = new Descriptors<string>({ open, look: async () => about, close: () => {}, limit: 1 });
    await expect(Promise.all([descriptors.take('a', undefined), descriptors.take('a', undefined)])).rejects.toThrow(
      'EIO',
    );
    await expect(descriptors.take('a', undefined)).rejects.toThrow('EIO');
    expect(tries).toBe(2);
  });
});

test.each([
  ['left alone for long enough', 10_000, true],
  ['changed a moment ago: another change may not show', 11_500, false],
  ['dated in the future', 60_000, false],
])('a file %s', (_, changedMs, settled) => {
  const identity = { dev: 1n, ino: 1n, size: 1n, mtimeNs: 0n, ctimeNs: BigInt(changedMs) * 1_000_000n };
  expect(isSettled(identity, 12_500, 2_500)).toBe(settled);
});

describe('a file that was served from memory', () => {
  let root = '';
  let site: Awaited<ReturnType<typeof serveContent>>;
  const FILE = '/repos/base/file.rpm';

  beforeEach(async () => {
    root = await makeDirectory({ 'file.rpm': patternBytes(5000), 'large.rpm': patternBytes(700_000) });
    // Whole seconds: no more of a date can be given back to a file from here.
    for (const name of ['file.rpm', 'large.rpm']) await utimes(join(root, name), 1e9, 1e9);
    site = await serveContent(root);
    await ask(site.port, FILE);
    await ask(site.port, '/repos/base/large.rpm');
    expect(site.contentFiles.holding()).toMatchObject({ files: 2 });
  });

  afterEach(async () => {
    await site.close();
    await removeDirectory(root);
  });

  const CHANGES: readonly (readonly [string, (file: string) => Promise<void>])[] = [
    [
      'replaced by rename',
      async (file) => {
        await writeFile(`${file}.new`, Buffer.alloc(5000, 'n'));
        await rename(`${file}.new`, file);
      },
    ],
    ['made longer in place', async (file) => await writeFile(file, Buffer.alloc(6000, 'n'))],
    [
      'rewritten within the same second',
      async (file) => {
        const { mtimeMs } = await stat(file);
        await writeFile(file, Buffer.alloc(5000, 'n'));
        const within = new Date(Math.floor(mtimeMs / 1000) * 1000 + ((Math.floor(mtimeMs) + 500) % 1000));
        await utimes(file, within, within);
      },
    ],
    [
      'rewritten and dated back',
      async (file) => {
        const before = await stat(file, { bigint: true });
        await vi.waitFor(async () => {
          await writeFile(file, Buffer.alloc(5000, 'n'));
          await utimes(file, before.atime, before.mtime);
          // Where the kernel dates by its tick, the change may fall into the one of the first writing.
          expect((await stat(file, { bigint: true })).ctimeNs).not.toBe(before.ctimeNs);
        });
      },
    ],
  ];
  test.each(CHANGES)('%s: the next answer has the new bytes and another tag', async (_, change) => {
    for (const name of ['file.rpm', 'large.rpm']) {
      const before = await ask(site.port, `/repos/base/${name}`);
      await change(join(root, name));
      const after = await ask(site.port, `/repos/base/${name}`);
      expect(after.status).toBe(200);
      expect(new Set(after.body)).toEqual(new Set([0x6e]));
      if (_ !== 'rewritten and dated back') expect(after.headers.etag).not.toBe(before.headers.etag);
    }
  });

  test('removed: 404; a directory in its place: its listing', async () => {
    await rm(join(root, 'file.rpm'));
    expect((await ask(site.port, FILE)).status).toBe(404);
    await mkdir(join(root, 'file.rpm'));
    expect((await ask(site.port, FILE)).headers['content-type']).toBe('text/html; charset=utf-8');
  });

  test('cut short: what is left, whole', async () => {
    await truncate(join(root, 'file.rpm'), 100);
    expect((await ask(site.port, FILE)).body.equals(patternBytes(100))).toBe(true);
  });

  test('with a slash at its end: 404 still', async () => {
    expect((await ask(site.port, `${FILE}/`)).status).toBe(404);
  });

  test('another method: 405 still', async () => {
    expect((await ask(site.port, FILE, { method: 'DELETE' })).status).toBe(405);
  });

  test('through a link that now leads elsewhere: what lies there', async () => {
    for (const id of ['one', 'two']) {
      await mkdir(join(root, id));
      await writeFile(join(root, id, 'repomd.xml'), id);
    }
    await symlink('one', join(root, 'current'));
    const url = '/repos/base/current/repomd.xml';
    for (const id of ['one', 'two', 'one']) {
      await saveSymlink(join(root, 'current'), id);
      expect((await ask(site.port, url)).body.toString()).toBe(id);
      expect((await ask(site.port, url)).body.toString()).toBe(id);
    }
    await symlink('/etc', join(root, 'away'));
    await rename(join(root, 'away'), join(root, 'current'));
    expect((await ask(site.port, '/repos/base/current/passwd')).status).toBe(404);
  });
});

describe('from memory and from disk', () => {
  const REQUESTS: readonly Readonly<Record<string, string>>[] = [
    {},
    { Range: 'bytes=0-0' },
    { Range: 'bytes=100-4999' },
    { Range: 'bytes=-7' },
    { Range: 'bytes=5000-' },
    { Range: 'bytes=0-9,4990-' },
    { 'If-None-Match': '*' },
    { 'If-Match': '"x"' },
    { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
    { 'If-Unmodified-Since': 'Thu, 01 Jan 1998 00:00:00 GMT' },
    { Range: 'bytes=0-9', 'If-Range': '"x"' },
  ];

  test.each(REQUESTS.flatMap((headers) => ['GET', 'HEAD'].map((method) => ({ method, headers }))))(
    'the same answer to $method $headers',
    async (asking) => {
      const root = await makeDirectory({ 'file.rpm': patternBytes(5000) });
      const kept = await serveContent(root);
      const fresh = await serveContent(root, openContentFiles({ ...LIMITS, files: 0, smallBytes: 0 }));
      const comparable = ({ status, headers, body }: Awaited<ReturnType<typeof ask>>) => {
        const boundary = /boundary=(\w+)/.exec(headers['content-type'] ?? '')?.[1] ?? 'none';
        const { date: _date, ...rest } = headers;
        return JSON.stringify({ status, rest, body: body.toString('latin1') }).replaceAll(boundary, 'BOUNDARY');
      };
      await ask(kept.port, '/repos/base/file.rpm');
      const mine = await ask(kept.port, '/repos/base/file.rpm', asking);
      const disk = await ask(fresh.port, '/repos/base/file.rpm', asking);
      expect(comparable(mine)).toBe(comparable(disk));
      expect([kept.contentFiles.holding().files, fresh.contentFiles.holding().files]).toEqual([1, 0]);
      await Promise.all([kept.close(), fresh.close()]);
      await removeDirectory(root);
    },
  );
});

describe('many files', () => {
  test('more than may be kept: memory and descriptors stay within their limits', async () => {
    const COUNT = 10_000;
    const root = await makeDirectory({ first: 'content' });
    for (let at = 0; at < COUNT; at += 500) {
      const names = Array.from({ length: 500 }, (_, number) => `${at + number}`);
      await Promise.all(names.map((name) => link(join(root, 'first'), join(root, name))));
    }
    const limits = { ...LIMITS, settledMs: 0, idleMs: 60_000, memoryBytes: 1_000_000, descriptors: 16 };
    const site = await serveContent(root, openContentFiles(limits));
    // Pipelined, over a few connections: each request is answered before the next is read.
    const work = async (first: number): Promise<void> => {
      const numbers = Array.from({ length: COUNT / 8 }, (_, number) => number * 8 + first);
      const requests = numbers.map((number) => `GET /repos/base/${number} HTTP/1.1\r\nHost: h\r\n\r\n`);
      const last = 'GET /4.0/first HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
      const answers = await askRaw(site.port, requests.join('') + last);
      expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(numbers.length + 1);
    };
    await Promise.all(Array.from({ length: 8 }, (_, first) => work(first)));
    const { bytes, descriptors, files } = site.contentFiles.holding();
    expect(bytes).toBeLessThanOrEqual(1_000_000);
    expect(files).toBeGreaterThan(100);
    expect(descriptors).toBeLessThanOrEqual(16);
    if (process.platform === 'linux') expect(await openBelow(root)).toBeLessThanOrEqual(16);
    await site.close();
    if (process.platform === 'linux') await vi.waitFor(async () => expect(await openBelow(root)).toBe(0));
    await removeDirectory(root);
  });
});

async function openBelow(root: string): Promise<number> {
  const fds = await readdir('/proc/self/fd');
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(root)).length;
}
