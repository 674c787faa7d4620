// The whole appliance on loopback: what a machine, an installer and an operator get from it when content is absent.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { exampleText } from '../support/example.ts';
import { onLoopback } from '../support/loopback.ts';

let directory = '';
let running: Running;
let origin = '';
const siteFile = (): string => join(directory, 'site.yaml');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-appliance-'));
  writeFileSync(siteFile(), exampleText);
  running = await serve(onLoopback(directory), quietLog);
  origin = `http://127.0.0.1:${running.httpPort}`;
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});

async function get(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`${origin}${path}`, { ...(isOperators(path) ? operator() : {}), ...init });
  return { status: response.status, text: await response.text() };
}

/** What installers ask, they ask without a token. */
function isOperators(path: string): boolean {
  return path === '/' || path.startsWith('/api/');
}

/** A file over TFTP, by curl: a client that is not ours. */
async function tftp(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', [
    '-sS',
    '--max-time',
    '20',
    `tftp://127.0.0.1:${running.tftpPort}/${name}`,
  ]);
  return stdout;
}

const operator = (): RequestInit => ({ headers: { authorization: `Bearer ${running.appliance.operatorToken()}` } });

describe('a machine', () => {
  test('that no site knows boots its disk, and is remembered', async () => {
    expect(await tftp('pxelinux.cfg/01-52-54-00-00-00-99')).toContain('LOCALBOOT');
    expect(JSON.parse((await get('/api/v1/discovered')).text)).toMatchObject({
      items: [{ mac: '52:54:00:00:00:99', address: '127.0.0.1' }],
    });
  });

  test('that is not armed boots its disk, over TFTP and HTTP alike', async () => {
    const config = 'pxelinux.cfg/01-52-54-00-a8-a8-02';
    expect(await tftp(config)).toBe((await get(`/boot/${config}`)).text);
    expect(await tftp(config)).toMatch(/^# disarmed: never armed\n.*LOCALBOOT -1\n$/s);
  });

  test.each([
    '../../../etc/passwd',
    'trees/rhel6/../../../etc/passwd',
    'trees/rhel6/.treeinfo',
    '..%2f..%2fetc%2fpasswd',
    'etc/passwd',
    'data/state.db',
  ])('gets no file by the name %s', async (name) => {
    const raw = await rawHttp(`GET /boot/${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(raw).toMatch(/^HTTP\/1\.1 (404|400) /);
    expect(raw).not.toContain('root:');
    await expect(tftp(encodeURI(name))).rejects.toThrow('curl');
  });
});

/** Bytes over a connection of their own, and all that comes back. */
async function rawHttp(bytes: string): Promise<string> {
  const socket = connect(running.httpPort, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('a boot script over HTTP', () => {
  test.each(['DELETE', 'POST', 'PUT', 'OPTIONS'])('is no answer to %s', async (method) => {
    expect((await get('/boot/pxelinux.cfg/01-52-54-00-a8-a8-02', { method })).status).toBe(405);
  });

  test('is kept by no cache', async () => {
    const response = await fetch(`${origin}/boot/pxelinux.cfg/01-52-54-00-a8-a8-02`);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

describe('an installer', () => {
  test('gets nothing without the token of an arming', async () => {
    for (const path of [
      '/kickstart/cs40',
      '/answerfile/xs-01',
      '/hosts/cs40/scripts/installation-complete',
      '/hosts/cs40/events?stage=installed',
    ]) {
      expect((await get(`${path}${path.includes('?') ? '&' : '?'}token=${'0'.repeat(32)}`)).status).toBe(403);
    }
  });

  // RHEL 6.2's loader ends the serial header with a bare LF (domain facts, installer headers): Node's strict parser answers 400.
  test.each<[string, string, number]>([
    ["is read on the installers' side", '/repo-files/cloudstack.repo', 200],
    ['is read where kickstarts are given, and refused for its token alone', '/kickstart/cs40?token=x', 403],
    ['is not read where operators log in', '/api/v1/hosts', 400],
    ['is not read on the page', '/', 400],
  ])('with a bare LF after its serial header %s', async (_name, path, status) => {
    const raw = await rawHttp(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nX-System-Serial-Number: 4711\nConnection: close\r\n\r\n`,
    );
    expect(raw.split(' ')[1]).toBe(String(status));
  });
});

describe('an operator', () => {
  test('changes the token at once, without a restart', async () => {
    const old = running.appliance.operatorToken();
    await running.appliance.house.secrets.save('operator', 'another-token');
    const disarm = async (token: string): Promise<number> =>
      (await get('/api/v1/hosts/cs40/disarm', { method: 'POST', headers: { authorization: `Bearer ${token}` } }))
        .status;
    expect([await disarm(old), await disarm('another-token')]).toEqual([401, 200]);
  });

  test('cannot start a second appliance on the same data', async () => {
    const { settings } = running.appliance.house;
    await expect(serve(settings, quietLog)).rejects.toThrow('another appliance runs');
  });

  test('learns what is missing and what to do', async () => {
    const health: { ok: boolean; missing: { what: string; remedy: string }[] } = JSON.parse(
      (await get('/healthz')).text,
    );
    expect(health.ok).toBe(true);
    expect(health.missing).toContainEqual(
      expect.objectContaining({ what: 'tree rhel6', remedy: expect.stringContaining('kickstand tree add rhel6') }),
    );
    expect(health.missing).toContainEqual(
      expect.objectContaining({ what: 'repo cloudstack', remedy: 'kickstand repo sync cloudstack' }),
    );
  });

  test('is alarmed of a host whose install was stopped', async () => {
    const { hosts } = running.appliance.house;
    const now = Date.now();
    const arming = { token: 't', armedAt: now, expiresAt: now + 60_000, pins: {}, install: 'F' };
    hosts.apply('xs-01', { kind: 'armed', now, arming });
    hosts.apply('xs-01', { kind: 'stopped', now, reason: 'it came back 3 times' });
    const alarm = { what: 'host xs-01', reason: 'its install was stopped: it came back 3 times' };
    await vi.waitFor(async () =>
      expect(JSON.parse((await get('/healthz')).text)).toMatchObject({
        dhcp: 'off',
        missing: expect.arrayContaining([expect.objectContaining(alarm)]),
      }),
    );
    hosts.apply('xs-01', { kind: 'disarmed', now, reason: 'looked at' });
  });

  test('changes nothing without the token, and is told why arming cannot be', async () => {
    const post: RequestInit = { method: 'POST', headers: {} };
    expect((await get('/api/v1/hosts/cs40/arm', post)).status).toBe(401);
    expect((await get('/api/v1/hosts/cs40/arm', { ...post, headers: { authorization: 'Bearer wrong' } })).status).toBe(
      401,
    );
    const refused = await get('/api/v1/hosts/cs40/arm', { ...post, ...operator() });
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      409,
      expect.objectContaining({ remedy: expect.stringContaining('tree add rhel6') }),
    ]);
    expect((await get('/api/v1/hosts/cs40/disarm', { ...post, ...operator() })).status).toBe(200);
  });

  test('gets secrets in a bundle only with the token', async () => {
    expect((await get('/bundles/cs40.tar.gz?secrets=1')).status).toBe(401);
    expect((await get('/bundles/cs40.tar.gz?secrets=1', operator())).status).toBe(200);
    expect((await get('/bundles/cs40.tar.gz')).status).toBe(200);
  });
});

