// An install as the appliance sees it, on loopback: its progress while it runs, and the one receipt it leaves behind.

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { armHost } from '../../server/assembly/arming.ts';
import type { Receipt } from '../../server/hosts/receipts/shape.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { kickstand } from '../support/command.ts';
import { onLoopback } from '../support/loopback.ts';
import { buildTree, OS_OF } from '../support/tree-fixture.ts';

const MAC = '52:54:00:a8:a8:02';
const SITE = `site:
  name: receipts
  domain: example.com
  appliance: 192.168.168.26
  timezone: Etc/UTC
  language: en_US.UTF-8
  keyboard: us
  rootPassword: { secret: root }
networks:
  - { name: lab, subnet: 192.168.168.0/24, gateway: 192.168.168.1, dns: [192.168.168.1], ranges: [{ name: all, use: hosts, from: 192.168.168.2, to: 192.168.168.9 }] }
trees:
  - { name: nine, directory: nine, os: ${OS_OF.rhel9} }
profiles:
  - { name: node, tree: nine, role: minimal, storage: { layout: whole, disks: [sda] } }
hosts:
  - { name: n1, profile: node, network: lab, address: 192.168.168.2, macs: ["${MAC}"] }
  - { name: n2, profile: node, network: lab, address: 192.168.168.3, macs: ["52:54:00:a8:a8:03"] }
`;

const tree = buildTree('rhel9');
const packages = [...tree.keys()].filter((path) => path.endsWith('.rpm'));
let directory = '';
let running: Running;
const data = (): string => join(directory, 'data');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-receipts-'));
  writeFileSync(join(directory, 'site.yaml'), SITE);
  for (const [path, bytes] of tree) {
    const file = join(data(), 'media/nine', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  await start();
  await running.appliance.house.secrets.save('root', `$6$saltsalt$${'a'.repeat(86)}`);
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});
async function start(): Promise<void> {
  running = await serve(onLoopback(directory), quietLog);
}

