// The real dnf installs CloudStack from the appliance alone: the mirrored repository and the tree inside the ISO, by the ready .repo files.

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startUpstream } from '../support/fake-upstream.ts';
import type { Operator, RunningAppliance } from '../support/lab-appliance.ts';
import { filesBelow, labSite, operatorOf, startAppliance } from '../support/lab-appliance.ts';
import { installedPackages } from '../support/lab-disk.ts';
import type { DnfClient } from '../support/lab-dnf.ts';
import { dnfClient } from '../support/lab-dnf.ts';
import { RPM_TOOLS, needs } from '../support/lab-needs.ts';
import { buildCloudstackRepository, buildMedium } from '../support/media.ts';

/** Real packages from a public test repository, where they lie beside the checkout. */
const ZOO = resolve(import.meta.dirname, '..', '..', '..', 'shared', 'samples', 'rpms', 'zoo');

const here = needs(RPM_TOOLS, 'none');

describe.skipIf(here.skip)(`dnf${here.note}`, () => {
  const undo: (() => Promise<unknown>)[] = [];
  let directory: string;
  let operator: Operator;
  let appliance: RunningAppliance;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kickstand-dnf-'));
    undo.push(() => rm(directory, { recursive: true, force: true }));
    const work = join(directory, 'work');
    await mkdir(work);
    await buildMedium(join(directory, 'rhel6.iso'), { work, installer: 'none' });
    await buildCloudstackRepository(join(directory, 'cloudstack'), work);
    const upstreams = [await upstreamOf(join(directory, 'cloudstack'))];
    if (existsSync(ZOO)) upstreams.push(await upstreamOf(ZOO));
    undo.push(() => Promise.all(upstreams.map((upstream) => upstream.close())));
    operator = await operatorOf(directory, siteOf(upstreams));
    await operator.kickstand(['tree', 'add', 'rhel6', join(directory, 'rhel6.iso')]);
    await operator.kickstand(['repo', 'sync']);
    const flags = ['--listen', '127.0.0.1', '--advertise', '127.0.0.1', '--http-port', '0', '--tftp-port', '0'];
    appliance = await startAppliance(operator, { flags });
    undo.push(() => appliance.stop());
  });

  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
  });

  test(
    'installs cloud-client: its own packages from the mirror, the rest from the tree in the ISO',
    { timeout: 120_000 },
    async () => {
      const client = await clientWith('cloudstack', 'rhel6');
      await client.dnf(['install', 'cloud-client']);
      const packages = await installedPackages(client.root);
      expect(packages).toEqual(
        expect.arrayContaining(['cloud-client', 'cloud-aws-api', 'tomcat6', 'genisoimage', 'mysql-connector-java']),
      );
      expect(packages).not.toContain('cloud-agent');
      const calls = await readFile(join(client.root, 'var/log/stub-calls.log'), 'utf8');
      expect(calls).toContain('/sbin/chkconfig --add cloud-management');
    },
  );

  test('finds no way to install what needs packages that are nowhere', { timeout: 120_000 }, async () => {
    const client = await clientWith('cloudstack', 'rhel6');
    await expect(client.dnf(['install', 'cloud-baremetal-agent'])).rejects.toThrow(/nothing provides PING/);
  });

  test('installs the smallest system by its group', { timeout: 120_000 }, async () => {
    const client = await clientWith('rhel6');
    await client.dnf(['install', '@core']);
    expect(await installedPackages(client.root)).toEqual(
      expect.arrayContaining(['bash', 'initscripts', 'redhat-release-server']),
    );
  });

  test('takes a repository pinned to a snapshot', { timeout: 120_000 }, async () => {
    const [snapshot = ''] = snapshotIds(await operator.kickstand(['repo', 'snapshots', 'cloudstack', '--json']));
    const client = await dnfClient(await mkdtemp(join(directory, 'client-')));
    const text = await fetchText(`/repo-files/cloudstack.repo?snapshot=${snapshot}`);
    expect(text).toContain(`/repos/cloudstack@${snapshot}/`);
    await client.addRepoFile('cloudstack', text);
    expect(await client.dnf(['repoquery', '--available'])).toContain('cloud-client-0:4.0.2-1.el6.x86_64');
  });

  test.skipIf(!existsSync(ZOO))(
    'installs real packages from a mirror of a real repository',
    { timeout: 120_000 },
    async () => {
      const client = await clientWith('zoo', 'rhel6');
      await client.dnf(['install', 'penguin', 'giraffe', '--nogpgcheck']);
      expect(await installedPackages(client.root)).toEqual(expect.arrayContaining(['bash', 'giraffe', 'penguin']));
    },
  );

  async function clientWith(...names: readonly string[]): Promise<DnfClient> {
    const client = await dnfClient(await mkdtemp(join(directory, 'client-')));
    for (const name of names) await client.addRepoFile(name, await fetchText(`/repo-files/${name}.repo`));
    return client;
  }

  async function fetchText(path: string): Promise<string> {
    const response = await fetch(`${appliance.origin}${path}`);
    expect(response.status).toBe(200);
    return response.text();
  }
});

async function upstreamOf(repository: string): Promise<FakeUpstream> {
  return startUpstream(await filesBelow(repository));
}

function siteOf([cloudstack, zoo]: readonly FakeUpstream[]): string {
  const site = labSite({ upstream: cloudstack?.url ?? '', iso: 'RHEL6.2-Server-DVD1.iso' });
  const second = zoo === undefined ? '' : `  - { name: zoo, upstream: "${zoo.url}", keep: 1 }\n`;
  return site.replace('\ntrees:', `${second}\ntrees:`);
}

function snapshotIds(json: string): readonly string[] {
  return json.match(/\d{8}T\d{6}Z-[0-9a-f]{8}/g) ?? [];
}
