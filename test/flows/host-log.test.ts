// An install that fails, as its operator sees it: what its installer sent by syslog and what its %post had written, on page, API and command line.

import { execFile, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import { renderKickstart } from '../../kickstart/render.ts';
import { requiredSecrets } from '../../kickstart/secrets.ts';
import { installOf } from '../../server/assembly/house.ts';
import type { Install } from '../../server/domain.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { isNo } from '../../server/malformed.ts';
import { installFingerprint } from '../../server/site/fingerprint.ts';
import type { Chroot } from '../support/chroot.ts';
import { chrootWorks, makeChroot } from '../support/chroot.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';
import { TOKEN, cs40, secrets } from '../support/installs.ts';
import { bodyOf } from '../support/kickstart-text.ts';
import { onLoopback } from '../support/loopback.ts';

const CLI = new URL('../../scripts/cli.ts', import.meta.url).pathname;
const inCi = process.env['CI'] !== undefined;
const works = chrootWorks() && existsSync('/usr/bin/curl') && existsSync('/usr/bin/logger');
let directory = '';
let running: Running;
let origin = '';
const data = (): string => join(directory, 'data');
const site = (): string => join(directory, 'site.yaml');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-host-log-'));
  writeFileSync(site(), exampleText);
  running = await serve({ ...onLoopback(directory), syslogPort: 0 }, quietLog);
  origin = `http://127.0.0.1:${running.httpPort}`;
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});

/** Arms cs40 as it is, although its tree is not there yet, and has its installer read its kickstart. */
async function begin(): Promise<void> {
  const { house } = running.appliance;
  const install = await installOf(house, 'cs40');
  if (isNo(install)) throw new Error(install.reason);
  for (const { name } of requiredSecrets(install)) await house.secrets.save(name, secrets(name) ?? 'Unused-secret-1');
  const now = Date.now();
  const arming = {
    token: TOKEN,
    armedAt: now,
    expiresAt: now + 3_600_000,
    pins: {},
    install: installFingerprint(install),
  };
  house.hosts.apply('cs40', { kind: 'armed', now, arming });
  expect((await fetch(`${origin}/kickstart/cs40?token=${TOKEN}`)).status).toBe(200);
}

/** Its installer says something, by syslog. */
async function say(text: string): Promise<void> {
  const to = ['-n', '127.0.0.1', '-P', String(running.syslogPort), '-T', '-p', 'local1.err', '-t', 'anaconda'];
  await promisify(execFile)('logger', [...to, text]);
}

/** A root in which curl is the real one, and the network this machine's loopback. */
function rootWithCurl(): Chroot {
  const root = makeChroot();
  root.stub('sleep');
  const libraries = spawnSync('ldd', ['/usr/bin/curl']).stdout.toString();
  for (const file of ['/usr/bin/curl', ...libraries.matchAll(/\s(\/\S+) \(/g)].map((one) =>
    typeof one === 'string' ? one : (one[1] ?? ''),
  )) {
    mkdirSync(dirname(join(root.path, file)), { recursive: true });
    copyFileSync(file, join(root.path, file));
  }
  return root;
}

/** Runs a script of the root; its exit status. It must not hold up the appliance, which is in this process. */
async function runIn(root: Chroot, script: string): Promise<number | null> {
  const child = spawn('unshare', ['-r', 'chroot', root.path, '/bin/bash', script], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: 'ignore',
  });
  return new Promise((done) => child.on('close', done));
}

function postOf(install: Install): string {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  return bodyOf(text, 'post');
}

