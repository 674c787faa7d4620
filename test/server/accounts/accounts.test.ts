// Accounts: roles, passwords, sessions, tokens, invitations and the wait after failed logins.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countAttempts } from '../../../server/accounts/attempts.ts';
import { sessionCookie, sessionSecretOf } from '../../../server/accounts/cookie.ts';
import { hashPassword, passwordProblem, verifyPassword } from '../../../server/accounts/password.ts';
import { mayAct, OPERATOR_ROLES } from '../../../server/accounts/rights.ts';
import type { AccountStore } from '../../../server/accounts/store.ts';
import { openAccounts } from '../../../server/accounts/store.ts';

const HOUR = 3_600_000;

test.each([
  ['anyone', [true, true, true, true]],
  ['viewer', [false, true, true, true]],
  ['operator', [false, false, true, true]],
  ['admin', [false, false, false, true]],
] as const)('what needs %s is done by those who may', (right, allowed) => {
  expect([undefined, ...OPERATOR_ROLES].map((role) => mayAct(role, right))).toEqual(allowed);
});

describe('passwords', () => {
  test('are verified, and nothing else is', async () => {
    const hash = await hashPassword('correct horse battery', Buffer.alloc(16, 7));
    expect(hash).toMatch(/^scrypt\$32768\$8\$1\$/);
    expect(await verifyPassword('correct horse battery', hash)).toBe(true);
    for (const wrong of ['correct horse battery ', 'Correct horse battery', '']) {
      expect(await verifyPassword(wrong, hash)).toBe(false);
    }
    expect(await verifyPassword('correct horse battery', undefined)).toBe(false);
    expect(await verifyPassword('x', 'no hash')).toBe(false);
  });

  test('may be typed on another keyboard (NFKC)', async () => {
    const hash = await hashPassword('pa\u0301ssword-long', Buffer.alloc(16, 7));
    expect(await verifyPassword('p\u00e1ssword-long', hash)).toBe(true);
  });

  test.each([
    ['short', /shorter/],
    ['aaaaaaaaaaaaaa', /different/],
    ['alice-in-chains', /holds the name/],
    ['x'.repeat(300), /longer/],
    ['with\u0000nul-inside', /control/],
  ])('%j is not taken', (password, problem) => expect(passwordProblem(password, 'alice')).toMatch(problem));
  test('a long one is', () => expect(passwordProblem('correct horse battery', 'alice')).toBeUndefined());
});

describe('failed logins', () => {
  test('three are free, then the wait doubles, up to a quarter of an hour for an address', () => {
    const attempts = countAttempts();
    const waits = Array.from({ length: 16 }, () => {
      attempts.failed(['address:10.0.0.1'], 0);
      return attempts.waitMs(['address:10.0.0.1'], 0);
    });
    expect(waits.slice(0, 6)).toEqual([0, 0, 0, 1000, 2000, 4000]);
    expect(waits.at(-1)).toBe(15 * 60_000);
    expect(attempts.waitMs(['name:bob', 'address:10.0.0.1'], 0)).toBe(15 * 60_000);
    expect(attempts.waitMs(['name:bob'], 0)).toBe(0);
  });

  test('with one name from many addresses cost its owner ten seconds at most', () => {
    const attempts = countAttempts();
    for (let count = 0; count < 1000; count += 1) attempts.failed(['name:alice', `address:10.0.0.${count}`], 0);
    expect(attempts.waitMs(['name:alice', 'address:192.168.168.2'], 0)).toBe(10_000);
  });

  test('are forgotten by success and by time', () => {
    const attempts = countAttempts();
    for (let count = 0; count < 6; count += 1) attempts.failed(['name:alice'], 0);
    expect(attempts.waitMs(['name:alice'], 2 * HOUR)).toBe(0);
    for (let count = 0; count < 6; count += 1) attempts.failed(['name:alice'], 0);
    attempts.succeeded('name:alice');
    expect(attempts.waitMs(['name:alice'], 0)).toBe(0);
  });

  test('with any number of names stay bounded', () => {
    const attempts = countAttempts();
    for (let count = 0; count < 30_000; count += 1) attempts.failed([`name:${count}`], 0);
    for (let count = 0; count < 5; count += 1) attempts.failed(['name:0'], 0);
    expect(attempts.waitMs(['name:0'], 0)).toBe(2000);
  });
});

describe('the cookie', () => {
  const secret = 'abcdefghijklmnopqrstuvwxyz';
  test('is for this site and no script', () => {
    const made = sessionCookie({ secret, maxAgeSeconds: 60, isSecure: false });
    expect(made).toBe(`kickstand-session=${secret}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict`);
    expect(sessionCookie({ secret, maxAgeSeconds: 60, isSecure: true })).toContain('; Secure');
    expect(sessionSecretOf(made.split(';')[0])).toBe(secret);
  });
  test.each([
    [undefined, undefined],
    ['other=1', undefined],
    [`other=1; kickstand-session=${secret}`, secret],
    [`kickstand-session=${secret}; kickstand-session=${secret}`, secret],
    [`kickstand-session=${secret}; kickstand-session=zyxwvutsrqponmlkjihgfedcba`, undefined],
    ['kickstand-session=short', undefined],
    ['kickstand-session=<script>alert(1)</script>', undefined],
  ])('%j', (header, wanted) => expect(sessionSecretOf(header)).toBe(wanted));
  test('whatever the header', () =>
    fc.assert(
      fc.property(
        fc.string({ maxLength: 500 }),
        (header) => sessionSecretOf(header) === undefined || header.includes('kickstand-session'),
      ),
    ));
});

