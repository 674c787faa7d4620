// The way of a machine from "it asked" to "it is a host" on the command line.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openHostStore } from '../../server/hosts/store.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';

const MAC = '52:54:00:00:00:77';
let directory = '';
let place: string[] = [];
const siteText = (): string => readFileSync(join(directory, 'site.yaml'), 'utf8');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-discovered-'));
  mkdirSync(join(directory, 'data'));
  writeFileSync(join(directory, 'site.yaml'), exampleText);
  place = ['--site', join(directory, 'site.yaml'), '--data', join(directory, 'data')];
  const hosts = openHostStore(join(directory, 'data', 'state.db'));
  hosts.discover({
    mac: MAC,
    uuid: '4c4c4544-0000-2010-8020-80c04f202020',
    firmware: 'uefi x86_64 over tftp',
    vendorClass: `PXEClient\u001b[2J<script>${'A'.repeat(10_000)}`,
    hostname: 'büro',
    address: '192.168.168.99',
    firstSeen: 0,
    lastSeen: Date.UTC(2026, 10, 22, 14, 30),
  });
  // A host of the site that asked before it was one.
  hosts.discover({ mac: '52:54:00:a8:a8:02', firstSeen: 1, lastSeen: 1 });
  hosts.close();
});
afterEach(() => rmSync(directory, { recursive: true }));

test('strangers are listed in plain letters, hosts are not', async () => {
  const { out, code } = await kickstand(['host', 'discovered', ...place]);
  expect(code).toBe(0);
  expect(out).toMatch(/^[ -~\n]*$/);
  expect(out.split('\n')).toHaveLength(3);
  for (const part of [
    MAC,
    '4c4c4544',
    'uefi x86_64 over tftp',
    'b?ro, PXEClient?[2J<script>AAA',
    '192.168.168.99',
    '2026-11-22 14:30 UTC',
  ])
    expect(out).toContain(part);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThan(400);
});

test('for machines, as JSON', async () => {
  const { out } = await kickstand(['host', 'discovered', '--json', ...place]);
  expect(JSON.parse(out)).toMatchObject([
    { mac: MAC, hostname: 'b?ro', firmware: 'uefi x86_64 over tftp', firstSeen: 0 },
  ]);
});

test('one that is enrolled is in the site with one line more, in no list of strangers, and not armed', async () => {
  const enrolled = await kickstand(['host', 'enroll', MAC, '--name', 'xs-03', '--profile', 'hypervisor', ...place]);
  expect([enrolled.code, enrolled.err]).toEqual([0, '']);
  expect(enrolled.out).toContain(`xs-03: ${MAC} at 192.168.168.5 in lab`);
  expect(enrolled.out).toContain('kickstand host arm xs-03');
  expect(siteText().split('\n')).toHaveLength(exampleText.split('\n').length + 1);
  expect((await kickstand(['host', 'discovered', ...place])).out).toBe('no machine has asked that is in no site\n');
  const shown = JSON.parse((await kickstand(['host', 'list', '--json', ...place])).out) as {
    name: string;
    phase: string;
  }[];
  expect(shown.at(-1)).toMatchObject({ name: 'xs-03', phase: 'disarmed', macs: [MAC], address: '192.168.168.5' });
});

describe('the site file stays as it is', () => {
  test.each<[string, string[], number, string[]]>([
    ['without a name', ['--profile', 'hypervisor'], 2, ['--name is needed']],
    ['without a profile', ['--name', 'xs-03'], 2, ['--profile is needed']],
    [
      'for an address and a range',
      ['--name', 'xs-03', '--profile', 'hypervisor', '--address', '192.168.168.9', '--range', 'hypervisors'],
      2,
      ['both an address and a range'],
    ],
    [
      'for what the site cannot have, all of it said',
      ['--name', 'no name', '--profile', 'hypervisr', '--address', '192.168.168.1'],
      1,
      [
        'hosts[3].name',
        'did you mean hypervisor?',
        'already that of the gateway of lab',
        'the site would have 3 problems',
      ],
    ],
    [
      'for a range nobody tells',
      ['--name', 'db', '--profile', 'management'],
      1,
      ['name a range: hypervisors, storage'],
    ],
  ])('%s', async (_, flags, code, parts) => {
    const ran = await kickstand(['host', 'enroll', MAC, ...flags, ...place]);
    expect(ran.code).toBe(code);
    for (const part of parts) expect(ran.err).toContain(part);
    expect(siteText()).toBe(exampleText);
  });

  test('for what is no MAC', async () => {
    const ran = await kickstand(['host', 'enroll', 'eth0', '--name', 'a', '--profile', 'b', ...place]);
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('not a MAC address')]);
  });
});

test('a MAC that never asked is taken, and said to be unseen', async () => {
  const other = ['host', 'enroll', '52-54-00-00-00-78', '--name', 'xs-03', '--profile', 'hypervisor', ...place];
  expect((await kickstand(other)).out).toContain('no machine with this MAC has asked yet');
  expect(siteText()).toContain('"52:54:00:00:00:78"');
});
