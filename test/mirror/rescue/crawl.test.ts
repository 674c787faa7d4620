// Reading directories: within bounds that are told where they are met, whatever the upstream links to, and no slower for it.

import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CRAWL_LIMITS, crawl, type Crawled } from '../../../mirror/rescue/crawl.ts';
import { collectFlaws, type Flaw } from '../../../mirror/rescue/evidence.ts';
import { openUpstream } from '../../../mirror/sync/fetcher.ts';
import { breakHalfWay, serveBytes, startUpstream, status, type FakeUpstream } from '../../support/fake-upstream.ts';
import { FAST } from '../../support/sync-bench.ts';

let server: FakeUpstream;
beforeEach(async () => {
  server = await startUpstream(new Map());
});
afterEach(() => server.close());

type Pages = Readonly<Record<string, string>>;

async function walk(pages: Pages, limits = {}): Promise<Crawled & { readonly flaws: readonly Flaw[] }> {
  server.serve(new Map(Object.entries(pages).map(([path, html]) => [path, Buffer.from(html)])));
  const upstream = openUpstream(server.url, FAST);
  const flaws = collectFlaws();
  const { signal } = new AbortController();
  try {
    const breathe = (): Promise<void> => upstream.pause(0, signal);
    const crawled = await crawl({ upstream, flaws, signal, breathe, limits: { ...CRAWL_LIMITS, ...limits } });
    return { ...crawled, flaws: flaws.all() };
  } finally {
    await upstream.close();
  }
}

const links = (...names: readonly string[]): string => names.map((name) => `<a href="${name}">${name}</a>`).join('\n');

describe('a crawl', () => {
  test('takes packages breadth first, each directory once', async () => {
    const pages = { '': links('a/', 'a/', './a/', 'b/', 'z.rpm'), 'a/': links('x.rpm', '../b/'), 'b/': links('x.rpm') };
    const { packages, looked } = await walk(pages);
    expect(packages).toEqual(['a/x.rpm', 'b/x.rpm', 'z.rpm']);
    expect(looked.map(({ path }) => path)).toEqual(['', 'a/', 'b/']);
  });

  test.each<[string, Pages, Partial<typeof CRAWL_LIMITS>, readonly string[], RegExp]>([
    [
      'directories',
      { '': links('a/', 'b/', 'c/'), 'a/': links('1.rpm') },
      { directories: 2 },
      ['a/1.rpm'],
      /2 directories beyond 2/,
    ],
    ['packages', { '': links('1.rpm', '2.rpm', '3.rpm') }, { files: 2 }, ['1.rpm', '2.rpm'], /1 packages beyond 2/],
    [
      'depth',
      { '': links('a/'), 'a/': links('1.rpm', 'b/', 'c/') },
      { depth: 1 },
      ['a/1.rpm'],
      /2 directories lie deeper/,
    ],
  ])('ends at so many %s, and says so', async (_what, pages, limits, expected, told) => {
    const { packages, flaws } = await walk(pages, limits);
    expect(packages).toEqual(expected);
    expect(flaws.map(({ reason }) => reason).join('\n')).toMatch(told);
  });

  test('of a directory that holds itself ends at once', async () => {
    const page = links('self/', 'P/', '1.rpm');
    const { packages, flaws } = await walk({ '': page, 'self/': page, 'P/': links('2.rpm') });
    expect(packages).toEqual(['1.rpm', 'P/2.rpm']);
    expect(flaws).toMatchObject([{ where: 'self/', reason: expect.stringContaining('a loop') as string }]);
    expect(server.log).toHaveLength(3);
  });

  test('passes over a directory that is closed, whose page another server has, or that is packed oddly', async () => {
    server.always('closed/', status(403));
    server.always(
      'away/',
      (_request, response) => void response.writeHead(302, { location: 'http://192.0.2.1/' }).end(),
    );
    server.always('bad/', serveBytes(Buffer.from(links('x.rpm')), { 'content-encoding': 'gzip' }));
    server.always('torn/', serveBytes(gzipSync(links('y.rpm')).subarray(0, 20), { 'content-encoding': 'gzip' }));
    server.always('bomb/', serveBytes(gzipSync(Buffer.alloc(80_000_000)), { 'content-encoding': 'gzip' }));
    server.always('packed/', serveBytes(gzipSync(links('x.rpm')), { 'content-encoding': 'gzip' }));
    const { packages, flaws } = await walk({
      '': links('closed/', 'away/', 'bad/', 'torn/', 'bomb/', 'packed/', '1.rpm'),
    });
    expect(packages).toEqual(['1.rpm', 'bad/x.rpm', 'packed/x.rpm']);
    expect(flaws.map(({ what, where }) => `${what} ${where}`).toSorted()).toEqual([
      'missing away/ (index page)',
      'missing closed/ (index page)',
      'refused bomb/ (index page)',
      'refused torn/ (index page)',
    ]);
  });

  test('asks again for a page that breaks off, and fails where a server does not answer', async () => {
    server.next('', breakHalfWay);
    expect((await walk({ '': links('1.rpm') })).packages).toEqual(['1.rpm']);
    server.always('a/', status(503));
    await expect(walk({ '': links('a/', '1.rpm') })).rejects.toThrow(/503/);
  });

  test('of 100,000 links leaves others their turns', async () => {
    const many = links(...Array.from({ length: 100_000 }, (_, at) => `p-${at}.rpm`));
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    const { packages } = await walk({ '': many });
    clearInterval(timer);
    expect(packages).toHaveLength(100_000);
    expect(turns).toBeGreaterThan(3);
  });

  test('refuses a page beyond all bounds', async () => {
    server.always(
      'huge/',
      (_request, response) => void response.writeHead(200, { 'content-length': 1e12 }).write('<a>'),
    );
    const { packages, flaws } = await walk({ '': links('huge/', '1.rpm') });
    expect(packages).toEqual(['1.rpm']);
    expect(flaws).toMatchObject([{ what: 'refused', where: 'huge/ (index page)' }]);
  });
});
