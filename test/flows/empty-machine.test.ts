// The first start on an empty machine: no content yet, and the appliance says what is missing, what to do, and serves the rest.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningAppliance } from '../support/lab-appliance.ts';
import { startAppliance } from '../support/lab-appliance.ts';

const SITE = resolve(import.meta.dirname, '..', '..', 'site.example.yaml');

describe('an appliance with nothing in it', () => {
  const undo: (() => Promise<unknown>)[] = [];
  let appliance: RunningAppliance;

  beforeAll(async () => {
    const data = await mkdtemp(join(tmpdir(), 'kickstand-empty-'));
    undo.push(() => rm(data, { recursive: true, force: true }));
    const flags = ['--listen', '127.0.0.1', '--advertise', '127.0.0.1', '--http-port', '0', '--tftp-port', '0'];
    appliance = await startAppliance({ site: SITE, data }, { flags });
    undo.push(() => appliance.stop());
  });

  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
  });

  test.each([
    ['the tree of the management server', /missing: tree rhel6: RHEL6\.2-20111117\.0-Server-x86_64-DVD1\.iso/],
    ['what to do for it', /what to do: .*kickstand tree add rhel6 /],
    ['the tree of the hypervisors', /missing: tree xenserver: /],
    ['the repository', /missing: repo cloudstack: it was never synced/],
    ['how to sync it', /what to do: kickstand repo sync cloudstack/],
  ])('says at its start: %s', async (_what, line) => {
    await expect.poll(() => appliance.output(), { timeout: 10_000 }).toMatch(line);
  });

  test('answers /healthz with what it lacks', async () => {
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain('rhel6');
    expect(text).toContain('cloudstack');
  });

  test.each([
    ['/', 303],
    ['/login', 200],
    ['/api/v1/site.schema.json', 200],
    ['/api/v1/openapi.json', 200],
    ['/api/v1/hosts', 401],
    ['/repo-files/cloudstack.repo', 200],
    ['/repo-files/rhel6.repo', 404],
    ['/repos/cloudstack/repodata/repomd.xml', 404],
    ['/trees/rhel6/.treeinfo', 404],
    ['/no-such-thing', 404],
    ['/kickstart/cs40?token=guessed', 403],
  ])('serves %s with %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  test('tells a refusal as a problem that names the remedy', async () => {
    const response = await get('/repo-files/rhel6.repo');
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.text()).toMatch(/tree add rhel6/);
  });

  test('ends by itself on SIGTERM', async () => {
    const extra = await mkdtemp(join(tmpdir(), 'kickstand-empty-'));
    try {
      const second = await startAppliance(
        { site: SITE, data: extra },
        { flags: ['--listen', '127.0.0.1', '--advertise', '127.0.0.1', '--http-port', '0', '--tftp-port', '0'] },
      );
      expect((await fetch(`${second.origin}/healthz`)).ok).toBe(true);
      expect(await second.stop()).toBe(0);
    } finally {
      await rm(extra, { recursive: true, force: true });
    }
  });

  /** Over a connection that an installer's path has opened, an operator's is answered with 307: to be asked again over another. */
  async function get(path: string): Promise<Response> {
    const ask = () => fetch(`${appliance.origin}${path}`, { redirect: 'manual' });
    const answer = await ask();
    return answer.status === 307 ? ask() : answer;
  }
});
