// What installers may have: instructions for the right token and the right machine only, and reports that move the host on.

import express from 'express';
import request from 'supertest';
import { beforeEach, describe, expect, test } from 'vitest';
import type { HostState } from '../../../server/domain.ts';
import { advance, unarmed } from '../../../server/hosts/lifecycle.ts';
import type { Instructions } from '../../../server/hosts/routes.ts';
import { installerRoutes } from '../../../server/hosts/routes.ts';
import { quietLog } from '../../../server/log.ts';
import { isNo, no } from '../../../server/malformed.ts';

const arming = { token: 'right', armedAt: 0, expiresAt: 1000, pins: {}, install: 'F' };
let state: HostState = unarmed;
let notes: string[] = [];
let stages: unknown[] = [];
let logs: unknown[] = [];
let now = 1;
let rendering: () => void = () => {};
beforeEach(() => {
  state = advance(unarmed, { kind: 'armed', now: 0, arming });
  notes = [];
  stages = [];
  logs = [];
  now = 1;
  rendering = () => {};
});

const rendered: Record<Instructions['kind'], string> = {
  kickstart: 'KICKSTART',
  answerfile: '<a/>',
  script: '#!/bin/sh\n',
};
const app = express().use(
  installerRoutes({
    state: (host) => (host === 'cs40' ? state : unarmed),
    apply: (_host, event) => {
      state = advance(state, event);
    },
    note: (_host, what, detail) => void notes.push(`${what}: ${detail}`),
    keepLog: (host, text) => void logs.push({ host, text }),
    clean: (text) => text,
    stage: (_address, host, stage) => void stages.push({ host, ...stage }),
    macsOf: (host) => (host === 'cs40' ? ['52:54:00:a8:a8:02'] : undefined),
    render: async (_host, what) => {
      await Promise.resolve();
      rendering();
      return what.kind === 'answerfile' ? no('it installs rhel') : rendered[what.kind];
    },
    now: () => now,
    log: quietLog,
  }),
);

const mac = (value: string): [string, string] => ['X-RHN-Provisioning-MAC-0', value];

describe('instructions', () => {
  test.each<[string, string, [string, string] | undefined, number, string]>([
    ['with the token', '/kickstart/cs40?token=right', undefined, 200, 'KICKSTART'],
    [
      'with the token and its own MAC, upper case as RHEL 6 sends it',
      '/kickstart/cs40?token=right',
      mac('eth0 52:54:00:A8:A8:02'),
      200,
      'KICKSTART',
    ],
    [
      "with the token and another machine's MAC",
      '/kickstart/cs40?token=right',
      mac('eth0 52:54:00:00:00:99'),
      403,
      'does not open',
    ],
    ['a script', '/hosts/cs40/scripts/installation-complete?token=right', undefined, 200, '#!/bin/sh'],
    ['of the wrong kind', '/answerfile/cs40?token=right', undefined, 409, 'it installs rhel'],
    ['without a token', '/kickstart/cs40', undefined, 403, 'does not open'],
    ['with another token', '/kickstart/cs40?token=wrong', undefined, 403, 'does not open'],
    ['with an empty token', '/kickstart/cs40?token=', undefined, 403, 'does not open'],
    ['with two tokens', '/kickstart/cs40?token=right&token=wrong', undefined, 403, 'does not open'],
    ['with a token as an object', '/kickstart/cs40?token[x]=right', undefined, 403, 'does not open'],
    [
      'of a host that is not there: the same answer as for a wrong token',
      '/kickstart/nobody?token=right',
      undefined,
      403,
      'does not open',
    ],
  ])('%s', async (_name, path, header, status, part) => {
    const asked = request(app).get(path);
    const answer = await (header === undefined ? asked : asked.set(...header));
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(part)]);
    expect(answer.text).not.toContain('right');
  });

  test('are never kept by a cache on the way', async () => {
    expect((await request(app).get('/kickstart/cs40?token=right')).headers['cache-control']).toBe('no-store');
  });

  test('end with the arming, and with success', async () => {
    now = 1000;
    expect((await request(app).get('/kickstart/cs40?token=right')).status).toBe(403);
    now = 1;
    await request(app).get('/hosts/cs40/events?token=right&stage=installed');
    expect((await request(app).get('/kickstart/cs40?token=right')).status).toBe(403);
  });

  test('that took their time are not given when the host was disarmed meanwhile', async () => {
    rendering = () => {
      state = advance(state, { kind: 'disarmed', now: 2, reason: 'by an operator' });
    };
    expect((await request(app).get('/kickstart/cs40?token=right')).status).toBe(403);
    expect(state.phase).toBe('disarmed');
  });

  test('are not begun after the arming has ended, but the script that ends an install is given', async () => {
    await request(app).get('/kickstart/cs40?token=right').expect(200);
    now = 5000;
    await request(app).get('/kickstart/cs40?token=right').expect(403);
    await request(app).get('/hosts/cs40/scripts/installation-complete?token=right').expect(200);
  });

  test('that are only looked at (HEAD) begin nothing', async () => {
    await request(app).head('/kickstart/cs40?token=right').expect(200);
    expect(state.phase).toBe('armed');
  });

  test('that were read move the host to installing; refusals are written down', async () => {
    await request(app).get('/kickstart/cs40?token=wrong');
    expect([state.phase, notes]).toEqual([
      'armed',
      ['refused: /kickstart/cs40: asked without the token of its arming'],
    ]);
    await request(app).get('/kickstart/cs40?token=right');
    expect(state.phase).toBe('installing');
  });
});

