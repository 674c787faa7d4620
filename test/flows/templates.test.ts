// VM templates and ISOs of a whole appliance: the upload protocol request by request, by role, and curl.

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import { sha256Of } from '../support/upload-desk.ts';
import { exampleText } from '../support/example.ts';
import { needs } from '../support/lab-needs.ts';
import { run } from '../support/lab-run.ts';
import type { Served } from '../support/served.ts';
import { served } from '../support/served.ts';

const BYTES = randomBytes(200_000);
const SITE = exampleText.replace(/\n\s+schedule: .*/, '');
const CURL = needs(['curl'], 'none');

let appliance: Served;
let tokens: Record<OperatorRole, string>;
beforeAll(async () => {
  appliance = await served(SITE);
  const [viewer, operator, admin] = (['viewer', 'operator', 'admin'] as const).map((role) => appliance.tokenOf(role));
  tokens = { viewer: viewer ?? '', operator: operator ?? '', admin: admin ?? '' };
});
afterAll(() => appliance.close());

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const staging = (): string => join(appliance.directory, 'data', 'templates');
const TUS = { 'tus-resumable': '1.0.0' };
const CHUNK = { ...TUS, 'content-type': 'application/offset+octet-stream' };

type Init = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer<ArrayBuffer> | string;
};

function ask(path: string, { headers = {}, ...init }: Init = {}, role: OperatorRole | 'nobody' = 'operator') {
  const authorization = role === 'nobody' ? {} : { authorization: `Bearer ${tokens[role]}` };
  return fetch(`${appliance.origin}${path}`, { ...init, headers: { ...authorization, ...headers } });
}

async function begin(name: string, size: number, more = ''): Promise<string> {
  const headers = { ...TUS, 'upload-length': String(size), 'upload-metadata': `filename ${base64(name)}${more}` };
  const response = await ask('/templates/', { method: 'POST', headers });
  expect(response.status, await response.text()).toBe(201);
  return response.headers.get('location') ?? '';
}

function send(url: string, offset: number, body: Buffer, more: Record<string, string> = {}): Promise<Response> {
  const headers = { ...CHUNK, 'upload-offset': String(offset), ...more };
  return ask(url, { method: 'PATCH', headers, body: Buffer.from(body) });
}

