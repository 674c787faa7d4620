// A machine asks, is seen, is enrolled over HTTP: the running appliance takes it into its site, and lets it install nothing.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Site } from '../../server/domain.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { exampleText } from '../support/example.ts';
import { onLoopback } from '../support/loopback.ts';

let directory = '';
let running: Running;
let origin = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-enroll-flow-'));
  writeFileSync(join(directory, 'site.yaml'), exampleText);
  running = await serve(onLoopback(directory), quietLog);
  origin = `http://127.0.0.1:${running.httpPort}`;
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});

async function get(path: string): Promise<string> {
  const headers = { authorization: `Bearer ${running.appliance.operatorToken()}` };
  return (await fetch(`${origin}${path}`, { headers })).text();
}

test('from its first question to a host that boots its own disk', async () => {
  await get('/boot/pxelinux.cfg/01-52-54-00-00-00-77');
  expect(JSON.parse(await get('/api/v1/discovered'))).toMatchObject({ items: [{ mac: '52:54:00:00:00:77' }] });

  const { promise: reloaded, resolve } = Promise.withResolvers<Site>();
  running.appliance.onReload(resolve);
  const answer = await fetch(`${origin}/api/v1/discovered/52:54:00:00:00:77/enroll`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.appliance.operatorToken()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'xs-03', profile: 'hypervisor' }),
  });
  expect(answer.status).toBe(201);
  expect((await reloaded).hosts.map(({ name }) => name)).toEqual(['cs40', 'xs-01', 'xs-02', 'xs-03']);

  expect(JSON.parse(await get('/api/v1/discovered'))).toEqual({ items: [] });
  expect(JSON.parse(await get(answer.headers.get('location') ?? ''))).toMatchObject({
    name: 'xs-03',
    address: '192.168.168.5',
    phase: 'disarmed',
    history: [{ what: 'enrolled' }],
  });
  expect(await get('/boot/pxelinux.cfg/01-52-54-00-00-00-77')).toMatch(/^# disarmed: never armed\n.*LOCALBOOT/s);
  expect(readFileSync(join(directory, 'site.yaml'), 'utf8')).toContain('# next free address\n  - { name: xs-03');
});
