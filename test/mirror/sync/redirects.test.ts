// Where a redirect of an upstream may lead, and that what no checksum covers is never another server's answer.

import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { guardRedirects, RefusedAddress } from '../../../mirror/sync/guard/fetcher.ts';
import { quietLog } from '../../../server/log.ts';
import { startUpstream, status, type FakeUpstream, type Trick } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type FixturePackage } from '../../support/repo-fixture.ts';
import { filesDigest, startBench, type SyncBench } from '../../support/sync-bench.ts';

const big: FixturePackage = { name: 'big', bytes: fixtureBytes('big', 5000) };
const BIG = 'Packages/big-1.0-1.noarch.rpm';
const ASC = 'repodata/repomd.xml.asc';
const KEY = 'repodata/repomd.xml.key';
const signature = Buffer.from('-----BEGIN PGP SIGNATURE-----\n');
const unsigned = buildRepo({ packages: [big] });
const signed = buildRepo({ packages: [big], signature });
const to = (location: string): Trick => {
  return (_request, response) => void response.writeHead(302, { location }).end();
};

describe('judge', () => {
  test.each<[string, string, string, string]>([
    ['http://a.example/x', 'y', 'anywhere', 'http://a.example/y'],
    ['http://a.example/x', '//b.example/y', 'anywhere', 'http://b.example/y'],
    ['http://a.example/x', 'https://b.example/y', 'anywhere', 'https://b.example/y'],
    ['https://a.example/x', 'http://a.example/x', 'anywhere', 'refused: a redirect from https to http'],
    ['http://a.example/x', 'file:///etc/passwd', 'anywhere', 'refused: a redirect to file:'],
    ['http://a.example/x', 'http://[', 'anywhere', 'refused: a redirect to no URL'],
    ['http://a.example/x', 'http://10.0.0.1/x', 'anywhere', 'http://10.0.0.1/x'],
    ['http://a.example/x', 'http://127.0.0.1/x', 'anywhere', 'refused: a redirect to a loopback address'],
    ['http://a.example/x', 'http://0x7f.1/x', 'anywhere', 'refused: a redirect to a loopback address'],
    ['http://a.example/x', 'http://[::1]/x', 'anywhere', 'refused: a redirect to a loopback address'],
    ['http://a.example/x', 'http://[::ffff:127.9.9.9]/x', 'anywhere', 'refused: a redirect to a loopback address'],
    ['http://a.example/x', 'http://169.254.169.254/x', 'anywhere', 'refused: a redirect to a link-local address'],
    ['http://a.example/x', 'http://[fe80::1]/x', 'anywhere', 'refused: a redirect to a link-local address'],
    ['http://a.example/x', 'http://localhost/x', 'anywhere', 'refused: a redirect to a loopback address'],
    ['http://a.example/x', 'http://db.LOCALHOST./x', 'anywhere', 'refused: a redirect to a loopback address'],
    ['http://a.example/x', 'http://notlocalhost/x', 'anywhere', 'http://notlocalhost/x'],
    ['http://localhost/x', 'http://127.0.0.1/x', 'anywhere', 'http://127.0.0.1/x'],
    ['http://a.example/x', 'http://0/x', 'anywhere', 'refused: a redirect to an unspecified address'],
    ['http://a.example/x', 'http://[::]/x', 'anywhere', 'refused: a redirect to an unspecified address'],
    ['http://127.0.0.1:1/x', 'http://127.0.0.2:2/x', 'anywhere', 'http://127.0.0.2:2/x'],
    ['http://127.0.0.1:1/x', 'http://[::1]:2/x', 'anywhere', 'http://[::1]:2/x'],
    ['http://127.0.0.1/x', 'http://169.254.0.1/x', 'anywhere', 'refused: a redirect to a link-local address'],
    ['http://a.example/x', '/y', 'own-server', 'http://a.example/y'],
    ['http://a.example/x', 'https://a.example/y', 'own-server', 'https://a.example/y'],
    ['http://a.example/x', 'http://b.example/y', 'own-server', 'elsewhere: a redirect to another server'],
    ['http://a.example/x', 'http://a.example:8080/y', 'own-server', 'elsewhere: a redirect to another server'],
    ['http://a.example:80/x', 'https://a.example:8443/y', 'own-server', 'elsewhere: a redirect to another server'],
    ['http://a.example/x', 'http://127.0.0.1/y', 'own-server', 'elsewhere: a redirect to another server'],
  ])('%s → %s, %s: %s', (from, location, redirects, expected) => {
    const url = new URL(from);
    const judged = guardRedirects(url).judge(url, { location, redirects: redirects as 'anywhere' | 'own-server' });
    expect(judged.kind === 'follow' ? judged.url.href : `${judged.kind}: ${judged.reason}`).toBe(expected);
  });
});