describe('the protocol', () => {
  test('an upload from its creation to its file', async () => {
    const url = await begin('flow.qcow2', BYTES.length, `,sha256 ${base64(sha256Of(BYTES))}`);
    expect(url).toMatch(/^\/templates\/uploads\/[0-9a-f]{24}$/);
    const first = await send(url, 0, BYTES.subarray(0, 70_000));
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '70000']);
    expect(Date.parse(first.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now());
    const head = await ask(url, { method: 'HEAD', headers: TUS });
    expect([head.status, head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([
      200,
      '70000',
      '200000',
    ]);
    expect(head.headers.get('cache-control')).toBe('no-store');
    expect(head.headers.get('upload-metadata')).toContain(base64('flow.qcow2'));
    const listed = await (await ask('/api/v1/template-uploads')).json();
    expect(listed).toMatchObject({ items: [{ name: 'flow.qcow2', offset: 70_000, by: 'the-operator', url }] });
    expect((await ask('/templates/flow.qcow2')).status).toBe(404);
    expect((await send(url, 70_000, BYTES.subarray(70_000))).status).toBe(204);
    // The last answer may be lost: who asks is told that all is well.
    expect((await ask(url, { method: 'HEAD', headers: TUS })).headers.get('upload-offset')).toBe('200000');
    const got = Buffer.from(await (await ask('/templates/flow.qcow2', {}, 'nobody')).arrayBuffer());
    expect(got.equals(BYTES)).toBe(true);
  });

  test('what the server can', async () => {
    const response = await ask('/templates/', { method: 'OPTIONS' }, 'nobody');
    const told = ['tus-version', 'tus-extension', 'tus-max-size', 'tus-checksum-algorithm'];
    expect([response.status, ...told.map((name) => response.headers.get(name))]).toEqual([
      204,
      '1.0.0',
      'creation,checksum,termination,expiration',
      String(200 * 1024 ** 3),
      'sha1,md5,sha256',
    ]);
  });

  test.each<[string, number, Record<string, string>]>([
    ['another version', 412, { ...CHUNK, 'tus-resumable': '0.2.2', 'upload-offset': '0' }],
    ['no version', 412, { 'content-type': CHUNK['content-type'], 'upload-offset': '0' }],
    ['another type', 415, { ...CHUNK, 'content-type': 'text/plain', 'upload-offset': '0' }],
    ['no offset', 400, CHUNK],
    ['another offset', 409, { ...CHUNK, 'upload-offset': '7' }],
    ['a wrong checksum', 460, { ...CHUNK, 'upload-offset': '0', 'upload-checksum': `sha1 ${base64('no')}` }],
    ['an unknown checksum', 400, { ...CHUNK, 'upload-offset': '0', 'upload-checksum': `crc ${base64('no')}` }],
  ])('a piece with %s: %i', async (_what, status, headers) => {
    const url = await begin('refused.iso', 100);
    const response = await ask(url, { method: 'PATCH', headers, body: Buffer.alloc(10) });
    expect(response.status, await response.text()).toBe(status);
    expect((await ask(url, { method: 'HEAD', headers: TUS })).headers.get('upload-offset')).toBe('0');
    expect((await ask(url, { method: 'DELETE', headers: TUS })).status).toBe(204);
    expect((await ask(url, { method: 'HEAD', headers: TUS })).status).toBe(410);
  });

  test.each<[string, number, Record<string, string>]>([
    ['no length', 400, { ...TUS, 'upload-metadata': `filename ${base64('x.iso')}` }],
    ['no name', 400, { ...TUS, 'upload-length': '5' }],
    ['a name that climbs', 400, { ...TUS, 'upload-length': '5', 'upload-metadata': `filename ${base64('../x.iso')}` }],
    ['a name of a page', 400, { ...TUS, 'upload-length': '5', 'upload-metadata': `filename ${base64('x.html')}` }],
    ['too much', 413, { ...TUS, 'upload-length': '300000000000', 'upload-metadata': `filename ${base64('x.iso')}` }],
    ['no version', 412, { 'upload-length': '5', 'upload-metadata': `filename ${base64('x.iso')}` }],
  ])('a creation with %s: %i', async (_what, status, headers) => {
    const response = await ask('/templates/', { method: 'POST', headers });
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  });

  test('a piece that is longer than what is left is refused, and its sender hears of it', async () => {
    const url = await begin('longer.iso', 100);
    const response = await send(url, 0, Buffer.alloc(1024 * 1024));
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('more bytes came')]);
    expect((await ask(url, { method: 'DELETE', headers: TUS })).status).toBe(204);
  });

  test('nothing that is sent makes it fail', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.constantFrom('0', '-1', '1e9', base64('x.iso'), 'sha1 x'),
    );
    const header = text.map((value) => value.replaceAll(/[^\t\x20-\x7e]/g, '').trim());
    const path = fc.oneof(
      fc.constantFrom(
        '/',
        '/x.iso',
        '/uploads/',
        `/uploads/${'0'.repeat(24)}`,
        '/%00',
        '/..%2f..%2fetc',
        '/.records/x.json',
      ),
      fc.webPath(),
    );
    const headers = fc.dictionary(
      fc.constantFrom(
        ...['tus-resumable', 'upload-length', 'upload-offset', 'upload-metadata', 'upload-checksum', 'range'],
        ...['x-http-method-override', 'content-type', 'repr-digest', 'accept', 'if-range'],
      ),
      header,
    );
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(method, path, headers, fc.boolean(), async (method, path, headers, speaks) => {
        const own = speaks ? { ...headers, ...CHUNK } : headers;
        const body = method === 'GET' || method === 'HEAD' ? {} : { body: 'x' };
        const response = await ask(`/templates${path}`, { method, headers: own, ...body });
        expect(response.status, await response.text()).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });

  test('by clients that know only POST', async () => {
    const url = await begin('override.iso', 5);
    const headers = { ...CHUNK, 'upload-offset': '0', 'x-http-method-override': 'PATCH' };
    expect((await ask(url, { method: 'POST', headers, body: 'bytes' })).status).toBe(204);
    expect(await (await ask('/templates/override.iso')).text()).toBe('bytes');
    const taken = await ask('/templates/', {
      method: 'POST',
      headers: { ...TUS, 'upload-length': '5', 'upload-metadata': `filename ${base64('override.iso')}` },
    });
    expect(taken.status).toBe(409);
  });

  test('is for operators: nobody else begins, asks, sends or ends', async () => {
    const url = await begin('guarded.iso', 5);
    const every: readonly [string, string][] = [
      ['POST', '/templates/'],
      ['PUT', '/templates/y.iso'],
      ['HEAD', url],
      ['PATCH', url],
      ['DELETE', url],
    ];
    for (const [method, path] of every) {
      const headers = method === 'HEAD' ? TUS : CHUNK;
      expect((await ask(path, { method, headers }, 'nobody')).status, method).toBe(401);
      expect((await ask(path, { method, headers }, 'viewer')).status, method).toBe(403);
    }
    const hidden = { ...CHUNK, 'x-http-method-override': 'DELETE' };
    expect((await ask(url, { headers: hidden })).status).toBe(405);
    expect((await ask(url, { method: 'DELETE', headers: TUS })).status).toBe(204);
    const audit = readFileSync(join(appliance.directory, 'data', 'audit.log'), 'utf8');
    expect(audit).toMatch(/"who":"the-operator".*"operation":"beginTemplateUpload","target":"guarded.iso"/);
  });

  test('a cookie does nothing for a page of another site', async () => {
    const { desk } = appliance.running.appliance.accounts;
    const about = { invitation: desk.invite(), name: 'alice', password: `long ${randomBytes(9).toString('hex')}` };
    const json = { 'content-type': 'application/json' };
    const setUp = { method: 'POST', headers: json, body: JSON.stringify(about) };
    const made = await ask('/api/v1/setup', setUp, 'nobody');
    const cookie = (made.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const put = (name: string, headers: Record<string, string>) =>
      ask(`/templates/${name}`, { method: 'PUT', headers: { cookie, ...headers }, body: 'x' }, 'nobody');
    expect((await put('z.iso', {})).status).toBe(403);
    expect((await put('z.iso', { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await put('z.iso', { origin: appliance.origin })).status).toBe(201);
  });
});

describe('files are served', () => {
  beforeAll(async () => {
    const query = `?sha256=${sha256Of(BYTES)}`;
    const response = await ask(`/templates/served-xen.vhd.bz2${query}`, { method: 'PUT', body: BYTES });
    expect(response.status, await response.clone().text()).toBe(201);
    expect(await response.json()).toMatchObject({ sizeBytes: BYTES.length, sha256: sha256Of(BYTES) });
  });

  test('whole and in ranges, with entity tags, to anyone', async () => {
    const whole = await ask('/templates/served-xen.vhd.bz2', { method: 'HEAD' }, 'nobody');
    expect([whole.status, whole.headers.get('content-length')]).toEqual([200, String(BYTES.length)]);
    const range = await ask('/templates/served-xen.vhd.bz2', { headers: { range: 'bytes=1000-1999' } }, 'nobody');
    expect(range.status).toBe(206);
    expect(Buffer.from(await range.arrayBuffer()).equals(BYTES.subarray(1000, 2000))).toBe(true);
    const etag = whole.headers.get('etag') ?? '';
    expect((await ask('/templates/served-xen.vhd.bz2', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('with their sums', async () => {
    expect(await (await ask('/templates/served-xen.vhd.bz2.sha256', {}, 'nobody')).text()).toBe(
      `${sha256Of(BYTES)}  served-xen.vhd.bz2\n`,
    );
    expect(await (await ask('/templates/served-xen.vhd.bz2.md5', {}, 'nobody')).text()).toContain(
      createHash('md5').update(BYTES).digest('hex'),
    );
  });

  test('in a list, as a page or as JSON, without who sent them', async () => {
    const page = await ask('/templates/', { headers: { accept: 'text/html' } }, 'nobody');
    expect(page.headers.get('content-security-policy')).toContain('sandbox');
    expect(await page.text()).toContain('href="/templates/served-xen.vhd.bz2"');
    const list = await (await ask('/templates', { headers: { accept: 'application/json' } }, 'nobody')).text();
    expect(JSON.parse(list)).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ name: 'served-xen.vhd.bz2', sha256: sha256Of(BYTES) })]),
    });
    expect(list).not.toContain('the-operator');
  });

  test.each<[string, string, number, Record<string, string>]>([
    ['a name that is taken', 'served-xen.vhd.bz2', 409, {}],
    ['another content', 'other.iso?sha256=' + 'f'.repeat(64), 422, {}],
    ['a sum that is none', 'other.iso?sha256=f', 400, {}],
    ['a part', 'other.iso', 400, { 'content-range': 'bytes 0-1/5' }],
    ['packed bytes', 'other.iso', 415, { 'content-encoding': 'gzip' }],
    ['no name', 'other', 400, {}],
    ['a path', 'a/other.iso', 404, {}],
    ['a hidden path', '..%2fother.iso', 400, {}],
    ['another digest', 'other.iso', 422, { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }],
  ])('PUT of %s (%s): %i, and nothing is left', async (_what, name, status, headers) => {
    const response = await ask(`/templates/${name}`, { method: 'PUT', headers, body: BYTES });
    expect([response.status, await response.json()]).toEqual([
      status,
      expect.objectContaining({ status, detail: expect.any(String) as string }),
    ]);
    expect(readdirSync(join(staging(), '.uploads'))).not.toContain('other.iso');
    expect(readdirSync(staging())).not.toContain('other.iso');
  });

  test('and told of and removed by the API', async () => {
    const one = '/api/v1/templates/served-xen.vhd.bz2';
    expect(await (await ask(one)).json()).toMatchObject({ by: 'the-operator', state: 'ready' });
    expect(await (await ask(`${one}/register`)).json()).toMatchObject({
      command: 'registerTemplate',
      parameters: { hypervisor: 'XenServer', format: 'VHD' },
    });
    expect((await ask(one, { method: 'DELETE' }, 'viewer')).status).toBe(403);
    expect((await ask(one, { method: 'DELETE' })).status).toBe(204);
    expect((await ask('/templates/served-xen.vhd.bz2')).status).toBe(404);
    expect((await ask(one)).status).toBe(404);
  });
});

describe('a connection that breaks', () => {
  test('in the middle of a piece keeps what came, to the byte', async () => {
    const url = await begin('broken.iso', BYTES.length);
    const { hostname, port } = new URL(appliance.origin);
    const headers = { ...CHUNK, authorization: `Bearer ${tokens.operator}`, 'upload-offset': '0' };
    const sender = httpRequest({ hostname, port, path: url, method: 'PATCH', headers });
    sender.on('error', () => undefined);
    await new Promise<void>((resolve) => void sender.write(BYTES.subarray(0, 50_000), () => resolve()));
    const arrived = join(staging(), '.uploads', 'broken.iso', 'bytes');
    await expect.poll(() => statSync(arrived).size).toBe(50_000);
    sender.destroy();
    const head = await ask(url, { method: 'HEAD', headers: TUS });
    expect(head.headers.get('upload-offset')).toBe('50000');
    expect((await send(url, 50_000, BYTES.subarray(50_000))).status).toBe(204);
    expect(sha256Of(Buffer.from(await (await ask('/templates/broken.iso')).arrayBuffer()))).toBe(sha256Of(BYTES));
  });
});

test('half a GiB goes through in bounded memory', { timeout: 60_000 }, async () => {
  const size = 512 * 1024 ** 2;
  const url = await begin('large.raw', size);
  const { hostname, port } = new URL(appliance.origin);
  const before = process.memoryUsage().rss;
  let most = 0;
  const headers = {
    ...CHUNK,
    authorization: `Bearer ${tokens.operator}`,
    'upload-offset': '0',
    'content-length': size,
  };
  const sender = httpRequest({ hostname, port, path: url, method: 'PATCH', headers });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    sender.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
  const zeros = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < size; sent += zeros.length) {
    if (!sender.write(zeros)) await new Promise((resolve) => void sender.once('drain', resolve));
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  sender.end();
  expect(await answered).toBe(204);
  expect(most).toBeLessThan(128 * 1024 * 1024);
  const told = await (await ask('/api/v1/templates/large.raw')).json();
  expect(told).toMatchObject({
    sizeBytes: size,
    sha256: '9acca8e8c22201155389f65abbf6bc9723edc7384ead80503839f49dcc56d767',
  });
  expect((await ask('/api/v1/templates/large.raw', { method: 'DELETE' })).status).toBe(204);
});

describe.skipIf(CURL.skip)(`with curl${CURL.note}`, () => {
  test('a file is sent, fetched, and its fetch resumed', async () => {
    const work = mkdtempSync(join(tmpdir(), 'kickstand-curl-'));
    try {
      const [from, to] = [join(work, 'from.iso'), join(work, 'to.iso')];
      writeFileSync(from, BYTES);
      const url = `${appliance.origin}/templates/curl.iso`;
      const login = ['-H', `Authorization: Bearer ${tokens.operator}`];
      const sum = sha256Of(BYTES);
      await run(['curl', '-sS', '--fail-with-body', ...login, '-T', from, `${url}?sha256=${sum}`]);
      writeFileSync(to, BYTES.subarray(0, 70_000));
      await run(['curl', '-sS', '--fail', '-C', '-', '-o', to, url]);
      expect(sha256Of(readFileSync(to))).toBe(sum);
      const refused = await run(['curl', '-sS', '-w', '%{http_code}', '-T', from, `${url}x.iso`]);
      expect(refused).toMatch(/401$/);
    } finally {
      rmSync(work, { recursive: true });
    }
  });
});
