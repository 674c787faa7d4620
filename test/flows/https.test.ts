// Operators over TLS: the certificate made here, what plain HTTP still answers, and what it sends on or refuses.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { openCertificate } from '../../server/tls/store.ts';
import { exampleText } from '../support/example.ts';
import { onLoopback } from '../support/loopback.ts';

let directory = '';
let running: Running;
let plain = '';
let secure = '';
const tls = (): string => join(directory, 'data', 'tls');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-https-'));
  writeFileSync(join(directory, 'site.yaml'), exampleText);
  running = await serve({ ...onLoopback(directory), httpsPort: 0 }, quietLog);
  plain = `http://127.0.0.1:${running.httpPort}`;
  secure = `https://127.0.0.1:${running.httpsPort}`;
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});

/** By curl, which believes the certificate that the appliance made and nothing else. */
async function curl(...args: readonly string[]): Promise<{ status: number; body: string }> {
  const { stdout } = await promisify(execFile)('curl', [
    ...['-sS', '--max-time', '20', '--cacert', join(tls(), 'certificate.pem'), '-w', '\n%{http_code}'],
    ...args,
  ]);
  const at = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
}

const bearer = () => `Authorization: Bearer ${running.appliance.operatorToken()}`;

test('the certificate names the appliance, its key is for its owner, and its fingerprint is told', () => {
  expect(statSync(join(tls(), 'key.pem')).mode & 0o777).toBe(0o600);
  expect(running.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(running.appliance.secureOrigin()).toBe(`https://192.168.168.26:${running.httpsPort}`);
});

describe('over TLS', () => {
  test('an operator is answered', async () => {
    expect((await curl('-H', bearer(), `${secure}/api/v1/hosts/cs40`)).body).toContain('"name":"cs40"');
    expect((await curl(`${secure}/api/v1/hosts`)).status).toBe(401);
    expect((await curl(`${secure}/healthz`)).status).toBe(200);
  });

  test('a session is kept for TLS alone', async () => {
    const invitation = running.appliance.accounts.desk.invite();
    const body = JSON.stringify({ invitation, name: 'alice', password: 'correct horse battery' });
    const made = await curl('-i', '-H', 'Content-Type: application/json', '-d', body, `${secure}/api/v1/setup`);
    expect(made.body).toMatch(/set-cookie: kickstand-session=\S+; Path=\/; .*HttpOnly; SameSite=Strict; Secure/i);
  });

  test('nothing older than TLS 1.2 is spoken', async () => {
    const socket = connect({
      port: running.httpsPort,
      host: '127.0.0.1',
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      rejectUnauthorized: false,
      ciphers: 'ALL:@SECLEVEL=0',
    });
    await expect(once(socket, 'secureConnect')).rejects.toThrow();
  });
});

describe('over plain HTTP', () => {
  const ask = (path: string, init: RequestInit = {}) => fetch(`${plain}${path}`, { redirect: 'manual', ...init });

  test.each(['/', '/hosts/cs40', '/login', '/setup'])('the page %s is elsewhere', async (path) => {
    const response = await ask(path);
    expect([response.status, response.headers.get('location')]).toEqual([
      307,
      `${running.appliance.secureOrigin()}${path}`,
    ]);
  });

  test('a login and a token are refused: they could be read on their way', async () => {
    const login = await ask('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"alice","password":"correct horse battery"}',
    });
    const token = await ask('/api/v1/hosts', {
      headers: { authorization: `Bearer ${running.appliance.operatorToken()}` },
    });
    for (const response of [login, token]) {
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({
        detail: expect.stringContaining('HTTPS only'),
        remedy: `use ${running.appliance.secureOrigin()}`,
      });
    }
  });

  test('installers and machines are answered as ever', async () => {
    expect((await ask('/boot/pxelinux.cfg/01-52-54-00-a8-a8-02')).status).toBe(200);
    expect((await ask('/repo-files/cloudstack.repo')).status).toBe(200);
    expect((await ask('/kickstart/cs40?token=x')).status).toBe(403);
    expect((await ask('/bundles/cs40.tar.gz')).status).toBe(200);
    expect((await ask('/healthz')).status).toBe(200);
  });
});

describe('a certificate', () => {
  const wanted = { names: ['localhost'], addresses: ['192.168.168.26'], now: Date.now() };
  const place = (): string => {
    const path = join(directory, `tls-${Math.random()}`);
    mkdirSync(path);
    return path;
  };

  test('made here is kept, and made anew when it has expired or lacks a name', async () => {
    const path = place();
    const first = await openCertificate(path, wanted);
    expect((await openCertificate(path, wanted)).fingerprint).toBe(first.fingerprint);
    expect((await openCertificate(path, { ...wanted, now: wanted.now + 500 * 86_400_000 })).fingerprint).not.toBe(
      first.fingerprint,
    );
    const other = await openCertificate(path, { ...wanted, addresses: ['10.0.0.1'] });
    expect(other.isOwn).toBe(false);
  });

  test("of the operator's own is never replaced", async () => {
    const path = place();
    const made = await openCertificate(path, wanted);
    rmSync(join(path, 'made-here'));
    const own = await openCertificate(path, { ...wanted, now: wanted.now + 500 * 86_400_000 });
    expect([own.fingerprint, own.isOwn]).toEqual([made.fingerprint, true]);
    expect(readFileSync(join(path, 'certificate.pem'), 'utf8')).toBe(made.certificate);
  });

  test('that is none is a fault with its remedy', async () => {
    const path = place();
    for (const name of ['certificate.pem', 'key.pem']) writeFileSync(join(path, name), 'hello');
    await expect(openCertificate(path, wanted)).rejects.toThrow(/certificate\.pem cannot be used/);
  });
});
