// What really goes over the wire: content, listings, escapes, scattered files, bytes from memory.

import fc from 'fast-check';
import { link, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FilePlace } from '../../../mirror/content/place.ts';
import { sendBytes } from '../../../mirror/content/routes.ts';
import {
  ask,
  askRaw,
  makeDirectory,
  multipartParts,
  patternBytes,
  removeDirectory,
  serve,
  serveContent,
  servePlace,
} from './rig.ts';

type Site = Awaited<ReturnType<typeof serveContent>>;

const LARGE = patternBytes(3_000_000);
let root = '';
let site: Site;

beforeAll(async () => {
  root = await makeDirectory({
    'repodata/repomd.xml': '<repomd/>',
    'large.iso': LARGE,
    'small.rpm': patternBytes(10),
    'Packages/a+b.rpm': 'plus',
    'Packages/<b>"&\'%2e;é.rpm': 'hostile',
    'Packages/back\\slash': 'shown, not linked',
    'Packages/..%2f..%2fx': 'literal percent',
    empty: '',
  });
  await symlink('/etc/passwd', join(root, 'escape'));
  await symlink('..', join(root, 'up'));
  await symlink('Packages', join(root, 'Server'));
  await mkdir(join(root, 's2'));
  await link(join(root, 'small.rpm'), join(root, 's2/small.rpm'));
  site = await serveContent(root);
});

afterAll(async () => {
  await site.close();
  await removeDirectory(root);
});

describe('content', () => {
  test.each([
    ['/repos/base/repodata/repomd.xml', 200],
    ['/repos/base@s1/repodata/repomd.xml', 200],
    ['/4.0/repodata/repomd.xml', 200],
    ['/pub/os/repodata/repomd.xml', 200],
    ['//trees//dvd//repodata/repomd.xml', 200],
    ['/trees/dvd/Server/a+b.rpm', 200],
    ['/repos/base@s9/repodata/repomd.xml', 404],
    ['/repos/other/x', 404],
    ['/trees/base/x', 404],
    ['/trees/dvd/escape', 404],
    ['/trees/dvd/up/x', 404],
    ['/pub/x', 418],
    ['/', 418],
  ])('%s is %i', async (path, status) => {
    expect((await ask(site.port, path)).status).toBe(status);
  });

  test('an error is a problem with a reason and a remedy', async () => {
    const { headers, body } = await ask(site.port, '/repos/other/x');
    expect(headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(body.toString())).toMatchObject({
      status: 404,
      detail: 'no repo other',
      remedy: 'kickstand repo list',
    });
  });

  test('a method that writes is refused before anything is looked up', async () => {
    const { status, headers } = await ask(site.port, '/repos/other/x', { method: 'PUT' });
    expect([status, headers.allow, headers.connection]).toEqual([405, 'GET, HEAD', 'close']);
  });

  test('a hard link in another snapshot has the same tag', async () => {
    const one = await ask(site.port, '/repos/base/small.rpm');
    const other = await ask(site.port, '/repos/base/s2/small.rpm');
    expect(one.headers.etag).toBe(other.headers.etag);
  });

  test.each([
    ['GET', '/repos/base/small.rpm'],
    ['HEAD', '/repos/base/small.rpm'],
    ['GET', '/4.0/repodata/repomd.xml?x'],
    ['GET', '/trees/dvd/empty'],
    ['GET', '/trees/dvd/Packages/a+b.rpm'],
  ])('%s %s without a parser, once it is known, as with one', async (method, path) => {
    const count = (): number => site.parsed.filter((target) => target === path).length;
    await vi.waitFor(async () => {
      const before = count();
      await ask(site.port, path, { method });
      expect(count()).toBe(before);
    });
    const [plain, served] = [await ask(site.port, path, { method }), site.served.at(-1)];
    const before = count();
    const parsed = await ask(site.port, path, { method, headers: { 'X-Other': '1' } });
    expect(count()).toBe(before + 1);
    const undated = (answer: typeof plain) => ({ ...answer, headers: { ...answer.headers, date: '' } });
    expect(undated(plain)).toEqual(undated({ ...parsed, headers: { ...parsed.headers, 'keep-alive': 'timeout=75' } }));
    expect(site.served.at(-1)).toEqual(served);
  });

  test('what was served is reported', async () => {
    await ask(site.port, '/4.0//small.rpm?x=1', { headers: { Range: 'bytes=1-3' } });
    // A report comes behind its answer: those of earlier questions may still be on their way.
    const own = () => site.served.filter(({ path, bytes }) => path === '/4.0/small.rpm' && bytes === 3);
    await vi.waitFor(() => expect(own()).toHaveLength(1));
    expect(own()[0]).toEqual({
      method: 'GET',
      path: '/4.0/small.rpm',
      status: 206,
      bytes: 3,
      complete: true,
      fault: undefined,
      remote: '127.0.0.1',
    });
  });
});

