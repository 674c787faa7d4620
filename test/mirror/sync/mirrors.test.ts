// An upstream of several real mirrors: which is asked, what a metalink makes of their answers, and that a bad one is left.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { openUpstream } from '../../../mirror/sync/fetcher.ts';
import type { Upstream, UpstreamTarget } from '../../../mirror/sync/upstream.ts';
import { breakHalfWay, startUpstream, status, type FakeUpstream, type Trick } from '../../support/fake-upstream.ts';
import { fetchText, SOON } from '../../support/fetching.ts';
import { metalinkXml, type Edition } from '../../support/metalink.ts';

const REPOMD = 'repodata/repomd.xml';
const ASC = 'repodata/repomd.xml.asc';
const bytes = (text: string): Buffer => Buffer.from(text);

describe('an upstream of mirrors', () => {
  const newest = '<repomd newest="1"/>';
  const older = '<repomd older="1"/>';
  const files = (repomd: string, of: string) =>
    new Map([
      [REPOMD, bytes(repomd)],
      [ASC, bytes(`signature of ${of}`)],
      ['a.rpm', bytes('content')],
    ]);
  let list: FakeUpstream;
  let mirrors: readonly [FakeUpstream, FakeUpstream, FakeUpstream];
  let upstream: Upstream;
  beforeEach(async () => {
    list = await startUpstream(new Map());
    mirrors = [
      await startUpstream(files(newest, 'first')),
      await startUpstream(files(newest, 'second')),
      await startUpstream(files(newest, 'third')),
    ];
  });
  afterEach(async () => {
    await upstream.close();
    for (const server of [list, ...mirrors]) await server.close();
  });
  const open = (kind: 'mirrorlist' | 'metalink', content: Buffer, more: Partial<UpstreamTarget> = {}): void => {
    list.serve(new Map([['list', content]]));
    upstream = openUpstream({ upstream: `${list.url}list`, kind, ...more }, SOON);
  };
  const openList = (more: Partial<UpstreamTarget> = {}): void =>
    open('mirrorlist', bytes(mirrors.map(({ url }) => url).join('\n')), more);
  const openMetalink = (alternates: readonly Edition[] = []): void => {
    const urls = mirrors.map(({ url }, index) => [`${url}${REPOMD}`, 100 - index] as const);
    open('metalink', metalinkXml({ content: bytes(newest) }, Object.fromEntries(urls), alternates));
  };
  const get = (path: string) => fetchText(upstream, path);
  const asked = () => mirrors.map(({ log }) => log.map(({ path }) => path));

  test('asks the list once and the first mirror for everything', async () => {
    openList();
    expect(upstream.sources()).toBe(1);
    expect(await Promise.all(['a.rpm', 'a.rpm', REPOMD].map(get))).toEqual([
      'bytes: content',
      'bytes: content',
      `bytes: ${newest}`,
    ]);
    expect(list.log).toHaveLength(1);
    expect(upstream.sources()).toBe(3);
    expect(asked().map((paths) => paths.length)).toEqual([3, 0, 0]);
  });

  test.each<[string, Trick]>([
    ['has not got the file', status(404)],
    ['is out of order', status(503)],
    ['wants a login', status(401)],
    ['resets the connection', (_request, response) => void response.socket?.resetAndDestroy()],
    ['leads nowhere', (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end()],
  ])('goes on to the next where one %s, and stays there', async (_what, trick) => {
    openList();
    mirrors[0].always('a.rpm', trick);
    expect([await get('a.rpm'), await get('a.rpm')]).toEqual(['bytes: content', 'bytes: content']);
    expect(asked()).toEqual([['a.rpm'], ['a.rpm', 'a.rpm'], []]);
  });

  test('leaves a mirror that breaks off in the middle', async () => {
    openList();
    mirrors[0].next('a.rpm', breakHalfWay);
    expect(await get('a.rpm')).toBe('unavailable: the upstream broke off');
    expect(await get('a.rpm')).toBe('bytes: content');
    expect(asked()).toEqual([['a.rpm'], ['a.rpm'], []]);
  });

  test('says so where no mirror has it, and that waiting may help where one was out of order', async () => {
    openList();
    for (const mirror of mirrors) mirror.always('a.rpm', status(404));
    expect(await get('a.rpm')).toBe('absent: the upstream answered 404 (3 mirrors asked)');
    mirrors[1].always('a.rpm', status(503));
    expect(await get('a.rpm')).toBe('unavailable: the upstream answered 503 (3 mirrors asked)');
  });

  test('continues a part with another mirror, without the validator of the first', async () => {
    openList();
    await get(REPOMD);
    const source = mirrors[1].url;
    mirrors[0].always('a.rpm', status(503));
    const resume = { offset: 3, validator: '"first"', source: mirrors[0].url };
    expect(await fetchText(upstream, 'a.rpm', { resume })).toMatch(/^unavailable: ended after 4 of 7 bytes/);
    expect(mirrors[0].log.at(-1)).toMatchObject({ range: 'bytes=3-', ifRange: '"first"' });
    expect(mirrors[1].log.at(-1)).toMatchObject({ range: 'bytes=3-', ifRange: undefined });
    await fetchText(upstream, 'a.rpm', { resume: { ...resume, source } });
    expect(mirrors[1].log.at(-1)).toMatchObject({ range: 'bytes=3-', ifRange: '"first"' });
  });

  test('who sent bad content is asked last', async () => {
    openList();
    await get('a.rpm');
    expect(await fetchText(upstream, 'a.rpm', { avoid: [mirrors[0].url] })).toBe('bytes: content');
    expect(asked()).toEqual([['a.rpm'], ['a.rpm'], []]);
  });

  test('takes repomd.xml and its signature from the same mirror, or no signature', async () => {
    openList();
    mirrors[0].next(REPOMD, status(503));
    expect([await get(REPOMD), await get(ASC)]).toEqual([`bytes: ${newest}`, 'bytes: signature of second']);
    mirrors[1].always(ASC, status(404));
    expect(await get(ASC)).toBe('absent: the upstream answered 404');
    expect(asked()).toEqual([[REPOMD], [REPOMD, ASC, ASC], []]);
  });

  test('reads repomd.xml again from the mirror it came from', async () => {
    openList();
    mirrors[0].next(REPOMD, status(503));
    await get(REPOMD);
    await get('a.rpm');
    mirrors[1].next('a.rpm', status(503));
    await get('a.rpm');
    expect(await get(REPOMD)).toBe(`bytes: ${newest}`);
    expect(mirrors[1].log.filter(({ path }) => path === REPOMD)).toHaveLength(2);
  });

  test('a login is for the list, not for the mirrors it names', async () => {
    openList({ login: { user: 'ann', password: 'word' } });
    await get('a.rpm');
    expect(list.log[0]?.headers.authorization).toMatch(/^Basic /);
    expect(mirrors[0].log[0]?.headers.authorization).toBeUndefined();
  });

  describe('by a metalink', () => {
    test('passes over mirrors with an older or another repomd.xml, and fetches packages from the one that has it', async () => {
      openMetalink();
      mirrors[0].serve(files(older, 'first'));
      mirrors[1].serve(files('<repomd newest="2"/>', 'second'));
      expect([await get(REPOMD), await get(ASC), await get('a.rpm')]).toEqual([
        `bytes: ${newest}`,
        'bytes: signature of third',
        'bytes: content',
      ]);
      expect(asked()).toEqual([[REPOMD], [REPOMD], [REPOMD, ASC, 'a.rpm']]);
    });

    test('takes an older edition that still counts only where nobody has the newest', async () => {
      openMetalink([{ content: bytes(older) }]);
      mirrors[0].serve(files(older, 'first'));
      expect(await get(REPOMD)).toBe(`bytes: ${newest}`);
      for (const mirror of mirrors) mirror.serve(files(older, 'each'));
      expect(await get(REPOMD)).toBe(`bytes: ${older}`);
    });

    test('believes no mirror where none has what it tells of, and asks for the list again', async () => {
      openMetalink();
      await get('a.rpm');
      for (const mirror of mirrors) mirror.serve(files(older, 'each'));
      expect(await get(REPOMD)).toBe(
        'unavailable: none of 3 mirrors asked has the repomd.xml that the metalink tells of',
      );
      expect(list.log).toHaveLength(2);
    });

    test('upstream publishes meanwhile: the new list is read, and the new repomd.xml is believed', async () => {
      openMetalink();
      expect(await get(REPOMD)).toBe(`bytes: ${newest}`);
      for (const mirror of mirrors) mirror.serve(files(older, 'each'));
      const urls = { [`${mirrors[0].url}${REPOMD}`]: 1 };
      list.serve(new Map([['list', metalinkXml({ content: bytes(older) }, urls)]]));
      expect(await get(REPOMD)).toBe(`bytes: ${older}`);
      expect(list.log).toHaveLength(2);
    });

    test('nothing new is told by the list alone: one request', async () => {
      openMetalink();
      const checksum = { type: 'sha256', digest: sha256Of(newest) } as const;
      expect(await fetchText(upstream, REPOMD, { condition: { checksum, etag: '"of some mirror"' } })).toBe(
        'unchanged: the metalink tells of the same repomd.xml',
      );
      expect([list.log.length, asked().flat()]).toEqual([1, []]);
    });

    test('something new is asked for without a condition', async () => {
      openMetalink();
      const checksum = { type: 'sha256', digest: sha256Of(older) } as const;
      expect(await fetchText(upstream, REPOMD, { condition: { checksum, etag: '"x"' } })).toBe(`bytes: ${newest}`);
      expect(mirrors[0].log[0]?.headers['if-none-match']).toBeUndefined();
    });

    test('a mirror that sends a repomd.xml without end costs that mirror alone', async () => {
      openMetalink();
      mirrors[0].always(REPOMD, (_request, response) => {
        const more = (): void =>
          void (response.destroyed ? undefined : response.write(Buffer.alloc(65_536), () => setImmediate(more)));
        more();
      });
      expect(await get(REPOMD)).toBe(`bytes: ${newest}`);
    });
  });

  describe('whose list', () => {
    test.each<[string, Trick, RegExp]>([
      ['is not there', status(404), /^refused: the mirrorlist: the upstream answered 404$/],
      ['is out of order', status(503), /^unavailable: the mirrorlist: the upstream answered 503$/],
      [
        'names nothing',
        (_request, response) => void response.end('# empty'),
        /^refused: names no mirror \(mirrorlist\)$/,
      ],
      [
        'is without end',
        (_request, response) => response.writeHead(200, { 'content-length': 10 * 1024 ** 3 }).flushHeaders(),
        /^refused: larger than 2097152 bytes/,
      ],
      [
        'leads to a link-local address',
        (_request, response) => void response.end('http://169.254.169.254/latest/\n'),
        /^refused: the mirrorlist leads nowhere: a redirect to a link-local address$/,
      ],
    ])('%s', async (_what, trick, reason) => {
      openList();
      list.always('list', trick);
      expect(await get('a.rpm')).toMatch(reason);
    });

    test('comes at the second try', async () => {
      openList();
      list.next('list', status(503));
      expect([await get('a.rpm'), await get('a.rpm')]).toEqual([
        'unavailable: the mirrorlist: the upstream answered 503',
        'bytes: content',
      ]);
    });
  });
});