describe('a changed site file', () => {
  const config = '/boot/pxelinux.cfg/01-52-54-00-a8-a8-77';
  const host = `  - { name: xs-77, profile: hypervisor, network: lab, range: hypervisors, macs: ["52:54:00:a8:a8:77"] }\n`;

  test('shows in the next answers; a bad one is refused with all its problems and the old one goes on', async () => {
    expect((await get(config)).text).toContain('no host of the site');
    writeFileSync(siteFile(), exampleText + host);
    await vi.waitFor(async () => expect((await get(config)).text).toContain('never armed'), {
      timeout: 20_000,
      interval: 100,
    });
    writeFileSync(siteFile(), `${exampleText}${host}wrong: 1\n`.replace('tree: rhel6', 'tree: rhel5'));
    await vi.waitFor(async () => expect(JSON.parse((await get('/healthz')).text).siteProblems).toHaveLength(2), {
      timeout: 20_000,
      interval: 100,
    });
    expect((await get(config)).text).toContain('never armed');
    // What was refused stays with the operator: the bundle carries the site as it was accepted.
    const bundle = Buffer.from(await (await fetch(`${origin}/bundles/site.zip`)).arrayBuffer());
    writeFileSync(join(directory, 'site.zip'), bundle);
    const { stdout } = await promisify(execFile)('unzip', ['-p', join(directory, 'site.zip')], {
      maxBuffer: 16 * 1024 * 1024,
    });
    expect(stdout).toContain('xs-77');
    expect(stdout).not.toContain('rhel5');
  });

  test('that takes a host away disarms it, and its name comes back disarmed', async () => {
    const { house } = running.appliance;
    const arming = { token: 't', armedAt: Date.now(), expiresAt: Date.now() + 60_000, pins: {}, install: 'F' };
    writeFileSync(siteFile(), exampleText + host);
    await vi.waitFor(() => expect(running.appliance.siteProblems()).toEqual([]), { timeout: 20_000, interval: 100 });
    house.hosts.apply('xs-77', { kind: 'armed', now: Date.now(), arming });
    writeFileSync(siteFile(), exampleText);
    await vi.waitFor(() => expect(house.hosts.state('xs-77', Date.now()).phase).toBe('disarmed'), {
      timeout: 20_000,
      interval: 100,
    });
  });
});
