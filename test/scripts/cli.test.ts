// The command line as an operator meets it: exit codes, JSON, remedies, and that secrets stay where they are.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStageStore } from '../../server/doctor/store.ts';
import { openHostStore } from '../../server/hosts/store.ts';
import { quietLog } from '../../server/log.ts';
import { START, tell, toGrub } from '../server/doctor/stages.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';

const CLI = new URL('../../scripts/cli.ts', import.meta.url).pathname;
let directory = '';
let place: string[] = [];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-cli-'));
  writeFileSync(join(directory, 'site.yaml'), exampleText);
  place = ['--site', join(directory, 'site.yaml'), '--data', join(directory, 'data')];
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('exit codes', () => {
  test.each<[string, string[], number, string]>([
    ['help', ['--help'], 0, 'Usage: kickstand'],
    ['help of a command', ['host', 'arm', '--help'], 0, '--for'],
    ['help of serve, with its variables', ['serve', '--help'], 0, 'KICKSTAND_HTTP_PORT'],
    ['help of the doctor, with the flags of serve', ['doctor', '--help'], 0, '--dhcp-interface'],
    ['an unknown command, with the one that was meant', ['repo', 'snyc'], 2, 'Did you mean sync?'],
    ['an unknown option', ['site', 'check', '--wrong'], 2, 'unknown option'],
    ['a bundle of nobody', ['bundle'], 2, 'name a host'],
    ['a missing argument', ['host', 'show'], 2, 'missing required argument'],
    ['a site file that is not there', ['site', 'check', '/nonexistent.yaml'], 1, 'there is no such file'],
    ['the example site', ['site', 'check', 'site.example.yaml'], 0, 'no problems'],
  ])('%s', async (_name, args, code, part) => {
    const ran = await kickstand(args);
    expect([ran.code, ran.out + ran.err]).toEqual([code, expect.stringContaining(part)]);
  });

  test.each<[string, string[], number, string]>([
    [
      'a repo the site does not have',
      ['repo', 'sync', 'nothing'],
      2,
      'the site has no repo nothing; its repos are cloudstack',
    ],
    ['a host the site does not have', ['host', 'show', 'nothing'], 1, 'its hosts are cs40, xs-01, xs-02'],
    ['a time that is none', ['host', 'arm', 'cs40', '--for', 'soon'], 2, 'write it like 90m'],
    ['a form that is none', ['host', 'render', 'cs40', '--as', 'pdf'], 2, 'kickstart, answerfile, pxelinux'],
    ['arming without the medium, with the remedy', ['host', 'arm', 'cs40'], 1, 'kickstand tree add rhel6 FILE'],
    [
      'publishing a snapshot that is not there',
      ['repo', 'publish', 'cloudstack', 'x'],
      1,
      'kickstand repo snapshots cloudstack',
    ],
    ['adding a medium that is not there', ['tree', 'add', 'rhel6', '/nonexistent.iso'], 1, '/nonexistent.iso'],
    ['adding a file that is no image', ['tree', 'add', 'rhel6', 'package.json'], 1, 'ISO 9660'],
    [
      'the doctor, on a site whose content is absent',
      ['doctor', '--http-port', '0', '--tftp-port', '0'],
      1,
      'kickstand repo sync cloudstack',
    ],
    [
      'the doctor, where DHCP should be answered',
      ['doctor', '--dhcp', 'proxy', '--dhcp-interface', 'nope0'],
      1,
      'nope0',
    ],
  ])('%s', async (_name, args, code, part) => {
    const ran = await kickstand([...args, ...place]);
    expect([ran.code, ran.out + ran.err]).toEqual([code, expect.stringContaining(part)]);
  });
});

describe('a site file with mistakes', () => {
  test('shows all of them, for people and for machines', async () => {
    const file = join(directory, 'wrong.yaml');
    writeFileSync(
      file,
      exampleText.replace('from: 192.168.168.16', 'from: 92.168.168.16').replace('tree: rhel6', 'tree: rhel5'),
    );
    const people = await kickstand(['site', 'check', file]);
    expect([people.code, people.out.trim().split('\n').length]).toEqual([1, 2]);
    expect(people.out).toMatch(/wrong\.yaml:\d+: networks\[0\]\.ranges\[3\]\.from: .*192\.168\.168\.16/);
    const machines = await kickstand(['site', 'check', file, '--json']);
    expect(JSON.parse(machines.out)).toMatchObject({
      problems: [{ path: 'networks[0].ranges[3].from' }, { path: 'profiles[0].tree' }],
    });
  });

  test('is no site to work with', async () => {
    const ran = await kickstand([
      'host',
      'list',
      '--site',
      join(directory, 'wrong.yaml'),
      '--data',
      join(directory, 'data'),
    ]);
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('rhel5')]);
  });
});