test('whoever follows the boot hears of each instruction and report, refused ones too', async () => {
  await request(app).get('/kickstart/cs40?token=wrong');
  await request(app).head('/kickstart/cs40?token=right');
  await request(app).get('/kickstart/cs40?token=right');
  await request(app).get('/hosts/cs40/events?token=right&stage=installed&message=done');
  const of = (kind: string, rest: object) => ({ host: 'cs40', kind, ...rest });
  expect(stages).toEqual([
    of('instructions', { what: 'instructions', outcome: 'refused', reason: 'asked without the token of its arming' }),
    of('instructions', { what: 'kickstart', outcome: 'given', reason: '' }),
    of('report', { stage: 'installed', message: 'done' }),
  ]);
});

describe('reports', () => {
  test('by POST with JSON', async () => {
    await request(app)
      .post('/hosts/cs40/events?token=right')
      .send({ stage: 'failed', message: 'no\u0007disk' })
      .expect(200);
    expect(state).toMatchObject({ phase: 'failed', reason: 'its installer reported failure: no disk' });
  });

  test('by POST with a form, and by GET for installers without POST', async () => {
    await request(app).post('/hosts/cs40/events?token=right').type('form').send('stage=post').expect(200);
    expect(state.phase).toBe('installing');
    await request(app).get('/hosts/cs40/events?token=right&stage=installed').expect(200, 'noted\n');
    expect(state.phase).toBe('installed');
  });

  test('with a log: plain text beside a report in the query, kept where the token is right', async () => {
    const failed = 'stage=failed&message=post+step+files';
    const send = (token: string, text: string) =>
      request(app).post(`/hosts/cs40/events?token=${token}&${failed}`).type('text/plain').send(text);
    expect((await send('wrong', 'forged')).status).toBe(403);
    expect((await send('right', 'x'.repeat(600_000))).status).toBe(413);
    expect([logs, state.phase]).toEqual([[], 'armed']);
    expect((await send('right', 'one\ngrößer\n')).status).toBe(200);
    expect(logs).toEqual([{ host: 'cs40', text: 'one\ngrößer\n' }]);
    expect(state).toMatchObject({ phase: 'failed', reason: 'its installer reported failure: post step files' });
    expect((await request(app).post('/hosts/cs40/events?token=right').type('text/plain').send('x')).status).toBe(400);
    expect(logs).toHaveLength(1);
  });

  test.each<[string, string, number]>([
    ['without a token', '/hosts/cs40/events?stage=installed', 403],
    ['with another token', '/hosts/cs40/events?token=x&stage=installed', 403],
    ['of a host that is not there', '/hosts/nobody/events?token=right&stage=installed', 403],
    ['without a stage', '/hosts/cs40/events?token=right', 400],
    ['with a stage that is no word', '/hosts/cs40/events?token=right&stage=%3Cb%3E', 400],
    ['with two stages', '/hosts/cs40/events?token=right&stage=a&stage=b', 400],
  ])('refused %s', async (_name, path, status) => {
    expect((await request(app).get(path)).status).toBe(status);
    expect(state.phase).toBe('armed');
  });

  test("that are huge or not JSON are the sender's fault, not ours", async () => {
    const huge = await request(app)
      .post('/hosts/cs40/events?token=right')
      .send({ stage: 'x', message: 'y'.repeat(100_000) });
    const broken = await request(app).post('/hosts/cs40/events?token=right').type('json').send('{');
    expect([huge.status, broken.status, isNo(state)]).toEqual([413, 400, false]);
  });
});
