// The page of one host: verdict before evidence, the last boot before earlier ones, and hostile text stays text.

import express from 'express';
import request from 'supertest';
import { expect, test } from 'vitest';
import type { HostPageModel } from '../../../server/console/host-page.ts';
import { renderHostPage } from '../../../server/console/host-page.ts';
import { consoleRoutes } from '../../../server/console/routes.ts';
import { no } from '../../../server/malformed.ts';

const hostile = '<script>alert(1)</script>"\'&';
const at = Date.UTC(2026, 10, 22, 14, 0, 5);

function model(text: string): HostPageModel {
  return {
    site: text,
    name: text,
    profile: text,
    address: text,
    macs: [text],
    phase: text,
    reason: text,
    verdict: { health: 'wrong', summary: text, remedy: text, certainty: 'likely' },
    transcript: [
      { at, boot: 1, what: `${text}-early`, detail: text },
      { at, boot: 2, what: `${text}-late`, detail: text },
    ],
    history: [{ at, what: text, detail: text }],
  };
}

test('no value becomes markup', () => {
  const page = renderHostPage(model(hostile));
  expect(page).not.toContain('<script');
  expect(page.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;&#39;&amp;/g)).toHaveLength(17);
});

test('the verdict stands first, then the last boot, then those before it', () => {
  const page = renderHostPage(model('x'));
  const places = ['wrong</span> x (inferred)', 'What to do:', 'x-late', 'Boots before it', 'x-early', 'History'].map(
    (part) => page.indexOf(part),
  );
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(places).not.toContain(-1);
  expect(page).toContain('2026-11-22 14:00:05 UTC');
});

test('it is served at /hosts/NAME, under the same policy as the main page; of nobody there is none', async () => {
  const parts = {
    main: () => Promise.reject(new Error('not asked')),
    host: async (name: string) => (name === 'cs40' ? model(name) : no('the site has no such host')),
  };
  const app = express().use(consoleRoutes(parts, '/nonexistent'));
  const page = await request(app).get('/hosts/cs40');
  expect([page.status, page.headers['content-security-policy']]).toEqual([
    200,
    expect.stringContaining("default-src 'none'"),
  ]);
  expect((await request(app).get('/hosts/nobody')).status).toBe(404);
  expect((await request(app).get('/hosts/cs40/events')).status).toBe(404);
});
