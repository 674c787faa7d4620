// Through a real proxy: in full for http, by CONNECT for https, names looked up there, logins kept apart, refusals told.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openUpstream } from '../../../mirror/sync/fetcher.ts';
import { makeAuthority, type Authority } from '../../support/authority.ts';
import { startProxy, type FakeProxy } from '../../support/fake-proxy.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { fetchOnce, fetchText, SOON } from '../../support/fetching.ts';
import { needs } from '../../support/lab-needs.ts';

const { skip, note } = needs(['openssl'], 'none');
const FILES = new Map([['a.rpm', Buffer.from('content')]]);
/** Only the proxy knows this name. */
const NAME = 'mirror.invalid';
const named = (url: string): string => url.replace('127.0.0.1', NAME);

let web: FakeUpstream;
let proxy: FakeProxy;
beforeEach(async () => {
  web = await startUpstream(FILES);
  proxy = await startProxy({ resolve: (name) => (name === NAME ? '127.0.0.1' : name) });
});
afterEach(async () => {
  await proxy.close();
  await web.close();
});

test('http is asked for in full, by a name that only the proxy knows', async () => {
  expect(await fetchOnce({ upstream: named(web.url), proxy: proxy.url }, 'a.rpm')).toBe('bytes: content');
  expect(proxy.log).toEqual([`GET ${named(web.url)}a.rpm`]);
  expect(web.log[0]?.headers.host).toBe(new URL(named(web.url)).host);
});

test("the environment's proxies are not used, nor their exceptions", async () => {
  const before = { ...process.env };
  Object.assign(process.env, { http_proxy: 'http://127.0.0.1:1/', HTTP_PROXY: 'http://127.0.0.1:1/', no_proxy: '*' });
  try {
    expect(await fetchOnce(web.url, 'a.rpm')).toBe('bytes: content');
    expect(await fetchOnce({ upstream: web.url, proxy: proxy.url }, 'a.rpm')).toBe('bytes: content');
    expect(proxy.log).toHaveLength(1);
  } finally {
    process.env = before;
  }
});

test('the limit of connections holds at the proxy too', async () => {
  const upstream = openUpstream({ upstream: web.url, proxy: proxy.url, connections: 2 }, SOON);
  await Promise.all(Array.from({ length: 20 }, () => fetchText(upstream, 'a.rpm')));
  expect(proxy.connections()).toBe(2);
  await upstream.close();
});

test('an upstream that does not answer behind it is given up in time', async () => {
  web.always('a.rpm', () => {});
  const answer = await fetchOnce({ upstream: web.url, proxy: proxy.url }, 'a.rpm', { ...SOON, headersMs: 50 });
  expect(answer).toMatch(/^unavailable: .* took the request and did not answer in time/);
});

describe('a login', () => {
  test('of the proxy goes to the proxy, that of the upstream to the upstream', async () => {
    const closed = await startProxy({ resolve: (name) => name, login: 'pat:se cret' });
    const login = { user: 'ann', password: 'word' };
    const url = closed.url.replace('//', '//pat:se%20cret@');
    expect(await fetchOnce({ upstream: web.url, proxy: url, login }, 'a.rpm')).toBe('bytes: content');
    expect(web.log[0]?.headers).toMatchObject({ authorization: `Basic ${Buffer.from('ann:word').toString('base64')}` });
    expect(web.log[0]?.headers['proxy-authorization']).toBeUndefined();
    await closed.close();
  });

  test('that the proxy wants is said, without the one it was given', async () => {
    const closed = await startProxy({ resolve: (name) => name, login: 'pat:secret' });
    const { host } = new URL(closed.url);
    const answer = await fetchOnce({ upstream: web.url, proxy: closed.url.replace('//', '//pat:wrong@') }, 'a.rpm');
    expect(answer).toBe(`refused: the proxy ${host} wants a login, or not the one it was given (407)`);
    await closed.close();
  });
});

test('a proxy that is not there is named, not the upstream', async () => {
  await proxy.close();
  const { host } = new URL(proxy.url);
  expect(await fetchOnce({ upstream: named(web.url), proxy: proxy.url }, 'a.rpm')).toBe(
    `unavailable: the proxy ${host} refused the connection: does a server listen there? (ECONNREFUSED)`,
  );
  proxy = await startProxy({ resolve: (name) => name });
});

test.each([
  ['http://127.0.0.1:1/x', 'refused: a redirect to a loopback address'],
  ['http://localhost:1/x', 'refused: a redirect to a loopback address'],
  ['http://169.254.169.254/x', 'refused: a redirect to a link-local address'],
  ['file:///etc/passwd', 'refused: a redirect to file:'],
])('a redirect to %s is refused before the proxy hears of it', async (location, reason) => {
  web.always('a.rpm', (_request, response) => void response.writeHead(302, { location }).end());
  expect(await fetchOnce({ upstream: named(web.url), proxy: proxy.url }, 'a.rpm')).toBe(reason);
  expect(proxy.log).toHaveLength(1);
});

describe.skipIf(skip)(`https${note}`, () => {
  let authority: Authority;
  let secure: FakeUpstream;
  beforeAll(async () => {
    authority = await makeAuthority();
    secure = await startUpstream(FILES, { tls: await authority.certify({ names: `DNS:${NAME}` }) });
  });
  afterAll(async () => {
    await secure.close();
    await authority.close();
  });

  test('goes through by CONNECT, its certificate checked at our end', async () => {
    const target = { upstream: named(secure.url), proxy: proxy.url, ca: authority.pem };
    expect(await fetchOnce(target, 'a.rpm')).toBe('bytes: content');
    expect(proxy.log).toEqual([`CONNECT ${new URL(named(secure.url)).host}`]);
  });

  test('that the proxy answers in the place of the upstream is not believed', async () => {
    const { host } = new URL(named(secure.url));
    expect(await fetchOnce({ upstream: named(secure.url), proxy: proxy.url }, 'a.rpm')).toMatch(
      new RegExp(`^refused: the certificate of ${host} is of an authority that is not believed here`),
    );
  });

  test.each([
    [403, /^refused: the proxy 127\.0\.0\.1:\d+ does not connect to this server \(403\)$/],
    [502, /^unavailable: the proxy 127\.0\.0\.1:\d+ does not connect to this server \(502\)$/],
    [407, /^refused: the proxy 127\.0\.0\.1:\d+ wants a login, or not the one it was given \(407\)$/],
  ])('a proxy that answers CONNECT with %i', async (status, reason) => {
    proxy.refuse(status);
    expect(await fetchOnce({ upstream: named(secure.url), proxy: proxy.url, ca: authority.pem }, 'a.rpm')).toMatch(
      reason,
    );
  });
});
