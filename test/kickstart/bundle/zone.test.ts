// The zone that a plan amounts to: derived from the example site, told three ways, and built for real against a server that checks signatures.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildCalls, enableCalls } from '../../../kickstart/bundle/zone/calls.ts';
import { callList } from '../../../kickstart/bundle/zone/list.ts';
import { marvinFile } from '../../../kickstart/bundle/zone/marvin.ts';
import { buildScript } from '../../../kickstart/bundle/zone/script.ts';
import type { Zone } from '../../../kickstart/bundle/zone/zone.ts';
import { zoneOf } from '../../../kickstart/bundle/zone/zone.ts';
import { redactedSecrets } from '../../../kickstart/secrets.ts';
import { parseIpv4, parseMac } from '../../../server/address.ts';
import type { Host, Profile, Site } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import { withCloudStack } from '../../support/cloudstack-api.ts';
import { exampleSite, hostOf } from '../../support/example.ts';
import { golden } from '../../support/golden.ts';

const inCi = process.env['CI'] !== undefined;
const PYTHON = 'python3';
const hasPython = spawnSync(PYTHON, ['--version']).status === 0;
const scratch = mkdtempSync(join(tmpdir(), 'kickstand-zone-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const site = exampleSite();

function derived(of: Site = site, host = hostOf(of, 'cs40')): Zone {
  const zone = zoneOf(of, host);
  if (zone === undefined || isNo(zone)) throw new Error(zone?.reason ?? 'no zone');
  return zone;
}

function withProfile(name: string, change: Partial<Profile>): Site {
  return { ...site, profiles: site.profiles.map((one) => (one.name === name ? { ...one, ...change } : one)) };
}

/** As many hypervisors, from .3 on. */
function withHypervisors(count: number): Site {
  const hosts = Array.from({ length: count }, (_, index): Host => {
    const number = String(index + 1).padStart(2, '0');
    return {
      ...hostOf(site, 'xs-01'),
      name: `xs-${number}`,
      address: parseIpv4(`192.168.168.${index + 3}`),
      macs: [parseMac(`52:54:00:a8:b0:${number}`)],
    };
  });
  return { ...site, hosts: [hostOf(site, 'cs40'), ...hosts] };
}

describe('the published plan', () => {
  const zone = derived();

  test('as Marvin reads it', () => golden('bundle/zone-marvin.json', marvinFile(zone, redactedSecrets)));
  test('as a list of calls', () => golden('bundle/zone-api-calls.txt', callList(zone)));
  test('as a script', () => golden('bundle/zone-build.py', buildScript(zone)));

  test('is one pod of its network, one cluster of its XenServers, storage on the management server', () => {
    expect(zone).toMatchObject({
      name: 'cs-cloud',
      dns: ['192.168.168.1'],
      securityGroups: false,
      secondaryStorage: 'nfs://192.168.168.2/export/secondary',
      pods: [
        {
          name: 'lab',
          privateRange: { from: '192.168.168.16', to: '192.168.168.20' },
          storageRanges: [{ from: '192.168.168.21', to: '192.168.168.25' }],
          guestRanges: [{ from: '192.168.168.30', to: '192.168.168.250' }],
          clusters: [
            {
              hosts: [{ name: 'xs-01' }, { name: 'xs-02' }],
              primaryStorage: [{ url: 'nfs://192.168.168.2/export/primary' }],
            },
          ],
        },
      ],
    });
  });
});

describe('a zone', () => {
  test('has clusters of at most eight XenServers, each with a directory of its own', () => {
    const clusters = derived(withHypervisors(10)).pods[0].clusters;
    expect(clusters.map(({ hosts }) => hosts.length)).toEqual([8, 2]);
    const urls = clusters.flatMap(({ primaryStorage }) => primaryStorage.map(({ url }) => url));
    expect(urls).toEqual([
      'nfs://192.168.168.2/export/primary/hypervisor-1',
      'nfs://192.168.168.2/export/primary/hypervisor-2',
    ]);
  });

  test('keeps its storage on a storage server where there is one', () => {
    const management = site.profiles.find(({ name }) => name === 'management');
    if (management === undefined) throw new Error('no profile');
    const storage: Profile = { ...management, name: 'storage', role: 'nfs-storage', cloudstack: undefined };
    const nfs: Host = {
      ...hostOf(site, 'cs40'),
      name: 'nfs-01',
      profile: 'storage',
      address: parseIpv4('192.168.168.15'),
    };
    const zone = derived({ ...site, profiles: [...site.profiles, storage], hosts: [...site.hosts, nfs] });
    expect(zone.secondaryStorage).toBe('nfs://192.168.168.15/export/secondary');
    expect(zone.pods[0].clusters[0]?.primaryStorage).toEqual([
      { name: 'hypervisor-1-nfs-01', url: 'nfs://192.168.168.15/export/primary' },
    ]);
  });

  test('of KVM hosts has security groups, and the bridge of their profile', () => {
    const kvm = { version: '4.20', hypervisor: 'kvm', mirrorOnHost: false } as const;
    const [first] = site.profiles;
    const link = { bootproto: 'static', bond: undefined, vlan: undefined, bridge: 'cloudbr0' } as const;
    const custom = first === undefined ? undefined : { ...first.custom, link };
    const profiles = site.profiles.map((one) => ({
      ...one,
      role: one.name === 'hypervisor' ? ('kvm-agent' as const) : one.role,
      cloudstack: kvm,
      custom: custom ?? one.custom,
    }));
    const zone = derived({ ...site, profiles });
    expect(zone).toMatchObject({ securityGroups: true, bridge: 'cloudbr0', hypervisor: 'kvm' });
    const calls = buildCalls(zone);
    expect(calls.filter(({ command }) => command === 'addTrafficType')[0]?.parameters).toContainEqual([
      'kvmnetworklabel',
      'cloudbr0',
    ]);
    expect(callList(zone)).toContain('name=DefaultSharedNetworkOfferingWithSGService');
    expect(callList(zone)).toContain('name=SecurityGroupProvider');
  });

  const noRange = (use: string): Site => ({
    ...site,
    networks: site.networks.map((network) => ({
      ...network,
      ranges: network.ranges.filter((range) => range.use !== use),
    })),
  });

  test.each<[string, Site, RegExp]>([
    ['without a private range', noRange('cloudstack-private'), /lab has no range of use cloudstack-private/],
    ['without a guest range', noRange('cloudstack-guest'), /lab has no range of use cloudstack-guest/],
    [
      'without a gateway',
      { ...site, networks: site.networks.map((network) => ({ ...network, gateway: undefined })) },
      /no gateway/,
    ],
    ['without DNS', { ...site, networks: site.networks.map((network) => ({ ...network, dns: [] })) }, /DNS/],
    [
      'of vmware',
      withProfile('management', { cloudstack: { version: '4.0', hypervisor: 'vmware', mirrorOnHost: false } }),
      /vmware/,
    ],
  ])('%s is refused with the reason', (_, of, reason) => {
    expect(zoneOf(of, hostOf(of, 'cs40'))).toMatchObject({ kind: 'no', reason: expect.stringMatching(reason) });
  });

  test('belongs to a management server alone', () => expect(zoneOf(site, hostOf(site, 'xs-01'))).toBeUndefined());
});

describe("Marvin's file", () => {
  const text = z.string().min(1);
  const address = z.ipv4();
  const truth = z.enum(['true', 'false']);
  const nfs = z.strictObject({ name: text, url: z.string().startsWith('nfs://') });
  const host = z.strictObject({ url: z.string().startsWith('http://'), username: text, password: text });
  const cluster = z.strictObject({
    clustername: text,
    clustertype: z.literal('CloudManaged'),
    hypervisor: z.enum(['XenServer', 'KVM']),
    hosts: z.array(host).min(1),
    primaryStorages: z.array(nfs).min(1),
  });
  const pod = z.strictObject({
    name: text,
    gateway: address,
    netmask: address,
    startip: address,
    endip: address,
    guestIpRanges: z
      .array(z.strictObject({ startip: address, endip: address, netmask: address, gateway: address }))
      .min(1),
    clusters: z.array(cluster),
  });
  const physical = z.strictObject({
    name: text,
    broadcastdomainrange: z.literal('Pod'),
    traffictypes: z.array(z.strictObject({ typ: z.enum(['Guest', 'Management', 'Storage']) })).min(2),
    providers: z.array(
      z.strictObject({ name: z.enum(['VirtualRouter', 'SecurityGroupProvider']), broadcastdomainrange: text }),
    ),
  });
  const zone = z.strictObject({
    name: text,
    dns1: address,
    dns2: address.optional(),
    internaldns1: address,
    networktype: z.literal('Basic'),
    securitygroupenabled: truth,
    localstorageenabled: truth,
    ipranges: z.array(z.never()),
    physical_networks: z.array(physical).length(1),
    pods: z.array(pod).min(1),
    secondaryStorages: z.array(z.strictObject({ url: z.string().startsWith('nfs://') })).min(1),
  });
  const shape = z.strictObject({
    zones: z.array(zone).length(1),
    dbSvr: z.strictObject({ dbSvr: address, port: z.number(), user: text, passwd: text, db: text }),
    mgtSvr: z.array(z.strictObject({ mgtSvrIp: address, port: z.literal(8096) })).length(1),
    globalConfig: z.array(z.strictObject({ name: text, value: text })),
    logger: z.array(z.strictObject({ name: text, file: text })),
  });

  test.each([
    ['the example', site],
    ['ten hypervisors', withHypervisors(10)],
  ])('of %s has the fields that Marvin reads, and no others', (_, of) => {
    const file: unknown = JSON.parse(marvinFile(derived(of), redactedSecrets));
    expect(shape.safeParse(file).error).toBeUndefined();
  });

  test('holds the secret of the database alone, and only where it is given', () => {
    expect(marvinFile(derived(), (name) => `value of ${name}`)).toContain('"passwd": "value of cloud-db"');
    expect(marvinFile(derived(), redactedSecrets)).toContain('"passwd": "@SECRET:cloud-db@"');
  });
});

describe.skipIf(!hasPython && !inCi)('the script', () => {
  const file = join(scratch, 'build-zone.py');
  writeFileSync(file, buildScript(derived()));

  // Computed independently of this script, by CloudStack's rules.
  test.each([
    [{ command: 'listZones', response: 'json', apiKey: 'AK1' }, '/9qMOdS6gkVJH6fZOlh35rnk+GQ='],
    [
      {
        command: 'addHost',
        clusterid: '1',
        hypervisor: 'XenServer',
        password: 'p@ss word*~1',
        podid: '1',
        url: 'http://192.168.168.3',
        username: 'root',
        zoneid: '1',
        response: 'json',
        apikey: 'AK1',
      },
      'kU1yDNSu6KoUi/tYkrhSQv+HKZ8=',
    ],
    [
      {
        command: 'listZones',
        signatureversion: '3',
        expires: '2011-10-10T12:00:00+0530',
        response: 'json',
        apikey: 'AK1',
      },
      'uBrO9ttpwJsEBi2YshS5xm5RuuA=',
    ],
  ])('signs %j as CloudStack does', (parameters, signature) => {
    const program = 'import json,runpy,sys; print(runpy.run_path(sys.argv[1])["sign"](json.loads(sys.argv[2]), "SK1"))';
    const run = spawnSync(PYTHON, ['-c', program, file, JSON.stringify(parameters)]);
    expect(run.stdout.toString().trim()).toBe(signature);
  });

  test('shows the calls and makes none', () => {
    const run = spawnSync(PYTHON, [file, 'show']);
    const commands = run.stdout.toString().trimEnd().split('\n');
    expect(commands.map((line) => line.split(' ')[0])).toEqual(
      [...buildCalls(derived()), ...enableCalls(derived())].map(({ command }) => command),
    );
    expect(
      commands.filter((line) => line.startsWith('addHost')).every((line) => line.endsWith('password=(password)')),
    ).toBe(true);
  });

  test('makes every call, signed, with the ids that earlier ones answered, and waits for jobs', async () => {
    await withCloudStack({}, async (server) => {
      const run = await build(server.url);
      expect(run).toMatchObject({ status: 0 });
      expect(server.bad).toEqual([]);
      const made = server.calls.filter(({ command }) => command !== 'queryAsyncJobResult');
      expect(made.map(({ command }) => command)).toEqual(buildCalls(derived()).map(({ command }) => command));
      const of = (command: string) => made.filter((call) => call.command === command);
      expect(of('createPod')[0]).toMatchObject({
        zoneid: 'zone-id',
        startip: '192.168.168.16',
        endip: '192.168.168.20',
      });
      expect(of('createVlanIpRange')[0]).toMatchObject({ podid: 'pod-id', networkid: 'network-id' });
      expect(of('addTrafficType').map(({ physicalnetworkid }) => physicalnetworkid)).toEqual(
        Array.from({ length: 3 }, () => 'job-physicalnetwork-id'),
      );
      expect(of('addHost').map(({ url, password, clusterid }) => [url, password, clusterid])).toEqual([
        ['http://192.168.168.3', 'p@ss wörd*~1', 'cluster-id'],
        ['http://192.168.168.4', 'p@ss wörd*~1', 'cluster-id'],
      ]);
      expect(run.output).not.toContain('p@ss');
    });
  });

  test.each([
    ['a call that is refused', { refuse: 'addHost' }, 'refused: no such host'],
    ['a job that fails', { failJob: 'updatePhysicalNetwork' }, 'refused: it went wrong'],
    ['an answer that is none', { garbage: 'createZone' }, 'refused: the management server did not answer in JSON'],
  ])('stops at %s', async (_, fault, said) => {
    await withCloudStack(fault, async (server) => {
      const run = await build(server.url);
      expect(run.status).toBe(1);
      expect(run.output.trimEnd().split('\n').at(-1)).toBe(said);
      expect(server.calls.filter(({ command }) => command !== 'queryAsyncJobResult').at(-1)?.['command']).toBe(
        Object.values(fault)[0],
      );
    });
  });

  test('a wrong secret key is found out by the server, so that the check above means something', async () => {
    await withCloudStack({}, async (server) => {
      const run = await build(server.url, { SECRET_KEY: 'another' });
      expect(run.status).toBe(1);
      expect(server.bad.length).toBe(1);
    });
  });

  function build(
    url: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number | null; output: string }> {
    const keys = { API_KEY: 'AK1', SECRET_KEY: 'SK1', HOST_PASSWORD: 'p@ss wörd*~1', POLL_SECONDS: '0' };
    const child = spawn(PYTHON, [file, 'build'], {
      env: { ...process.env, ...keys, CLOUDSTACK_API: url, PYTHONIOENCODING: 'utf-8', ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    return new Promise((resolve) => child.on('close', (status) => resolve({ status, output })));
  }
});
