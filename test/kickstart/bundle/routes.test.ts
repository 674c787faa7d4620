// GET /bundles/…: names, conditional requests, and who may have secrets.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';

import express from 'express';
import type { Express } from 'express';
import request from 'supertest';
import { describe, expect, test } from 'vitest';

import { archiveBytes } from '../../../kickstart/bundle/archive.ts';
import { sealBundle } from '../../../kickstart/bundle/entries.ts';
import type { Bundle } from '../../../kickstart/bundle/entries.ts';
import { bundleRoutes } from '../../../kickstart/bundle/routes.ts';
import { quietLog } from '../../../server/log.ts';
import { no } from '../../../server/malformed.ts';

const SECRET = 'Pw-very-secret';

function bundleOf(name: string, secrets: 'redacted' | 'included'): Bundle {
  const text = secrets === 'included' ? SECRET : '@SECRET:root@';
  return sealBundle({ kind: 'host', site: 'cs-cloud', secrets, hosts: [] }, [
    { name: `${name}/kickstart.ks`, mode: 0o644, text },
  ]);
}

/** Knows cs40 and site. The operator is whoever says so. */
function application(asked: string[] = []): Express {
  const app = express();
  app.use(
    bundleRoutes({
      bundleFor: async (name, { withSecrets }) => {
        asked.push(name);
        await Promise.resolve();
        if (!['cs40', 'site'].includes(name)) return no(`there is no host ${name}`);
        return bundleOf(name, withSecrets ? 'included' : 'redacted');
      },
      isOperator: async (request) => Promise.resolve(request.get('Authorization') === 'Bearer operator'),
      log: quietLog,
    }),
  );
  app.use((_request, response) => void response.status(418).end());
  return app;
}

function binary(test: request.Test): request.Test {
  return test.buffer(true).parse((response, done) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => done(null, Buffer.concat(chunks)));
  });
}

describe('reading', () => {
  test.each([
    ['cs40.tar.gz', 'tar.gz', 'application/gzip'],
    ['cs40.zip', 'zip', 'application/zip'],
    ['site.tar.gz', 'tar.gz', 'application/gzip'],
    ['site.zip', 'zip', 'application/zip'],
  ] as const)('GET %s', async (file, format, type) => {
    const response = await binary(request(application()).get(`/bundles/${file}`));
    const bytes = await archiveBytes(bundleOf(file.split('.')[0] ?? '', 'redacted').entries, format);
    expect(response.status).toBe(200);
    expect(response.body).toEqual(bytes);
    expect(response.headers).toMatchObject({
      'content-type': type,
      'content-length': String(bytes.byteLength),
      'content-disposition': `attachment; filename="${file}"`,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers['etag']).toMatch(/^"[0-9a-f]{40}"$/);
  });

  test('HEAD has the headers of GET and no body', async () => {
    const app = application();
    const [head, get] = [await request(app).head('/bundles/cs40.zip'), await request(app).get('/bundles/cs40.zip')];
    expect(head.status).toBe(200);
    expect(head.text ?? '').toBe('');
    for (const name of ['content-type', 'content-length', 'content-disposition', 'etag', 'cache-control']) {
      expect(head.headers[name]).toBe(get.headers[name]);
    }
  });

  test('the same ETag again is answered 304, for GET and HEAD', async () => {
    const app = application();
    const etag = (await request(app).head('/bundles/cs40.zip')).headers['etag'] ?? '';
    for (const again of [request(app).get('/bundles/cs40.zip'), request(app).head('/bundles/cs40.zip')]) {
      const response = await again.set('If-None-Match', etag);
      expect(response.status).toBe(304);
      expect(response.headers['etag']).toBe(etag);
      expect(response.headers['content-length']).toBeUndefined();
    }
    expect((await request(app).get('/bundles/cs40.zip').set('If-None-Match', '"other"')).status).toBe(200);
  });

  test('each format has its own ETag', async () => {
    const app = application();
    const zip = await request(app).head('/bundles/cs40.zip');
    const tar = await request(app).head('/bundles/cs40.tar.gz');
    expect(zip.headers['etag']).not.toBe(tar.headers['etag']);
  });
});

describe('refusing', () => {
  test('an unknown host, with the reason', async () => {
    const response = await request(application()).get('/bundles/nobody.zip');
    expect(response.status).toBe(404);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(response.text)).toEqual({
      type: 'about:blank',
      status: 404,
      title: 'Not found',
      detail: 'there is no host nobody',
    });
  });

  test.each([
    '/bundles/',
    '/bundles/cs40',
    '/bundles/cs40.tar',
    '/bundles/cs40.tgz',
    '/bundles/.zip',
    '/bundles/..zip',
    '/bundles/cs40.zip/',
    '/bundles//cs40.zip',
    '/bundles/../etc/passwd.zip',
    '/bundles/..%2f..%2fetc%2fpasswd.zip',
    '/bundles/%2e%2e/cs40.zip',
    '/bundles/cs40%00.zip',
    '/bundles/cs40%.zip',
    '/bundles/cs40%0d%0aX-Evil:1.zip',
    '/bundles/cs40\\..\\x.zip',
    `/bundles/${'a'.repeat(300)}.zip`,
  ])('%s asks nobody for a bundle', async (path) => {
    const asked: string[] = [];
    const status = await statusOf(application(asked), path);
    expect(asked).toEqual([]);
    expect(status).toBe(404);
  });

  test.each(['post', 'put', 'delete', 'patch'] as const)('%s', async (method) => {
    const response = await request(application())[method]('/bundles/cs40.zip');
    expect(response.status).toBe(405);
    expect(response.headers['allow']).toBe('GET, HEAD');
  });

  test('other paths are left to others', async () => {
    for (const path of ['/', '/bundles', '/bundle/cs40.zip', '/x/bundles/cs40.zip']) {
      expect((await request(application()).get(path)).status).toBe(418);
    }
  });
});

