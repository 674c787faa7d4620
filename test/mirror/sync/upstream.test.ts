// One question to a real web server, and every way it may be answered: conditions, logins, lies about length, drips, limits, faults.

import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openUpstream } from '../../../mirror/sync/fetcher.ts';
import { fetchSmall } from '../../../mirror/sync/small.ts';
import { discard, type FetchRequest, type Opened, type UpstreamTarget } from '../../../mirror/sync/upstream.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { LAST_MODIFIED, serveBytes, startUpstream, status, type FakeUpstream } from '../../support/fake-upstream.ts';
import { fetchOnce, fetchText, requestFor, SOON } from '../../support/fetching.ts';

const REPOMD = 'repodata/repomd.xml';
const repomd = Buffer.from('<repomd/>');
const big = Buffer.alloc(300_000, 'x');

let web: FakeUpstream;
beforeEach(async () => {
  web = await startUpstream(
    new Map([
      [REPOMD, repomd],
      ['big', big],
      ['a+b ~^:c', Buffer.from('odd')],
    ]),
  );
});
afterEach(() => web.close());

async function open(target: string | UpstreamTarget, request: FetchRequest): Promise<Opened> {
  const upstream = openUpstream(target, SOON);
  try {
    const opened = await upstream.open(request);
    if (opened.kind === 'body') await discard(opened);
    return opened;
  } finally {
    await upstream.close();
  }
}

describe('a condition', () => {
  const small = async (condition: FetchRequest['condition']) => {
    const upstream = openUpstream(web.url, SOON);
    const { signal } = new AbortController();
    const path = parseHref(REPOMD, REPOMD);
    try {
      return await fetchSmall(upstream, { path, limitBytes: 1000, redirects: 'anywhere', condition, signal });
    } finally {
      await upstream.close();
    }
  };

  test('nothing new is one request, answered without content', async () => {
    const first = await small(undefined);
    if (first.kind !== 'bytes') throw new Error(first.reason);
    expect(first.etag).toMatch(/^"[0-9a-f]{20}"$/);
    web.clearLog();
    expect(await small({ etag: first.etag })).toMatchObject({ kind: 'unchanged' });
    expect(web.log.map(({ headers }) => headers['if-none-match'])).toEqual([first.etag]);
  });

  test('something new is sent whole, with what tells of it', async () => {
    const first = await small({ etag: '"other"' });
    expect(first).toMatchObject({ kind: 'bytes', bytes: repomd });
  });

  test('a server without ETags is asked by date', async () => {
    web.next(REPOMD, serveBytes(repomd, { 'last-modified': LAST_MODIFIED }));
    const first = await small(undefined);
    expect(first).toMatchObject({ kind: 'bytes', etag: undefined, lastModified: LAST_MODIFIED });
    expect(await small({ lastModified: LAST_MODIFIED })).toMatchObject({ kind: 'unchanged' });
  });

  test('304 to a question without one is no answer', async () => {
    web.always(REPOMD, status(304));
    expect(await fetchOnce(web.url, REPOMD)).toBe('refused: the upstream answered 304');
  });
});

describe('a login', () => {
  const login = { user: 'ann', password: 'pä:ss' };
  const basic = `Basic ${Buffer.from('ann:pä:ss').toString('base64')}`;
  const sent = (server: FakeUpstream) => server.log.map(({ headers }) => headers.authorization);

  test('is told to the upstream, in UTF-8', async () => {
    await fetchOnce({ upstream: web.url, login }, REPOMD);
    expect(sent(web)).toEqual([basic]);
  });

  test('may stand in the URL', async () => {
    await fetchOnce(web.url.replace('//', '//ann:p%C3%A4%3Ass@'), REPOMD);
    expect(sent(web)).toEqual([basic]);
  });

  test('is not told to another server, nor to another port of the same', async () => {
    const other = await startUpstream(new Map([['x', repomd]]));
    web.always(REPOMD, (_request, response) => {
      response.writeHead(302, { location: `${other.url.replace('//', '//bob:word@')}x` }).end();
    });
    expect(await fetchOnce({ upstream: web.url, login }, REPOMD)).toBe('bytes: <repomd/>');
    expect([sent(web), sent(other)]).toEqual([[basic], [undefined]]);
    await other.close();
  });

  test('that is refused is said, and never shown', async () => {
    web.always(REPOMD, status(401));
    const answer = await fetchOnce({ upstream: web.url, login }, REPOMD);
    expect(answer).toBe('refused: the upstream answered 401: it wants a login, or not the one it was given');
  });
});

