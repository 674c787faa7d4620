// https with certificates made here: who is believed, by which file, and what is said where somebody is not.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthority, type Authority, type CertificateWish } from '../../support/authority.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { fetchOnce } from '../../support/fetching.ts';
import { needs } from '../../support/lab-needs.ts';

const { skip, note } = needs(['openssl'], 'none');
const FILES = new Map([['a.rpm', Buffer.from('content')]]);
const HERE = 'IP:127.0.0.1,DNS:localhost';

describe.skipIf(skip)(`https${note}`, () => {
  let authority: Authority;
  let other: Authority;
  const started: FakeUpstream[] = [];
  const start = async (by: Authority, wish: CertificateWish): Promise<FakeUpstream> => {
    const server = await startUpstream(FILES, { tls: await by.certify(wish) });
    started.push(server);
    return server;
  };
  beforeAll(async () => {
    [authority, other] = await Promise.all([makeAuthority(), makeAuthority()]);
  });
  afterAll(async () => {
    for (const server of started) await server.close();
    await authority.close();
    await other.close();
  });

  test('an authority that is named is believed', async () => {
    const { url } = await start(authority, { names: HERE });
    expect(await fetchOnce({ upstream: url, ca: authority.pem }, 'a.rpm')).toBe('bytes: content');
    const both = Buffer.concat([other.pem, Buffer.from('\nsome words between\n'), authority.pem]);
    expect(await fetchOnce({ upstream: url, ca: both }, 'a.rpm')).toBe('bytes: content');
  });

  test('one that is not named is not, and the remedy is said', async () => {
    const { url } = await start(authority, { names: HERE });
    const reason = `refused: the certificate of ${new URL(url).host} is of an authority that is not believed here: name that authority's PEM file as "ca"`;
    expect(await fetchOnce({ upstream: url }, 'a.rpm')).toContain(reason);
    expect(await fetchOnce({ upstream: url, ca: other.pem }, 'a.rpm')).toContain(reason);
  });

  test('a certificate that has expired', async () => {
    const { url } = await start(authority, { names: HERE, expired: true });
    expect(await fetchOnce({ upstream: url, ca: authority.pem }, 'a.rpm')).toMatch(
      /^refused: the certificate of 127\.0\.0\.1:\d+ has expired, or this machine's clock is wrong \(CERT_HAS_EXPIRED\)$/,
    );
  });

  test('a certificate of another name', async () => {
    const { url } = await start(authority, { names: 'DNS:elsewhere.example' });
    expect(await fetchOnce({ upstream: url, ca: authority.pem }, 'a.rpm')).toMatch(
      /^refused: the certificate of 127\.0\.0\.1:\d+ is for other names \(.*127\.0\.0\.1.*\) \(ERR_TLS_CERT_ALTNAME_INVALID\)$/,
    );
  });

  test('an http server asked for https', async () => {
    const plain = await startUpstream(FILES);
    started.push(plain);
    expect(await fetchOnce(plain.url.replace('http:', 'https:'), 'a.rpm')).toMatch(
      /^(?:refused: 127\.0\.0\.1:\d+ does not speak TLS as https needs|unavailable: 127\.0\.0\.1:\d+ closed the connection)/,
    );
  });

  test('a redirect to another https server is checked in the same way', async () => {
    const [{ url: far }, near] = [await start(other, { names: HERE }), await start(authority, { names: HERE })];
    near.always('a.rpm', (_request, response) => void response.writeHead(302, { location: `${far}a.rpm` }).end());
    const both = Buffer.concat([authority.pem, other.pem]);
    expect(await fetchOnce({ upstream: near.url, ca: authority.pem }, 'a.rpm')).toMatch(
      new RegExp(`^refused: the certificate of ${new URL(far).host} is of an authority`),
    );
    expect(await fetchOnce({ upstream: near.url, ca: both }, 'a.rpm')).toBe('bytes: content');
  });

  test('a redirect back to http is refused', async () => {
    const [plain, near] = [await startUpstream(FILES), await start(authority, { names: HERE })];
    started.push(plain);
    near.always('a.rpm', (_request, response) => void response.writeHead(302, { location: `${plain.url}a.rpm` }).end());
    expect(await fetchOnce({ upstream: near.url, ca: authority.pem }, 'a.rpm')).toBe(
      'refused: a redirect from https to http',
    );
    expect(plain.log).toEqual([]);
  });
});