describe('the store', () => {
  let directory: string;
  let accounts: AccountStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kickstand-accounts-'));
    accounts = openAccounts(join(directory, 'accounts.db'));
    accounts.addOperator({ name: 'alice', role: 'admin', password: 'hash-a', now: 1 });
    accounts.addOperator({ name: 'bob', role: 'viewer', password: 'hash-b', now: 2 });
  });
  afterEach(() => {
    accounts.close();
    rmSync(directory, { recursive: true });
  });
  const key = (name: string) => ({ secret: `${name}-secret-${'x'.repeat(30)}`, id: name });

  test('is readable by its owner only, and holds no secret as it is', () => {
    accounts.openSession('alice', key('one'), 10);
    accounts.addToken({
      ...key('two'),
      operator: 'alice',
      label: 'ci',
      role: 'operator',
      expiresAt: undefined,
      now: 10,
    });
    accounts.invite(key('three').secret, 100);
    expect(statSync(join(directory, 'accounts.db')).mode & 0o777).toBe(0o600);
    for (const file of ['accounts.db', 'accounts.db-wal']) {
      const bytes = readFileSync(join(directory, file), 'latin1');
      for (const name of ['one', 'two', 'three']) expect(bytes).not.toContain(key(name).secret);
    }
  });

  test('an account is made once', () => {
    expect(accounts.addOperator({ name: 'alice', role: 'viewer', password: 'other', now: 3 })).toBe(false);
    expect(accounts.credentials('alice')).toEqual({ role: 'admin', password: 'hash-a' });
    expect(accounts.operators().map(({ name, role }) => [name, role])).toEqual([
      ['alice', 'admin'],
      ['bob', 'viewer'],
    ]);
  });

  test('the last admin stays', () => {
    expect(accounts.removeOperator('alice')).toBe('last-admin');
    expect(accounts.setRole('alice', 'viewer')).toBe('last-admin');
    expect(accounts.setRole('bob', 'admin')).toBe('done');
    expect(accounts.removeOperator('alice')).toBe('done');
    expect(accounts.removeOperator('alice')).toBe('missing');
  });

  test('a session is its account\u2019s, with the role it has now, until it ends', () => {
    accounts.openSession('bob', key('s'), 0);
    expect(accounts.sessionOf(key('s').secret, 1)).toEqual({ name: 'bob', role: 'viewer', via: 'session', id: 's' });
    accounts.setRole('bob', 'operator');
    expect(accounts.sessionOf(key('s').secret, 2)?.role).toBe('operator');
    expect(accounts.sessionOf(key('other').secret, 2)).toBeUndefined();
    accounts.endSession('s');
    expect(accounts.sessionOf(key('s').secret, 3)).toBeUndefined();
  });

  test.each([
    ['a new password', () => accounts.setPassword('bob', 'new')],
    ['its removal', () => accounts.removeOperator('bob')],
  ])('%s ends every session of the account', (_, change) => {
    accounts.openSession('bob', key('s'), 0);
    accounts.openSession('alice', key('a'), 0);
    change();
    expect(accounts.sessionOf(key('s').secret, 1)).toBeUndefined();
    expect(accounts.sessionOf(key('a').secret, 1)).toBeDefined();
  });

  test('a session ends when it is idle, and when it is old', () => {
    accounts.openSession('bob', key('idle'), 0);
    accounts.openSession('bob', key('busy'), 0);
    for (let hour = 6; hour < 24 * 7; hour += 6)
      expect(accounts.sessionOf(key('busy').secret, hour * HOUR), `${hour}`).toBeDefined();
    expect(accounts.sessionOf(key('idle').secret, 13 * HOUR)).toBeUndefined();
    expect(accounts.sessionOf(key('busy').secret, 24 * 7 * HOUR)).toBeUndefined();
  });

  test('an account is logged in at twenty places, no more', () => {
    for (let at = 0; at < 25; at += 1) accounts.openSession('bob', key(`s${at}`), at);
    const alive = Array.from({ length: 25 }, (_, at) => accounts.sessionOf(key(`s${at}`).secret, 30) !== undefined);
    expect(alive.filter(Boolean)).toHaveLength(20);
    expect(alive.slice(0, 5)).toEqual([false, false, false, false, false]);
  });

  test('a token is shown never, and ends by time and by hand', () => {
    accounts.addToken({ ...key('t'), operator: 'alice', label: 'ci', role: 'viewer', expiresAt: 100, now: 10 });
    expect(accounts.tokenOf(key('t').secret, 50)).toEqual({ name: 'alice', role: 'viewer', via: 'token', id: 't' });
    expect(JSON.stringify(accounts.tokens())).not.toContain('secret');
    expect(accounts.tokenOf(key('t').secret, 100)).toBeUndefined();
    expect(accounts.removeToken('t')).toBe(true);
    expect(accounts.removeToken('t')).toBe(false);
  });

  test('an invitation is spent once, ends by time, and the next one voids it', () => {
    accounts.invite(key('first').secret, 100);
    accounts.invite(key('i').secret, 100);
    expect(accounts.isInvited(key('first').secret, 1)).toBe(false);
    expect(accounts.isInvited(key('i').secret, 1)).toBe(true);
    expect(accounts.spendInvitation(key('i').secret, 100)).toBe(false);
    expect(accounts.spendInvitation(key('i').secret, 50)).toBe(true);
    expect(accounts.spendInvitation(key('i').secret, 50)).toBe(false);
  });
});
