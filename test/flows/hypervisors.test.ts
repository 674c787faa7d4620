// Hypervisors from the whole appliance on loopback: from the medium through answerfile and scripts to the first boot's report.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../server/address.ts';
import { armHost } from '../../server/assembly/arming.ts';
import { bundleFor } from '../../server/assembly/bundle.ts';
import { rehearseHost } from '../../server/assembly/rehearsal.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { isNo } from '../../server/malformed.ts';
import { POOL_HASH, POOL_PASSWORD } from '../support/hypervisors.ts';
import { onLoopback } from '../support/loopback.ts';
import { traceOf } from '../support/secret-scanner.ts';
import { buildTree, OS_OF } from '../support/tree-fixture.ts';

const OPTIONS = 'labels: { eth0: cloud-private }, pool: { master: MASTER, password: { secret: xen-root } }';
const profile = (name: string, tree: string, options: string): string =>
  `  - { name: ${name}, tree: ${tree}, role: xenserver, storage: { layout: whole, disks: [sda], guest: [sda] }, xenserver: { ${options} } }`;
const host = (name: string, of: string, at: number): string =>
  `  - { name: ${name}, profile: ${of}, network: lab, address: 192.168.168.${at}, macs: ["52:54:00:a8:a8:0${at}"] }`;
const SITE = `site: { name: hypervisors, domain: example.com, appliance: 192.168.168.26, ntp: [192.168.168.1] }
networks:
  - { name: lab, subnet: 192.168.168.0/24, gateway: 192.168.168.1, dns: [192.168.168.1], ranges: [{ name: all, use: hosts, from: 192.168.168.2, to: 192.168.168.9 }] }
trees:
  - { name: xcp, directory: xcp, os: ${OS_OF['xcp-ng']} }
  - { name: six, directory: six, os: ${OS_OF.xenserver6} }
profiles:
${profile('new', 'xcp', OPTIONS.replace('MASTER', 'new-1'))}
${profile('old', 'six', `${OPTIONS.replace('MASTER', 'old-1')}, license: free.xslic, packs: ["csp.iso"]`)}
hosts:
${host('new-1', 'new', 2)}
${host('new-2', 'new', 3)}
${host('old-1', 'old', 4)}
${host('old-2', 'old', 5)}
`;

const trees = { xcp: buildTree('xcp-ng'), six: buildTree('xenserver6') } as const;
const LICENSE = 'the licence, and nobody else’s';
const PACK = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
let directory = '';
let running: Running;
const media = (): string => join(directory, 'data/media');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-hypervisors-'));
  writeFileSync(join(directory, 'site.yaml'), SITE);
  for (const [name, tree] of Object.entries(trees)) {
    for (const [path, bytes] of tree) {
      const file = join(media(), name, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
  }
  writeFileSync(join(media(), 'csp.iso'), PACK);
  running = await serve({ ...onLoopback(directory), advertise: parseIpv4('127.0.0.1') }, quietLog);
  const { secrets } = running.appliance.house;
  await secrets.save('root', POOL_HASH);
  await secrets.save('xen-root', POOL_PASSWORD);
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});

const house = () => running.appliance.house;
const origin = (): string => `http://127.0.0.1:${running.httpPort}`;

async function bytesOf(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

async function arm(name: string): Promise<string> {
  const armed = await armHost(house(), name, 3_600_000);
  if (isNo(armed)) throw new Error(armed.reason);
  return house().hosts.state(name, Date.now()).arming?.token ?? '';
}

/** The answerfile, as the installer reads it, and the scripts it names. */
async function instructionsOf(name: string): Promise<{ answerfile: string; scripts: ReadonlyMap<string, string> }> {
  const token = await arm(name);
  const answerfile = String(await bytesOf(`${origin()}/answerfile/${name}?token=${token}`));
  const scripts = new Map<string, string>();
  for (const [, stage = '', url = ''] of answerfile.matchAll(/<script stage="([^"]+)"[^>]*>([^<]+)</g)) {
    scripts.set(stage, String(await bytesOf(url.replaceAll('&amp;', '&').replace(/^http:\/\/[^/]+/, origin()))));
  }
  return { answerfile, scripts };
}