describe('secrets', () => {
  test.each([
    ['nobody', {}, 401],
    ['a stranger with a token', { Authorization: 'Bearer other' }, 403],
    ['a stranger with a cookie', { Cookie: 'session=x' }, 403],
  ] as const)('%s gets none', async (_, headers, status) => {
    const asked: string[] = [];
    const response = await request(application(asked)).get('/bundles/cs40.zip?secrets=1').set(headers);
    expect(response.status).toBe(status);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.headers['www-authenticate'] !== undefined).toBe(status === 401);
    expect(asked).toEqual([]);
  });

  test.each(['secrets=0', 'secrets=', 'secrets', 'secrets=1&secrets=1', 'secrets=true'])(
    '?%s is not understood',
    async (query) => {
      const app = application();
      const response = await request(app).get(`/bundles/cs40.zip?${query}`).set('Authorization', 'Bearer operator');
      expect(response.status).toBe(400);
    },
  );

  test('an operator who asks gets them, and nobody keeps them', async () => {
    const get = request(application()).get('/bundles/cs40.tar.gz?secrets=1').set('Authorization', 'Bearer operator');
    const response = await binary(get);
    expect(response.status).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['etag']).toBeUndefined();
    expect(response.body).toEqual(await archiveBytes(bundleOf('cs40', 'included').entries, 'tar.gz'));
  });

  test('an operator who does not ask gets none', async () => {
    const get = request(application()).get('/bundles/cs40.tar.gz').set('Authorization', 'Bearer operator');
    const { body } = await binary(get);
    const redacted = await archiveBytes(bundleOf('cs40', 'redacted').entries, 'tar.gz');
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(body as Buffer)).toBe(digest(redacted));
  });

  test('a bundle with secrets that nobody asked for is never sent', async () => {
    const app = express();
    const bundleFor = async (): Promise<Bundle> => Promise.resolve(bundleOf('cs40', 'included'));
    app.use(bundleRoutes({ bundleFor, isOperator: () => true, log: quietLog }));
    app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(500).end();
    });
    expect((await request(app).get('/bundles/cs40.zip')).status).toBe(500);
  });
});

/** Sends `path` as it is: HTTP libraries would tidy it up first. */
async function statusOf(app: Express, path: string): Promise<number> {
  const server = app.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(chunks).toString())?.[1]);
  } finally {
    server.close();
  }
}