async function get(path: string): Promise<string> {
  const headers = { authorization: `Bearer ${running.appliance.operatorToken()}` };
  const response = await fetch(`http://127.0.0.1:${running.httpPort}${path}`, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

type Shown = { progress?: { phase: string; percent: number; packages?: { done: number; of?: number } } };
const progress = async (host: string): Promise<Shown['progress']> =>
  (JSON.parse(await get(`/api/v1/hosts/${host}`)) as Shown).progress;
const receipts = async (host: string): Promise<readonly Receipt[]> =>
  JSON.parse(await get(`/api/v1/hosts/${host}/receipts`)) as Receipt[];

/** Arms `host`, and asks for its boot script, kernel, initrd and kickstart as its installer would. */
async function begin(host: string, mac: string): Promise<{ readonly kickstart: string; readonly events: string }> {
  const armed = await armHost(running.appliance.house, host);
  expect(armed).toMatchObject({ kind: 'armed' });
  const script = await get(`/boot/pxelinux.cfg/01-${mac.replaceAll(':', '-')}`);
  const token = /token=([0-9a-f]+)/.exec(script)?.[1] ?? '';
  for (const file of ['vmlinuz', 'initrd.img']) await get(`/boot/trees/nine/images/pxeboot/${file}`);
  const kickstart = await get(`/kickstart/${host}?token=${token}`);
  return { kickstart, events: `/hosts/${host}/events?token=${token}&stage=` };
}

async function fetchAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await get(`/trees/nine/${path}`);
}

test('percent moves on, and success leaves one receipt of what was given and served', async () => {
  const { kickstart, events } = await begin('n1', MAC);
  const seen = [await progress('n1')];
  await fetchAll(['.treeinfo', 'images/install.img']);
  await get(`${events}started`);
  seen.push(await progress('n1'));
  await fetchAll(['BaseOS/repodata/repomd.xml', 'repodata/repomd.xml'].filter((path) => tree.has(path)));
  await fetchAll([...packages, ...packages.slice(0, 1)]);
  seen.push(await progress('n1'));
  await get(`${events}post`);
  await get(`${events}post.files`);
  seen.push(await progress('n1'));
  const percents = seen.map((one) => one?.percent ?? -1);
  expect(percents).toEqual(percents.toSorted((one, other) => one - other));
  expect(new Set(percents).size).toBe(4);
  expect(seen.map((one) => one?.phase)).toEqual(['starting', 'preparing', 'packages', 'configuring']);

  await get(`${events}installed`);
  await vi.waitFor(async () => expect(await receipts('n1')).toHaveLength(1));
  await get(`${events}installed`);
  await get(`${events}configured`);
  const [receipt, ...others] = await receipts('n1');
  expect(others).toEqual([]);
  expect(receipt).toMatchObject({
    host: 'n1',
    profile: 'node',
    tree: 'nine',
    os: OS_OF.rhel9,
    snapshots: {},
    instructions: { what: 'kickstart', sha256: createHash('sha256').update(kickstart).digest('hex') },
    machine: { macs: [MAC], address: '127.0.0.1' },
    attempts: 1,
    packages: { count: packages.length, listed: packages.length },
  });
  expect(receipt?.files.map(({ role }) => role)).toEqual(['kernel', 'initrd']);
  expect(Object.keys(receipt?.phases ?? {})).toEqual(
    expect.arrayContaining(['loading', 'starting', 'packages', 'installing', 'configuring']),
  );
  expect(await progress('n1')).toBeUndefined();
  const whole = JSON.parse(await get(`/api/v1/hosts/n1/receipts/${receipt?.armedAt}`)) as {
    packages: { names: string[] };
  };
  const names = packages.map((path) => (path.split('/').at(-1) ?? '').replace(/\.rpm$/, ''));
  expect(whole.packages.names).toEqual(names.toSorted());
  expect(JSON.stringify(whole)).not.toMatch(/token|\$6\$/);
});

test('the next host of the profile is told by it; the API and the commands show it; it survives a restart', async () => {
  await vi.waitFor(async () => expect(await receipts('n1')).toHaveLength(1));
  const { events } = await begin('n2', '52:54:00:a8:a8:03');
  await get(`${events}started`);
  await fetchAll(packages.slice(0, 1));
  expect(await progress('n2')).toMatchObject({ phase: 'packages', packages: { done: 1, of: packages.length } });
  const progressed = new RegExp(`"detail":"[^"]*1 of ${packages.length} packages`);
  expect(await get('/api/v1/hosts/n2')).toMatch(progressed);
  expect(await get('/api/v1/hosts')).toMatch(progressed);
  const place = ['--site', join(directory, 'site.yaml'), '--data', data()];
  await vi.waitFor(async () => {
    const list = await kickstand(['host', 'list', ...place]);
    expect(list.out).toMatch(
      new RegExp(`^HOST +STATE +PROGRESS[^]*^n2 +installing +packages 1/${packages.length} \\d+%`, 'm'),
    );
  }, 20_000);
  expect((await kickstand(['host', 'show', 'n2', ...place])).out).toContain(`1 of ${packages.length} packages`);

  await running.close();
  await start();
  expect(await receipts('n1')).toHaveLength(1);
  const told = await kickstand(['host', 'receipt', 'n1', '--packages', ...place]);
  expect(told.code).toBe(0);
  expect(told.out).toContain(`${packages.length} served`);
  expect(told.out).toMatch(/^ {4}BaseOS-one|^ {4}\S+-one/m);
  const none = await kickstand(['host', 'receipt', 'n2', ...place]);
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('no install of it has ended well yet')]);
  expect(none.err).toContain('kickstand host show n2');

  // Stopped between the last report and the receipt: it is written when the appliance runs again, from what is still known.
  await running.close();
  const database = new Database(join(data(), 'receipts.db'));
  database.exec("DELETE FROM receipt WHERE host = 'n1'");
  database.close();
  await start();
  await vi.waitFor(async () => expect(await receipts('n1')).toHaveLength(1), 5000);
  expect((await receipts('n1'))[0]?.packages).toMatchObject({ count: packages.length + 1, listed: 0 });
  expect(await receipts('n2')).toEqual([]);
  expect(statSync(join(data(), 'receipts.db')).mode & 0o777).toBe(0o600);
}, 60_000);