describe.skipIf(!works && !inCi)('an install whose %post fails', () => {
  beforeAll(async () => {
    await begin();
    const root = rootWithCurl();
    root.stub('chkconfig', 'echo "service $1 does not support chkconfig" >&2\n[ "$1" != mysqld ]');
    root.put('/tmp/script', postOf({ ...cs40, origin }));
    await say(`ks=${origin}/kickstart/cs40?token=${TOKEN} <b>`);
    expect(await runIn(root, '/tmp/script')).toBe(1);
    root.remove();
    await vi.waitFor(async () => expect(await log()).toContain('anaconda'), 5000);
  });

  const ask = (path: string): Promise<Response> =>
    fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${running.appliance.operatorToken()}` } });
  const text = async (path: string): Promise<string> => (await ask(path)).text();
  const log = (query = ''): Promise<string> => text(`/api/v1/hosts/cs40/log${query}`);

  test('has failed, and says at which step', async () => {
    expect(JSON.parse(await text('/api/v1/hosts/cs40'))).toMatchObject({
      phase: 'failed',
      reason: 'its installer reported failure: post step services ended with status 1',
    });
  });

  test('tells what the step had written, and what its installer said', async () => {
    const { lines }: { lines: { text: string }[] } = JSON.parse(await log());
    const said = lines.map((line) => line.text).join('\n');
    expect(said).toContain('service mysqld does not support chkconfig\n');
    expect(said).toMatch(/services FAILED with status 1 after \d+ s$/m);
    expect(said).toContain('token=(hidden) <b>');
    expect(said).not.toContain(TOKEN);
  });

  test('has its steps with their ends in its history', async () => {
    const { history }: { history: { what: string }[] } = JSON.parse(await text('/api/v1/hosts/cs40'));
    const steps = history.map(({ what }) => what).toReversed();
    expect(steps.slice(-4)).toEqual([
      'reported post.exports',
      'reported post.exports.done',
      'reported post.services',
      'reported failed',
    ]);
  });

  test('tells its log by pages over the API', async () => {
    const first = JSON.parse(await log('?after=0&limit=2'));
    const second = JSON.parse(await log(`?after=${first.next}&limit=5000`));
    expect(first.lines).toHaveLength(2);
    const all = [...first.lines, ...second.lines].map(
      ({ kind, text: said }: { kind: string; text: string }) => `${kind} ${said}`,
    );
    expect(all.some((line) => line.startsWith('syslog ks='))).toBe(true);
    expect(all.at(-1)).toMatch(/^script .*FAILED/);
    expect((await ask('/api/v1/hosts/cs40/log?limit=x')).status).toBe(400);
    expect((await ask('/api/v1/hosts/nobody/log')).status).toBe(404);
  });

  test('and what was not taken is counted, where anyone may see it', async () => {
    expect(JSON.parse(await text('/healthz'))).toMatchObject({ syslog: { strangers: 0, beyond: 0 } });
  });

  test('tells it on the command line, for people and for machines', async () => {
    const flags = ['--site', site(), '--data', data()];
    const shown = await kickstand(['host', 'log', 'cs40', ...flags]);
    expect(shown.out).toMatch(/^== install armed .* UTC\n\d\d:\d\d:\d\d \[error\] anaconda: ks=/);
    expect(shown.out).toContain('service mysqld does not support chkconfig\n');
    const json = await kickstand(['host', 'log', 'cs40', '--lines', '1', '--json', ...flags]);
    expect(JSON.parse(json.out)).toMatchObject({ kind: 'script', text: expect.stringContaining('FAILED') });
    expect((await kickstand(['host', 'log', 'nobody', ...flags])).code).toBe(1);
    expect((await kickstand(['host', 'log', 'cs40', '--lines', '0', ...flags])).code).toBe(2);
    const none = await kickstand(['host', 'log', 'xs-01', ...flags]);
    expect([none.code, none.out, none.err]).toEqual([
      0,
      '',
      expect.stringContaining('it is sent while the host installs'),
    ]);
  });

  test('goes on telling it to who follows, until they have enough', async () => {
    const args = [CLI, 'host', 'log', 'cs40', '--follow', '--lines', '1', '--site', site(), '--data', data()];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece));
    const ended = new Promise((done) => child.on('close', done));
    await vi.waitFor(() => expect(out).toContain('FAILED'), 20_000);
    await say('rebooting');
    await vi.waitFor(() => expect(out).toMatch(/ \[error\] anaconda: rebooting\n$/), 20_000);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});

test('installers are told where the port is, and which: by UDP and TCP it is one', async () => {
  const install = await installOf(running.appliance.house, 'cs40');
  if (isNo(install)) throw new Error(install.reason);
  expect(install.syslog).toBe(`192.168.168.26:${running.syslogPort}`);
  expect(JSON.stringify(installerArguments(install))).toContain(`"syslog=192.168.168.26:${running.syslogPort}"`);
});