test('names are encoded once, and a query of the directory stays', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url);
    response.end('x');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a%20b?token=1`;
  const upstream = openUpstream(base, SOON);
  const opened = await upstream.open(requestFor('p/a+b~%5E%20c.rpm'));
  expect(opened).toMatchObject({ kind: 'body', source: base.replace('?token=1', '/') });
  await upstream.close();
  server.close();
  expect(seen).toEqual(['/a%20b/p/a+b~%5E%20c.rpm?token=1']);
});

test('nothing but the bytes themselves is asked for', async () => {
  await fetchOnce(web.url, REPOMD);
  expect(web.log[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', 'user-agent': 'kickstand' });
});

describe('a length that is a lie', () => {
  test('10 GiB, and nothing of it: not waited for where so much is not wanted', async () => {
    web.always(REPOMD, (_request, response) =>
      response.writeHead(200, { 'content-length': 10 * 1024 ** 3 }).flushHeaders(),
    );
    await expect(fetchOnce(web.url, REPOMD)).rejects.toThrow('larger than 4194304 bytes');
  });

  test('more is claimed than comes', async () => {
    web.always(REPOMD, (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.socket?.end());
    });
    expect(await fetchOnce(web.url, REPOMD)).toBe('unavailable: the upstream broke off');
  });

  test('more comes than was claimed: the rest is not read, and the next answer is the right one', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const isFirst = data.includes('GET /one');
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${isFirst ? 'onemore' : 'two'}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const upstream = openUpstream(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, SOON);
    expect(await fetchText(upstream, 'one')).toBe('bytes: one');
    expect(await fetchText(upstream, 'two')).toMatch(/^(?:bytes: two|unavailable: .*)$/);
    expect(await fetchText(upstream, 'two')).toBe('bytes: two');
    await upstream.close();
    server.close();
  });
});

describe('what does not come in time', () => {
  test('a drip is broken off: one byte now and then is no download', async () => {
    let drops = 0;
    const gone = new Promise<void>((resolve) => {
      web.always('big', (_request, response) => {
        response.writeHead(200, { 'content-length': big.length });
        const drop = (): void =>
          void (response.destroyed ? undefined : response.write('x', () => void setTimeout(drop, 5)));
        response.on('close', () => resolve());
        drops += 1;
        drop();
      });
    });
    const slow = { bytesPerSecond: 100_000, forMs: 60 };
    expect(await fetchOnce(web.url, 'big', { ...SOON, slow })).toBe('unavailable: the upstream is too slow');
    await gone;
    expect(drops).toBe(1);
  });

  test('headers that never come', async () => {
    web.always(REPOMD, () => {});
    const answer = await fetchOnce(web.url, REPOMD, { ...SOON, headersMs: 50 });
    expect(answer).toMatch(
      /^unavailable: 127\.0\.0\.1:\d+ took the request and did not answer in time \(UND_ERR_HEADERS/,
    );
  });

  test('an error page without end is let go', async () => {
    web.always(REPOMD, (_request, response) => {
      response.writeHead(404);
      const more = (): void =>
        void (response.destroyed ? undefined : response.write('x'.repeat(70_000), () => setImmediate(more)));
      more();
    });
    expect(await fetchOnce(web.url, REPOMD)).toBe('absent: the upstream answered 404');
  });

  test('503 says when to come again', async () => {
    web.always(REPOMD, (_request, response) => void response.writeHead(503, { 'retry-after': '3600' }).end());
    expect(await open(web.url, requestFor(REPOMD))).toMatchObject({ kind: 'unavailable', retryAfterMs: 3_600_000 });
    const upstream = openUpstream(web.url, SOON);
    const small = {
      path: parseHref(REPOMD, ''),
      limitBytes: 9,
      redirects: 'anywhere',
      signal: new AbortController().signal,
    } as const;
    await expect(fetchSmall(upstream, small)).rejects.toThrow('answered 503, and wants to be left alone for 3600 s');
    await upstream.close();
  });
});

describe('a rate limit', () => {
  test('holds for all downloads together', async () => {
    const upstream = openUpstream({ upstream: web.url, bytesPerSecond: 3_000_000 }, SOON);
    expect(upstream.connections).toBe(8);
    const startedMs = performance.now();
    const answers = await Promise.all([1, 2, 3, 4].map(() => fetchText(upstream, 'big')));
    const tookMs = performance.now() - startedMs;
    expect(answers.map((answer) => answer.length)).toEqual([1, 2, 3, 4].map(() => big.length + 'bytes: '.length));
    // 1.2 MB at 3 MB/s are 400 ms, of which a burst of 50 ms is free.
    expect(tookMs).toBeGreaterThan(345);
    await upstream.close();
  });

  test('a pause for it ends when the sync is stopped', async () => {
    const stop = new AbortController();
    const upstream = openUpstream({ upstream: web.url, bytesPerSecond: 1000 }, SOON);
    const asked = fetchText(upstream, 'big', { signal: stop.signal });
    const ended = expect(asked).rejects.toThrow('stopped');
    while (web.log.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    setImmediate(() => stop.abort(new Error('stopped')));
    await ended;
    await upstream.close();
  });
});

test('never more connections at once than the upstream allows', async () => {
  let open = 0;
  let most = 0;
  const server = createServer((_request, response) => void setImmediate(() => response.end('x')));
  server.on('connection', (socket) => {
    most = Math.max(most, (open += 1));
    socket.on('close', () => void (open -= 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const upstream = openUpstream({ upstream: url, connections: 3 }, SOON);
  await Promise.all(Array.from({ length: 40 }, (_none, at) => fetchText(upstream, `f${at}`)));
  expect([upstream.connections, most]).toEqual([3, 3]);
  await upstream.close();
  server.close();
});

describe('a fault says what to look at', () => {
  test('nobody at the port', async () => {
    const gone = await startUpstream(new Map());
    await gone.close();
    const { host } = new URL(gone.url);
    expect(await fetchOnce(gone.url, REPOMD)).toBe(
      `unavailable: ${host} refused the connection: does a server listen there? (ECONNREFUSED)`,
    );
  });

  test('a name that nobody knows', async () => {
    expect(await fetchOnce('http://no-such-host.invalid/', REPOMD)).toMatch(
      /^unavailable: the name of no-such-host\.invalid (?:is unknown|cannot be looked up)/,
    );
  });

  test('a reset', async () => {
    web.always(REPOMD, (_request, response) => void response.socket?.resetAndDestroy());
    expect(await fetchOnce(web.url, REPOMD)).toMatch(
      /^unavailable: 127\.0\.0\.1:\d+ closed the connection \((?:ECONNRESET|UND_ERR_SOCKET)\)$/,
    );
  });

  test('something that is no web server', async () => {
    const server = createTcpServer((socket) => void socket.on('error', () => {}).end('220 ftp ready\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(await fetchOnce(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, REPOMD)).toMatch(
      /^unavailable: 127\.0\.0\.1:\d+: Response does not match the HTTP\/1\.1 protocol/,
    );
    server.close();
  });
});

describe('a target that cannot be one', () => {
  test.each<[string, string | UpstreamTarget, RegExp]>([
    ['ftp', 'ftp://h/', /^cannot fetch from ftp: \(upstream\)$/],
    ['a relative path', 'repo', /^neither a URL nor an absolute path/],
    [
      'a proxy of another kind',
      { upstream: 'http://h/', proxy: 'socks5://p:1080' },
      /^cannot fetch through socks5: \(proxy\)$/,
    ],
    ['a proxy that is none', { upstream: 'http://h/', proxy: 'p:x:y' }, /\(proxy\)$/],
    [
      'a file without a certificate',
      { upstream: 'https://h/', ca: Buffer.from('hello') },
      /^holds no certificate in PEM form \(ca\)$/,
    ],
    [
      'a certificate that is broken',
      { upstream: 'https://h/', ca: Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') },
      /^its certificate 1 cannot be read: .*\(ca\)$/,
    ],
  ])('%s', (_what, target, reason) => {
    expect(() => openUpstream(target)).toThrow(reason);
  });
});
