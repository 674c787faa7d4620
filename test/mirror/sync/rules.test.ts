// The pure rules of a sync: what is planned, what a snapshot may hold, what an HTTP answer means, what runs at once.

import { describe, expect, test } from 'vitest';
import type { SnapshotFile } from '../../../mirror/content/layout.ts';
import { sha256Of, type Checksum } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { inParallel } from '../../../mirror/sync/parallel.ts';
import { assembleSnapshot, planSync, type WantedFile } from '../../../mirror/sync/plan.ts';
import { judgeResponse } from '../../../mirror/sync/response.ts';
import { Malformed } from '../../../server/malformed.ts';

const breathe = async (): Promise<void> => undefined;
const sum = (text: string): Checksum => ({ type: 'sha256', digest: sha256Of(text) });
const want = (path: string, content: string, sizeBytes: number | undefined = 10): WantedFile => ({
  path: parseHref(path, path),
  checksum: sum(content),
  sizeBytes,
});
const have = (...contents: readonly (readonly [string, number])[]) =>
  new Map(contents.map(([text, sizeBytes]) => [`sha256-${sha256Of(text)}`, { sha256: sha256Of(text), sizeBytes }]));

describe('planSync', () => {
  test.each<[string, WantedFile[], ReturnType<typeof have>, string[], string[]]>([
    ['fetches what is missing', [want('a', '1'), want('b', '2')], have(['1', 10]), ['b'], ['a']],
    ['fetches again what has another size in the pool', [want('a', '1')], have(['1', 9]), ['a'], []],
    ['fetches one content once', [want('a', '1'), want('b', '1')], have(), ['a'], []],
    ['finds one content under two names', [want('a', '1'), want('b', '1')], have(['1', 10]), [], ['a', 'b']],
    ['takes the same file twice as once', [want('a', '1'), want('a', '1')], have(), ['a'], []],
    [
      'believes the pool where no size is declared',
      [{ ...want('a', '1'), sizeBytes: undefined }],
      have(['1', 3]),
      [],
      ['a'],
    ],
  ])('%s', async (_what, wanted, pool, fetch, present) => {
    const plan = await planSync(wanted, pool, breathe);
    expect(plan.fetch.map(({ path }) => path)).toEqual(fetch);
    expect(plan.present.map(({ path }) => path)).toEqual(present);
    expect(plan.fetchBytes).toBe(10 * fetch.length);
  });

  test('refuses one path with two contents, and one content with two sizes', async () => {
    await expect(planSync([want('a', '1'), want('a', '2')], have(), breathe)).rejects.toThrow(Malformed);
    await expect(planSync([want('a', '1', 5), want('b', '1', 6)], have(), breathe)).rejects.toThrow(Malformed);
  });
});

describe('assembleSnapshot', () => {
  const file = (path: string, content = 'x'): SnapshotFile => ({
    path: parseHref(path, path),
    sha256: sha256Of(content),
    sizeBytes: 1,
    checksum: undefined,
  });
  test('names each path once', async () => {
    const files = await assembleSnapshot([file('a/b'), file('a/b'), file('a/c')], breathe);
    expect(files.map(({ path }) => path)).toEqual(['a/b', 'a/c']);
  });
  test.each([
    [[file('a', '1'), file('a', '2')], /two contents/],
    [[file('a'), file('a/b')], /a file and a directory/],
    [[file('a/b/c/d'), file('a/b')], /a file and a directory/],
  ])('refuses what no directory can hold: %#', async (files, reason) => {
    await expect(assembleSnapshot(files, breathe)).rejects.toThrow(reason);
  });
});