describe('listing', () => {
  test('links are absolute, so right with and without the slash at the end', async () => {
    const [bare, slash] = [await ask(site.port, '/4.0/Packages'), await ask(site.port, '/4.0/Packages/')];
    expect(bare.body.toString()).toBe(slash.body.toString());
    expect(bare.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(bare.body.toString()).toContain('<a href="/4.0/Packages/a%2Bb.rpm">a+b.rpm</a> <small>4</small>');
    expect(bare.body.toString()).toContain('<a href="/4.0/">../</a>');
    expect((await ask(site.port, '/4.0')).body.toString()).not.toContain('../');
  });

  test('every link leads to its file, whatever the name; no name becomes markup', async () => {
    const page = (await ask(site.port, '/trees/dvd/Packages/')).body.toString();
    expect(page).not.toContain('<b>');
    expect(page).toContain('&#60;b&#62;&#34;&#38;&#39;%2e;é.rpm');
    const links = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(links).toHaveLength(4); // the parent and three files; the backslash name is only shown
    for (const url of links) expect((await ask(site.port, url)).status).toBe(200);
    expect(page).toContain('<li>back\\slash <small>');
  });
});

describe('escapes, sent as they are', () => {
  test.each([
    ['/trees/dvd/../../etc/passwd'],
    ['/trees/dvd/../dvd/empty'],
    ['/trees/../../../../etc/passwd'],
    ['/../../../etc/passwd'],
    ['/trees/dvd/%2e%2e/%2e%2e/etc/passwd'],
    ['/trees/dvd/..%2f..%2fetc/passwd'],
    ['/trees/dvd/..%5c..%5cetc/passwd'],
    ['/trees/dvd/..\\..\\etc\\passwd'],
    ['/trees/dvd/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd'],
    ['/trees/dvd/%252e%252e/%252e%252e/etc/passwd'],
    ['/trees/dvd/..;/..;/etc/passwd'],
    ['/trees/dvd/.../etc/passwd'],
    ['/trees/dvd//etc/passwd'],
    ['/trees/dvd//../../etc/passwd'],
    ['/trees/dvd/etc/passwd%00.rpm'],
    ['/trees/..%00/etc/passwd'],
    ['/trees//etc/passwd'],
    ['/repos/base@../../etc/passwd'],
    ['/repos/base@%2e%2e/passwd'],
    ['/4.0/../etc/passwd'],
    ['/4.0%2f..%2fetc/passwd'],
    ['http://h/trees/dvd/../../etc/passwd'],
    ['http://h/../etc/passwd'],
    ['/trees/dvd/escape'],
    ['/trees/dvd/up/etc/passwd'],
    ['/trees/dvd/file:///etc/passwd'],
    ['/trees/dvd/empty#/../../etc/passwd'],
  ])('%s', async (target) => {
    const answer = await askRaw(site.port, `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (?:400|404|418) /);
    expect(answer).not.toContain('root:');
  });

  test('the absolute form is content too', async () => {
    const answer = await askRaw(
      site.port,
      'GET http://h:1/4.0/Packages/a%2bb.rpm HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nplus$/);
  });
});

/** A file that lies scattered over a larger one, as in an ISO with several extents. */
async function scatteredPlace(extents: FilePlace['extents']): Promise<{ place: FilePlace; content: Buffer }> {
  const sizeBytes = extents.reduce((sum, { length }) => sum + length, 0);
  const content = Buffer.concat(extents.map(({ offset, length }) => LARGE.subarray(offset, offset + length)));
  const place = { kind: 'file', file: join(root, 'large.iso'), extents, sizeBytes, modifiedMs: 1e12 } as const;
  return { place, content };
}

describe('a place of several extents', () => {
  const EXTENTS = [
    { offset: 2_048_000, length: 700_001 },
    { offset: 4096, length: 1 },
    { offset: 300_000, length: 0 },
    { offset: 8192, length: 550_000 },
  ];

  test('any ranges of it are the naive slices', async () => {
    const { place, content } = await scatteredPlace(EXTENTS);
    const server = await servePlace(place);
    const at = fc.integer({ min: 0, max: content.byteLength - 1 });
    const pair = fc.tuple(at, at).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(pair, { minLength: 1, maxLength: 4, selector: ([a]) => a }), async (pairs) => {
        const apart = withoutOverlaps(pairs);
        const answer = await ask(server.port, '/', {
          headers: { Range: `bytes=${apart.map((p) => p.join('-')).join(',')}` },
        });
        expect(answer.status).toBe(206);
        expect(answer.headers['content-length']).toBe(String(answer.body.byteLength));
        const parts = apart.length === 1 ? [{ bytes: answer.body }] : multipartParts(answer);
        expect(parts).toHaveLength(apart.length);
        apart.forEach(([a, b], i) =>
          expect(content.subarray(a, b + 1).equals(parts[i]?.bytes ?? Buffer.alloc(0))).toBe(true),
        );
      }),
      { numRuns: 40 },
    );
    await server.close();
  });

  test('the whole of it, and 256 ranges at once as a zchunk client asks', async () => {
    const { place, content } = await scatteredPlace(EXTENTS);
    const server = await servePlace(place);
    expect((await ask(server.port, '/')).body.equals(content)).toBe(true);
    const starts = Array.from({ length: 256 }, (_, i) => i * 4000);
    const answer = await ask(server.port, '/', {
      headers: { Range: `bytes=${starts.map((s) => `${s}-${s + 99}`).join(',')}` },
    });
    const parts = multipartParts(answer);
    expect(parts.map(({ range }) => range)).toEqual(starts.map((s) => `${s}-${s + 99}/${content.byteLength}`));
    expect(parts.every(({ bytes }, i) => bytes.equals(content.subarray(i * 4000, i * 4000 + 100)))).toBe(true);
    await server.close();
  });

  test('offsets beyond 4 GiB are exact', async () => {
    const file = join(root, 'dvd.iso');
    const handle = await open(file, 'w');
    await handle.write('end of the medium', 5_000_000_000);
    await handle.close();
    const extents = [
      { offset: 4096, length: 4_999_995_904 },
      { offset: 5_000_000_000, length: 17 },
    ];
    const server = await servePlace({ kind: 'file', file, extents, sizeBytes: 4_999_995_921, modifiedMs: 1e12 });
    const answer = await ask(server.port, '/', { headers: { Range: 'bytes=4999995900-' } });
    expect(answer.headers['content-range']).toBe('bytes 4999995900-4999995920/4999995921');
    expect(answer.body.toString()).toBe('\0\0\0\0end of the medium');
    await server.close();
  });

  test('the tags of two files of one image differ', async () => {
    const [one, other] = [
      await scatteredPlace([{ offset: 2048, length: 9 }]),
      await scatteredPlace([{ offset: 4096, length: 9 }]),
    ];
    const servers = [await servePlace(one.place), await servePlace(other.place)];
    const tags = await Promise.all(servers.map(async ({ port }) => (await ask(port, '/')).headers.etag));
    expect(tags[0]).not.toBe(tags[1]);
    for (const server of servers) await server.close();
  });
});

function withoutOverlaps(pairs: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  return pairs.filter(([a, b], i) => pairs.slice(0, i).every(([c, d]) => b < c || d < a));
}

describe('sendBytes', () => {
  test('is planned like a file: ranges, conditions, a tag of the bytes', async () => {
    const server = await serve((request, response) => {
      void sendBytes(request, response, { bytes: Buffer.from('#!ipxe\n'), contentType: 'text/plain', modifiedMs: 0 });
    });
    const whole = await ask(server.port, '/');
    expect([whole.status, whole.body.toString(), whole.headers['content-type']]).toEqual([
      200,
      '#!ipxe\n',
      'text/plain',
    ]);
    expect((await ask(server.port, '/', { headers: { Range: 'bytes=2-5' } })).body.toString()).toBe('ipxe');
    const again = await ask(server.port, '/', { headers: { 'If-None-Match': whole.headers.etag ?? '' } });
    expect([again.status, again.body.byteLength]).toEqual([304, 0]);
    const head = await ask(server.port, '/', { method: 'HEAD' });
    expect([head.headers['content-length'], head.body.byteLength]).toEqual(['7', 0]);
    await server.close();
  });
});