test('a host is disarmed even while its site file is broken', async () => {
  const hosts = openHostStore(join(directory, 'data/state.db'));
  const arming = { token: 't', armedAt: Date.now(), expiresAt: Date.now() + 60_000, pins: {}, install: 'F' };
  hosts.apply('cs40', { kind: 'armed', now: Date.now(), arming });
  const broken = ['--site', join(directory, 'broken.yaml'), '--data', join(directory, 'data')];
  writeFileSync(join(directory, 'broken.yaml'), 'oops: 1\n');
  expect(await kickstand(['host', 'disarm', 'cs40', ...broken])).toMatchObject({ code: 0, out: 'cs40: disarmed\n' });
  expect(hosts.state('cs40', Date.now()).phase).toBe('disarmed');
  expect((await kickstand(['host', 'disarm', 'nobody', ...broken])).code).toBe(1);
  hosts.close();
});

describe('secrets', () => {
  test('are kept 0600 and never printed', async () => {
    const set = await kickstand(['secret', 'set', 'cloud-db', ...place], 'Xyzzy-5\n');
    expect([set.code, set.out + set.err]).toEqual([0, expect.not.stringContaining('Xyzzy')]);
    const file = join(directory, 'data/secrets/cloud-db');
    expect([
      readFileSync(file, 'utf8'),
      statSync(file).mode & 0o777,
      statSync(join(directory, 'data/secrets')).mode & 0o777,
    ]).toEqual(['Xyzzy-5\n', 0o600, 0o700]);
    expect((await kickstand(['secret', 'list', '--json', ...place])).out).toBe('[\n  "cloud-db"\n]\n');
  });

  test('a plain password can be kept as its hash', async () => {
    await kickstand(['secret', 'set', 'root', '--hash', ...place], 'Xyzzy-6\n');
    expect(readFileSync(join(directory, 'data/secrets/root'), 'utf8')).toMatch(
      /^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}\n$/,
    );
  });

  test.each(['', '\n', 'two\nlines\n'])('%j is none', async (input) => {
    expect((await kickstand(['secret', 'set', 'x', ...place], input)).code).toBe(1);
  });

  test('a name that is a path is refused', async () => {
    expect((await kickstand(['secret', 'set', '../x', ...place], 'y')).code).toBe(1);
  });
});

test('a kickstart, a boot entry and a bundle can be looked at before the medium is there', async () => {
  const kickstart = await kickstand(['host', 'render', 'cs40', ...place]);
  expect([kickstart.code, kickstart.out]).toEqual([0, expect.stringContaining('rootpw --iscrypted @SECRET:root@')]);
  const entry = await kickstand(['host', 'render', 'cs40', '--as', 'pxelinux', ...place]);
  expect(entry.out).toContain('ks=http://192.168.168.26/kickstart/cs40?token=@TOKEN@');
  const file = join(directory, 'cs40.zip');
  const bundle = await kickstand(['bundle', 'cs40', '-o', file, ...place]);
  expect([bundle.code, readFileSync(file).subarray(0, 2).toString()]).toEqual([0, 'PK']);
});

test('the doctor names every lack with its remedy, and fetches its own loader with a foreign client', async () => {
  const ran = await kickstand(['doctor', '--json', ...place]);
  const report: { ok: boolean; checks: { what: string; ok: boolean; remedy?: string }[] } = JSON.parse(ran.out);
  expect([ran.code, report.ok]).toEqual([1, false]);
  expect(report.checks).toContainEqual(
    expect.objectContaining({ what: 'repo cloudstack', ok: false, remedy: 'kickstand repo sync cloudstack' }),
  );
  const selfCheck = report.checks.find((check) => check.what === 'TFTP self-check');
  if (selfCheck?.ok !== true && process.env['CI'] === undefined) return;
  expect(selfCheck).toMatchObject({ ok: true });
});

