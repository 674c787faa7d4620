// Who sends a request: tokens and cookies, and pages of other sites.

import { describe, expect, test } from 'vitest';
import type { Credentials } from '../../../server/accounts/identify.ts';
import { identify } from '../../../server/accounts/identify.ts';
import type { Principal } from '../../../server/accounts/rights.ts';

const BY_TOKEN: Principal = { name: 'ci', role: 'operator', via: 'token', id: 't' };
const BY_COOKIE: Principal = { name: 'alice', role: 'admin', via: 'session', id: 's' };
const SECRET = 'abcdefghijklmnopqrstuvwxyz';
const lookUps = {
  tokenOf: (secret: string) => (secret === 'good-token' ? BY_TOKEN : undefined),
  sessionOf: (secret: string) => (secret === SECRET ? BY_COOKIE : undefined),
};
const NOTHING: Credentials = {
  method: 'GET',
  authorization: undefined,
  cookie: undefined,
  host: 'kickstand:80',
  origin: undefined,
  fetchSite: undefined,
};
const cookie = `kickstand-session=${SECRET}`;

describe('is known', () => {
  test.each<[string, Partial<Credentials>, Principal | undefined]>([
    ['nobody', {}, undefined],
    ['a token', { authorization: 'Bearer good-token' }, BY_TOKEN],
    ['a token for a change', { method: 'POST', authorization: 'Bearer good-token', origin: 'http://evil' }, BY_TOKEN],
    ['a wrong token', { authorization: 'Bearer bad' }, undefined],
    ['a wrong token with a right cookie', { authorization: 'Bearer bad', cookie }, undefined],
    ['another scheme', { authorization: 'Basic Z29vZA==', cookie }, undefined],
    ['a cookie', { cookie }, BY_COOKIE],
    ['a cookie of no session', { cookie: `kickstand-session=${'x'.repeat(26)}` }, undefined],
    ['a change by our page', { method: 'POST', cookie, fetchSite: 'same-origin' }, BY_COOKIE],
    ['a change by our page, an older browser', { method: 'POST', cookie, origin: 'http://kickstand:80' }, BY_COOKIE],
    ['a change by our page over TLS', { method: 'DELETE', cookie, origin: 'https://kickstand:80' }, BY_COOKIE],
    ['a look by another page, which cannot read it', { cookie, fetchSite: 'cross-site' }, BY_COOKIE],
  ])('%s', (_, given, wanted) => expect(identify({ ...NOTHING, ...given }, lookUps)).toEqual(wanted));
});

describe('is refused', () => {
  test.each<[string, Partial<Credentials>]>([
    ['another site', { fetchSite: 'cross-site' }],
    ['another host of the same site', { fetchSite: 'same-site' }],
    ['another site, in an older browser', { origin: 'http://evil.example' }],
    ['a site that only begins alike', { origin: 'http://kickstand:80.evil.example' }],
    ['a sandboxed page', { origin: 'null' }],
    ['no page at all', {}],
    ['another site that claims our origin', { fetchSite: 'cross-site', origin: 'http://kickstand:80' }],
  ])('a change with a cookie by %s', (_, given) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(identify({ ...NOTHING, method, cookie, ...given }, lookUps)).toMatchObject({ kind: 'no' });
    }
  });
});
