// The operator's files for first-boot jobs: for the token of the host's arming alone, and never a path.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hostFileRoutes } from '../../../../server/hosts/files/routes.ts';
import { advance, unarmed } from '../../../../server/hosts/lifecycle.ts';
import { quietLog } from '../../../../server/log.ts';
import { no } from '../../../../server/malformed.ts';

const arming = { token: 'right', armedAt: 0, expiresAt: 1000, pins: {}, install: 'F' };
const armed = advance(unarmed, { kind: 'armed', now: 0, arming });
const PACK = Buffer.from([0, 1, 2, 255, 13, 10]);
let state = armed;
let directory = '';
let notes: string[] = [];
let asked: string[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-files-'));
  writeFileSync(join(directory, 'a pack.iso'), PACK);
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  state = armed;
  notes = [];
  asked = [];
});

const app = express().use(
  hostFileRoutes({
    state: (host) => (host === 'xs-01' ? state : unarmed),
    note: (_host, what, detail) => void notes.push(`${what}: ${detail}`),
    isHost: (host) => host === 'xs-01',
    find: async (_host, name) => {
      asked.push(name);
      await Promise.resolve();
      if (name === 'gone') return { kind: 'host-file', path: join(directory, 'gone.iso') };
      return name === 'pack-1'
        ? { kind: 'host-file', path: join(directory, 'a pack.iso') }
        : no('no such file', 'none');
    },
    now: () => 1,
    log: quietLog,
  }),
);

test('the bytes, kept by no cache on the way', async () => {
  const answer = await request(app).get('/hosts/xs-01/files/pack-1?token=right').responseType('blob');
  expect([answer.status, answer.headers['cache-control'], answer.headers['content-type']]).toEqual([
    200,
    'no-store',
    'application/octet-stream',
  ]);
  expect(answer.body).toEqual(PACK);
});

test('also after the install has ended: the job runs then', async () => {
  state = advance(armed, { kind: 'reported', now: 1, stage: 'installed', message: '' });
  expect((await request(app).get('/hosts/xs-01/files/pack-1?token=right')).status).toBe(200);
  state = advance(armed, { kind: 'disarmed', now: 1, reason: 'x' });
  expect((await request(app).get('/hosts/xs-01/files/pack-1?token=right')).status).toBe(403);
});

describe('refused', () => {
  test.each([
    ['without a token', '/hosts/xs-01/files/pack-1'],
    ['with another token', '/hosts/xs-01/files/pack-1?token=wrong'],
    ['with an empty one', '/hosts/xs-01/files/pack-1?token='],
    ['with two', '/hosts/xs-01/files/pack-1?token=right&token=wrong'],
    ['of a host that is not there', '/hosts/nobody/files/pack-1?token=right'],
  ])('%s', async (_, path) => {
    const answer = await request(app).get(path);
    expect([answer.status, asked]).toEqual([403, []]);
    expect(answer.text).not.toContain('right');
  });

  test('what the profile does not name', async () => {
    const answer = await request(app).get('/hosts/xs-01/files/..%2Fsite.yaml?token=right');
    expect([answer.status, notes]).toEqual([404, ['file refused: no such file']]);
  });

  test('a file that has gone meanwhile is a fault of ours', async () =>
    expect((await request(app).get('/hosts/xs-01/files/gone?token=right')).status).toBe(500));
});