test('an interface that is not there is refused with what there is, and is no bug to report', async () => {
  const ports = ['--http-port', '0', '--tftp-port', '0', '--listen', '127.0.0.1'];
  const at = ['--site', join(directory, 'site.yaml'), '--data', join(directory, 'served')];
  const ran = await kickstand(['serve', ...ports, '--dhcp', 'server', '--dhcp-interface', 'nope0', ...at]);
  expect([ran.code, ran.err]).toEqual([
    1,
    expect.stringMatching(
      /^kickstand: DHCP: the interface nope0 has no address in a network of the site: this machine's addresses: .*\n$/,
    ),
  ]);
});

test('a reader that has seen enough ends a command without a word', async () => {
  const { stdout, stderr } = await promisify(execFile)('sh', [
    '-c',
    '"$@" | head -n 1',
    'sh',
    process.execPath,
    CLI,
    'doctor',
    ...place,
  ]);
  expect([stdout, stderr]).toEqual([expect.stringContaining('FOUND'), '']);
});

test('host show judges by how the appliance that runs answers DHCP, not by the flags of the command', async () => {
  const data = join(directory, 'running');
  const at = ['--site', join(directory, 'site.yaml'), '--data', data];
  mkdirSync(data, { recursive: true });
  const hosts = openHostStore(join(data, 'state.db'));
  const armedAt = Date.now() - 3_600_000;
  const arming = { token: 't', armedAt, expiresAt: armedAt + 7_200_000, pins: {}, install: 'F' };
  hosts.apply('cs40', { kind: 'armed', now: armedAt, arming });
  hosts.close();
  expect((await kickstand(['host', 'show', 'cs40', ...at])).out).toContain('this one answers no DHCP');
  const origin = 'http://192.168.168.26';
  const running = { httpPort: 80, tftpPort: 69, dhcp: 'server', origin, pid: process.pid };
  writeFileSync(join(data, 'appliance.json'), JSON.stringify(running));
  const shown = await kickstand(['host', 'show', 'cs40', ...at]);
  expect(shown.out).toContain('one-time network boot');
  expect(shown.out).not.toContain('answers no DHCP');
});

test("host show gives the boot doctor's verdict first, then the stages it rests on", async () => {
  mkdirSync(join(directory, 'data'), { recursive: true });
  const stages = openStageStore(join(directory, 'data/stages.db'), quietLog);
  const at = Date.now() - 3_600_000;
  tell(...toGrub).forEach(({ stage, at: told }) =>
    stages.note({ mac: '52:54:00:a8:a8:03', address: '192.168.168.3' }, stage, at + told - START),
  );
  stages.close();
  const hosts = openHostStore(join(directory, 'data/state.db'));
  const arming = { token: 't', armedAt: at - 1000, expiresAt: at + 7_200_000, pins: {}, install: 'F' };
  hosts.apply('xs-01', { kind: 'armed', now: at - 1000, arming });
  hosts.close();
  const people = await kickstand(['host', 'show', 'xs-01', ...place]);
  expect([people.code, people.out]).toEqual([
    0,
    expect.stringMatching(/^xs-01: wrong: it asked for grubx64\.efi, got it.*\n  what to do: use the tree's shim/),
  ]);
  expect(people.out).toMatch(/TFTP second-loader +grubx64\.efi: sent, 977 KiB in 0\.8 s/);
  const machines = JSON.parse((await kickstand(['host', 'show', 'xs-01', '--json', ...place])).out);
  expect(machines).toMatchObject({
    verdict: { rule: 'secure-boot-rejected-grub', health: 'wrong', certainty: 'likely' },
    transcript: [{ boot: 1, what: 'DHCP asked' }, {}, {}, { stage: { kind: 'file', name: 'grubx64.efi' } }],
  });
  const byMac = await kickstand(['host', 'show', '52-54-00-A8-A8-03', ...place]);
  expect(byMac.out).toMatch(/^xs-01: wrong/);
  const stranger = await kickstand(['host', 'show', '52:54:00:00:00:99', ...place]);
  expect([stranger.code, stranger.out]).toEqual([0, '52:54:00:00:00:99: fine: nothing was seen of it\n']);
});