test('own-server means the mirror that was asked, where a list named it', () => {
  const home = new URL('http://mirror.example/repo/');
  const guard = guardRedirects(new URL('http://list.example/list'));
  const judge = (location: string) => guard.judge(home, { location, redirects: 'own-server', home }).kind;
  expect(judge('http://mirror.example/moved')).toBe('follow');
  expect(judge('http://list.example/moved')).toBe('elsewhere');
});

describe('a name that a redirect leads to', () => {
  const ask = (base: string, name: string, all: boolean): Promise<unknown> =>
    new Promise((resolve) => {
      guardRedirects(new URL(base)).lookup(name, { all }, (error, found) => resolve(error?.message ?? found));
    });

  test.each([true, false])('and that means this machine is refused (all: %s)', async (all) => {
    expect(await ask('http://192.0.2.1/', 'localhost', all)).toBe('localhost is a loopback address');
  });

  test('and that means this machine is never connected to', async () => {
    const inside = await startUpstream(new Map([['secret', Buffer.from('secret')]]));
    const { lookup } = guardRedirects(new URL('http://192.0.2.1/'));
    const agent = new Agent({ connect: { lookup } });
    const asked = request(inside.url.replace('127.0.0.1', 'localhost'), { dispatcher: agent });
    await expect(asked).rejects.toThrow(RefusedAddress);
    expect(inside.log).toEqual([]);
    await agent.destroy();
    await inside.close();
  });

  test('is allowed where the upstream is there itself, by address or by the same name', async () => {
    expect(await ask('http://127.0.0.1/', 'localhost', true)).toEqual(expect.any(Array));
    expect(await ask('http://localhost/', 'localhost', false)).toMatch(/^(?:127\.0\.0\.1|::1)$/);
  });
});

describe('a sync', () => {
  let bench: SyncBench;
  let upstream: FakeUpstream;
  let other: FakeUpstream;
  const warnings: unknown[] = [];
  beforeEach(async () => {
    bench = await startBench();
    upstream = await startUpstream(signed);
    other = await startUpstream(new Map([['secret', Buffer.from('-----BEGIN PGP MESSAGE-----\nof another server')]]));
    warnings.splice(0);
  });
  afterEach(async () => {
    await other.close();
    await upstream.close();
    await bench.close();
  });
  const sync = () =>
    bench.sync(upstream.url, { log: { ...quietLog, warn: (_message, fields) => warnings.push(fields?.['file']) } });

  test.each([ASC, KEY])('%s of another server is left out and told, and that server is not asked', async (path) => {
    upstream.always(path, to(`${other.url}secret`));
    expect(await sync()).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(path === ASC ? unsigned : signed));
    expect(warnings).toEqual([path]);
    expect(other.log).toEqual([]);
  });

  test.each<[string, string, boolean]>([
    ['a page of text', '<html>not found</html>', false],
    ['nothing', '', false],
    ['white space first', '\r\n  -----BEGIN PGP PUBLIC KEY BLOCK-----\n', true],
  ])('a signature that is %s', async (_what, text, kept) => {
    const files = buildRepo({ packages: [big], signature: Buffer.from(text) });
    upstream.serve(files);
    expect(await sync()).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(kept ? files : unsigned));
    expect(warnings).toEqual(kept ? [] : [ASC]);
  });

  test('a signature that the same server sends elsewhere is kept', async () => {
    upstream.serve(new Map([...signed, ['moved', signature]]));
    upstream.always(ASC, to('/repo/moved'));
    expect(await sync()).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(signed));
  });

  test('a package of another server is fetched: its checksum covers it', async () => {
    other.serve(signed);
    upstream.always(BIG, to(`${other.url}${BIG}`));
    expect(await sync()).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(signed));
  });

  test('a package of a refused place ends it at once', async () => {
    upstream.next(BIG, to('http://169.254.169.254/latest/meta-data/'), status(404));
    expect(await sync()).toMatchObject({ kind: 'failed', file: BIG, reason: expect.stringContaining('link-local') });
  });
});
