// The appliance seen from outside: its metrics, its health and the files that operators hang on to both.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LACK_CODES } from '../../server/assembly/views.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { unpackedPackages } from '../support/debian.ts';
import { exampleText } from '../support/example.ts';
import { needs } from '../support/lab-needs.ts';
import { run } from '../support/lab-run.ts';
import { readMetrics } from '../support/metrics-text.ts';
import { traceOf } from '../support/secret-scanner.ts';
import { onLoopback } from '../support/loopback.ts';

const OPERATIONS = new URL('../../docs/operations/', import.meta.url).pathname;
const ROOT_HASH = '$6$saltsaltsalt$thishashisnobodysbutmustneverbeseen';

let directory = '';
let running: Running;
let origin = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-outside-'));
  writeFileSync(join(directory, 'site.yaml'), exampleText);
  running = await serve(onLoopback(directory), quietLog);
  origin = `http://127.0.0.1:${running.httpPort}`;
  await running.appliance.house.secrets.save('root', ROOT_HASH);
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});

const token = (): string => running.appliance.house.secrets.read('operator') ?? '';

async function metrics(accept = 'text/plain'): Promise<{ status: number; type: string | null; text: string }> {
  const headers = { accept, authorization: `Bearer ${token()}` };
  const response = await fetch(`${origin}/metrics`, { headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

/** A repo that was synced, and a machine that asked: then every family has a series. */
async function live(): Promise<void> {
  const { syncs, hosts } = running.appliance.house;
  const startedAt = Date.now() - 5000;
  const id = syncs.begin({ repo: 'cloudstack', cause: 'command', startedAt }) ?? 0;
  const counts = { packages: 1, files: 2, bytes: 300, filesFetched: 2, bytesFetched: 300, bytesReused: 0 };
  const findings = { snapshot: 's1', reason: undefined, remedy: undefined, file: undefined, counts, notes: [] };
  syncs.end(id, { ...findings, outcome: 'published', endedAt: startedAt + 2000 });
  const now = Date.now();
  const arming = { token: 'secrettokenofanarming', armedAt: now, expiresAt: now + 60_000, pins: {}, install: 'F' };
  hosts.apply('cs40', { kind: 'armed', now, arming });
  const url = `tftp://127.0.0.1:${running.tftpPort}/pxelinux.cfg/01-52-54-00-00-00-99`;
  await promisify(execFile)('curl', ['-sS', '--max-time', '20', url]);
  await (await fetch(`${origin}/boot/pxelinux.cfg/01-52-54-00-00-00-98`)).text();
  await (await fetch(`${origin}/kickstart/cs40?token=guessed`)).text();
  await (await fetch(`${origin}/repos/cloudstack/repodata/repomd.xml`)).text();
}

// Its package brings a service too: it is unpacked, not installed.
const apt = needs(['apt-get'], 'none');

describe('/metrics', () => {
  beforeAll(live);

  test('is for who may look', async () => {
    expect((await fetch(`${origin}/metrics`)).status).toBe(401);
    expect((await metrics()).status).toBe(200);
  });

  test.each([
    ['text/plain', 'prometheus', 'text/plain; version=0.0.4; charset=utf-8'],
    ['application/openmetrics-text', 'openmetrics', 'application/openmetrics-text; version=1.0.0; charset=utf-8'],
  ] as const)('for %s is strictly %s', async (accept, format, type) => {
    const answer = await metrics(accept);
    expect(answer.type).toBe(type);
    expect(readMetrics(answer.text, format).values.size).toBeGreaterThan(50);
  });

  test.skipIf(apt.skip)(`is as promtool wants it${apt.note}`, { timeout: 120_000 }, async () => {
    const checker = join(await unpackedPackages(['prometheus']), 'usr/bin/promtool');
    const check = (text: string): Promise<string> => run([checker, 'check', 'metrics'], { input: text });
    expect(await check((await metrics()).text)).toBe('');
    await expect(check('kickstand_unexplained_total 1\n')).rejects.toThrow('no help text');
  });

  test('tells what happened', async () => {
    await expect.poll(async () => (await metrics()).text).toContain('kickstand_tftp_requests_total{outcome="sent"} 1');
    const { values } = readMetrics((await metrics()).text);
    const value = (series: string): number | undefined => values.get(`kickstand_${series}`);
    expect(value('hosts{phase="armed"}')).toBe(1);
    expect(value('repo_last_sync_success{repo="cloudstack"}')).toBe(1);
    expect(value('repo_last_sync_duration_seconds{repo="cloudstack"}')).toBe(2);
    expect(value('repo_last_sync_fetched_bytes{repo="cloudstack"}')).toBe(300);
    expect(value('repo_sync_age_seconds{repo="cloudstack"}')).toBeGreaterThanOrEqual(3);
    expect(value('tftp_sent_bytes_total')).toBeGreaterThan(10);
    expect(value('boot_stages_total{stage="script",outcome="local"}')).toBeGreaterThanOrEqual(1);
    expect(value('boot_stages_total{stage="instructions",outcome="refused"}')).toBe(1);
    expect(value('http_requests_total{room="boot",status="2xx"}')).toBe(1);
    expect(value('http_requests_total{room="kickstart",status="4xx"}')).toBe(1);
    expect(value('http_requests_total{room="repos",status="4xx"}')).toBe(1);
    expect(value('http_sent_bytes_total{room="boot"}')).toBeGreaterThan(10);
    expect(value('lacks{code="tree-missing"}')).toBe(2);
    expect(value('lacks{code="site-refused"}')).toBe(0);
    expect(value('data_free_bytes')).toBeGreaterThan(0);
    expect(values.get('nodejs_eventloop_lag_max_seconds')).toBeLessThan(60);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  });

  test('tells no secret, and no name of a stranger', async () => {
    for (const accept of ['text/plain', 'application/openmetrics-text']) {
      const { text } = await metrics(accept);
      expect(traceOf([ROOT_HASH, token(), 'secrettokenofanarming'], text)).toEqual([]);
      expect(text).not.toMatch(/52[:-]54|127\.0\.0\.1|guessed/);
    }
  });

  test('has all that the dashboard shows', async () => {
    const dashboard = readFileSync(join(OPERATIONS, 'grafana-dashboard.json'), 'utf8');
    const expressions = [...dashboard.matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)].map(([, expr = '']) => expr);
    expect(expressions.length).toBeGreaterThan(25);
    const shown = new Set(
      expressions.flatMap((expr) => expr.match(/\b(?:kickstand|nodejs|process)_[a-z0-9_]+/g) ?? []),
    );
    const { names } = readMetrics((await metrics()).text);
    // DHCP is off here; test/server/metrics/readings.test.ts has its names.
    const missing = [...shown].filter((name) => !names.has(name) && !name.startsWith('kickstand_dhcp_'));
    expect([shown.size > 20, missing]).toEqual([true, []]);
  });
});

describe('/healthz', () => {
  type Health = { ok: boolean; missing: { code: string }[]; siteProblems: { code: string }[] };
  const health = async (query: string): Promise<readonly [number, Health]> => {
    const response = await fetch(`${origin}/healthz${query}`);
    const read: Health = JSON.parse(await response.text());
    return [response.status, read];
  };

  test('is well while it serves what there is, and names each lack by its code', async () => {
    const [status, { ok, missing }] = await health('');
    expect([status, ok]).toEqual([200, true]);
    expect(missing.map(({ code }) => code)).toEqual(expect.arrayContaining(['address-not-own', 'tree-missing']));
    const known: readonly string[] = LACK_CODES;
    expect(missing.filter(({ code }) => !known.includes(code))).toEqual([]);
  });

  test('is not, strictly, while somebody has to act', async () => {
    const [status, { ok }] = await health('?strict');
    expect([status, ok]).toEqual([503, false]);
  });
});

const tools = needs(['systemd-analyze'], 'none');

describe.skipIf(tools.skip)(`the unit${tools.note}`, () => {
  const unit = join(OPERATIONS, 'kickstand.service');

  test('is one that systemd takes', async () => {
    // Only its program is elsewhere here; an unknown setting would be said too.
    const own = join(directory, 'kickstand.service');
    writeFileSync(own, readFileSync(unit, 'utf8').replaceAll('/opt/kickstand/scripts/kickstand', '/bin/true'));
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', own]);
    expect(stdout + stderr).toBe('');
  });

  test('gives little away', async () => {
    const argv = ['security', '--offline=true', '--no-pager', '--threshold=25', unit];
    const { stdout } = await promisify(execFile)('systemd-analyze', argv);
    expect(stdout).toMatch(/Overall exposure level for kickstand\.service: [01]\.\d|2\.[0-5]/);
  });

  test('leaves time for what runs', () => {
    const seconds = (name: string): number =>
      Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(readFileSync(unit, 'utf8'))?.[1]);
    expect(seconds('TimeoutStopSec')).toBeGreaterThan(20 + 10);
    expect(seconds('WatchdogSec')).toBeGreaterThan(10);
  });
});