test.each(['xcp', 'six'] as const)('every file of the medium %s is served byte for byte', async (name) => {
  expect([...trees[name].keys()]).toContain(name === 'xcp' ? 'repodata/repomd.xml' : 'packages.main/XS-PACKAGES');
  for (const [path, bytes] of trees[name]) {
    expect((await bytesOf(`${origin()}/trees/${name}/${path}`)).equals(bytes), path).toBe(true);
  }
});

describe('a host that joins a pool', () => {
  test('of XCP-ng: answerfile, scripts, reports', async () => {
    const { answerfile, scripts } = await instructionsOf('new-2');
    expect(answerfile).toContain(`>${origin()}/trees/xcp/</source>`);
    expect([...scripts.keys()]).toEqual(['installation-start', 'filesystem-populated', 'installation-complete']);
    for (const text of scripts.values()) expect(text).toMatch(/^#!\/bin\/sh\n/);
    expect(scripts.get('filesystem-populated')).toContain('xe pool-join master-address=192.168.168.2');
    expect(traceOf([POOL_PASSWORD], answerfile)).toEqual([]);
    const events = /events_url='?(http[^'\n]+)/.exec(scripts.get('installation-start') ?? '')?.[1] ?? '';
    for (const stage of ['started', 'populated', 'installed', 'first-boot', 'configured']) {
      await bytesOf(`${events}&stage=${stage}`);
    }
    const { phase, reason } = house().hosts.state('new-2', Date.now());
    expect([phase, reason]).toEqual(['installed', 'installed, and configured by its first boot']);
  });

  test('of XenServer 6.0.2: its files, for its token, also after the installation', async () => {
    await expect(arm('old-2')).rejects.toThrow('there is no file "free.xslic"');
    writeFileSync(join(directory, 'free.xslic'), LICENSE);
    const { scripts } = await instructionsOf('old-2');
    const populated = scripts.get('filesystem-populated') ?? '';
    const urls = [...populated.matchAll(/fetch_file '([^']+)'/g)].map(([, url = '']) => url);
    expect(urls).toHaveLength(2);
    const events = /events_url='?(http[^'\n]+)/.exec(populated)?.[1] ?? '';
    await bytesOf(`${events}&stage=installed`);
    const [license, pack] = await Promise.all(urls.map(bytesOf));
    expect(String(license)).toBe(LICENSE);
    expect(pack?.equals(PACK)).toBe(true);
    for (const url of urls) {
      expect((await fetch(url.replace(/token=.*/, 'token=wrong'))).status).toBe(403);
      expect((await fetch(url.replace('old-2', 'old-1'))).status).toBe(403);
      expect((await fetch(url.replace(/license|pack-1/, 'pack-2'))).status).toBe(404);
    }
  });

  test('a password that is not what its hash is of is told before anything is installed', async () => {
    const { secrets } = house();
    await secrets.save('xen-root', 'another-one');
    await expect(arm('new-2')).rejects.toThrow('is not the password whose hash root is');
    await secrets.save('xen-root', POOL_PASSWORD);
  });
});

test.each(['new-1', 'new-2', 'old-1'])('the rehearsal of %s finds everything at its place', async (name) => {
  const found = await rehearseHost(house(), name, { onStep: () => {}, signal: new AbortController().signal });
  if (isNo(found)) throw new Error(found.reason);
  const reds = found.steps.filter(({ verdict, what }) => verdict === 'red' && !what.startsWith('loader'));
  expect(reds).toEqual([]);
});

test('a bundle for everybody holds nothing of it', async () => {
  const bundle = await bundleFor(house(), 'site', { withSecrets: false });
  if (isNo(bundle)) throw new Error(bundle.reason);
  const text = bundle.entries.map((entry) => entry.text).join('\n');
  expect(traceOf([POOL_PASSWORD, POOL_HASH, LICENSE], text)).toEqual([]);
  const jobs = bundle.entries.filter(({ name }) => name.endsWith('/files/opt/kickstand/first-boot'));
  expect(jobs.map(({ name }) => name.split('/')[0])).toEqual(['new-1', 'new-2', 'old-1', 'old-2']);
  expect(jobs[1]?.text).toContain('@SECRET:xen-root@');
});