describe('judgeResponse', () => {
  const judge = (status: number, headers: Readonly<Record<string, string>>, offset = 0) =>
    judgeResponse({ status, header: (name) => headers[name] }, { offset, conditional: 'no' });
  const answered = (status: number, conditional: 'yes' | 'no') =>
    judgeResponse({ status, header: () => undefined }, { offset: 0, conditional });
  const etag = '"x"';
  test.each<[string, ReturnType<typeof judge>, object]>([
    ['200', judge(200, { 'content-length': '5', etag }), { kind: 'body', offset: 0, totalBytes: 5, validator: etag }],
    ['200 of unknown length', judge(200, {}), { kind: 'body', offset: 0, totalBytes: undefined }],
    ['200 to a Range', judge(200, { 'content-length': '5' }, 3), { kind: 'body', offset: 0 }],
    ['206 as asked', judge(206, { 'content-range': 'bytes 3-4/5' }, 3), { kind: 'body', offset: 3, totalBytes: 5 }],
    ['206 of unknown size', judge(206, { 'content-range': 'bytes 3-4/*' }, 3), { kind: 'body', totalBytes: undefined }],
    ['206 of another place', judge(206, { 'content-range': 'bytes 2-4/5' }, 3), { kind: 'restart' }],
    ['206 without a range', judge(206, {}, 3), { kind: 'restart' }],
    ['206 nobody asked for', judge(206, { 'content-range': 'bytes 0-4/5' }), { kind: 'restart' }],
    ['206 in many parts', judge(206, { 'content-type': 'multipart/byteranges' }, 3), { kind: 'restart' }],
    [
      'a weak ETag: no part is continued by it',
      judge(200, { etag: 'W/"x"', 'last-modified': 'd' }),
      { validator: undefined, etag: 'W/"x"', lastModified: 'd' },
    ],
    ['a date alone', judge(200, { 'last-modified': 'd' }), { validator: 'd' }],
    ['an encoding', judge(200, { 'content-encoding': 'GZIP' }), { encoding: 'gzip' }],
    ['no encoding', judge(200, { 'content-encoding': 'identity' }), { encoding: undefined }],
    ['301', judge(301, { location: '/y' }), { kind: 'redirect', location: '/y' }],
    ['308', judge(308, { location: '/y' }), { kind: 'redirect', location: '/y' }],
    ['302 to nowhere', judge(302, {}), { kind: 'refused' }],
    ['204', judge(204, {}), { kind: 'refused' }],
    ['304', judge(304, {}), { kind: 'refused' }],
    ['304 to a condition', answered(304, 'yes'), { kind: 'unchanged' }],
    ['200 to a condition', answered(200, 'yes'), { kind: 'body', offset: 0, etag: undefined }],
    ['400', judge(400, {}), { kind: 'refused' }],
    ['401', judge(401, {}), { kind: 'refused' }],
    ['403', judge(403, {}), { kind: 'absent' }],
    ['404', judge(404, {}), { kind: 'absent' }],
    ['410', judge(410, {}), { kind: 'absent' }],
    ['408', judge(408, {}), { kind: 'unavailable', retryAfterMs: undefined }],
    ['416', judge(416, {}, 9), { kind: 'restart' }],
    ['429', judge(429, { 'retry-after': '7' }), { kind: 'unavailable', retryAfterMs: 7000 }],
    ['500', judge(500, {}), { kind: 'unavailable' }],
    ['503', judge(503, {}), { kind: 'unavailable' }],
  ])('%s', (_what, verdict, expected) => {
    expect(verdict).toMatchObject(expected);
  });
});

describe('inParallel', () => {
  const signal = new AbortController().signal;
  test('answers in order and never runs more at once than told', async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([5, 1, 4, 2, 3], { atOnce: 2, signal }, async (item) => {
      most = Math.max(most, (running += 1));
      for (let turns = 0; turns < item; turns += 1) await Promise.resolve();
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  test('tells the first failure, stops those that run, starts no other', async () => {
    const started: number[] = [];
    const task = async (item: number, stop: AbortSignal): Promise<void> => {
      started.push(item);
      if (item === 1) throw new Error('first');
      await new Promise((_resolve, reject) => stop.addEventListener('abort', () => reject(new Error('stopped'))));
    };
    await expect(inParallel([0, 1, 2, 3], { atOnce: 2, signal }, task)).rejects.toThrow('first');
    expect(started).toEqual([0, 1]);
  });
});
