// The addresses of the console: each is the application for who is logged in, under one strict policy, and the login for others.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathOf, SECTIONS } from '../../../server/console/app/route.ts';
import { consoleRoutes } from '../../../server/console/routes.ts';

const HOSTILE = '<script>alert(1)</script>"\'&';
let assets = '';
beforeAll(() => {
  assets = mkdtempSync(join(tmpdir(), 'kickstand-assets-'));
  writeFileSync(join(assets, 'app.js'), '// the script');
});
afterAll(() => rmSync(assets, { recursive: true }));

const app = () =>
  express().use(
    consoleRoutes(
      {
        mayLook: ({ headers }) => headers.authorization === 'Bearer right',
        site: () => HOSTILE,
        elsewhere: () => undefined,
      },
      assets,
    ),
  );
const look = (path: string) => request(app()).get(path).set('Authorization', 'Bearer right');

test.each([...SECTIONS.map(pathOf), '/hosts/cs40', '/hosts/cs40?show=log'])('%s survives a reload', async (path) => {
  const page = await look(path);
  expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-store']);
  expect(page.text).toContain('<div id="app"');
  expect(page.text).toContain('<noscript>');
});

test.each([
  ['/', '%2F'],
  ['/hosts/cs40?show=log', '%2Fhosts%2Fcs40%3Fshow%3Dlog'],
])('%s leads a stranger to the login, and the login back to it', async (path, to) => {
  const page = await request(app()).get(path);
  expect([page.status, page.headers['location']]).toEqual([303, `/login?to=${to}`]);
  expect(page.text).not.toContain('id="app"');
});

test.each(['/hosts/cs40/events', '/nothing', '/console'])('there is nothing at %s', async (path) => {
  expect((await look(path)).status).toBe(404);
});

test.each(['/', '/login', '/setup'])('%s runs no script but ours, and the name of the site is text', async (path) => {
  const page = await look(path);
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|data:|https?:|\*/);
  expect(page.text.match(/<script\b[^>]*>/g)).toEqual([expect.stringMatching(/src="\/assets\/\w+\.js"/)]);
  expect(page.text).not.toContain(HOSTILE);
  expect(page.text).not.toMatch(/ style=| on\w+=/);
});

test('a script is asked about each time, by its tag: none of the version before is gone on with', async () => {
  const first = await request(app()).get('/assets/app.js');
  expect([first.status, first.headers['cache-control'], first.headers['x-content-type-options']]).toEqual([
    200,
    'no-cache',
    'nosniff',
  ]);
  const again = await request(app()).get('/assets/app.js').set('If-None-Match', String(first.headers['etag']));
  expect(again.status).toBe(304);
});
