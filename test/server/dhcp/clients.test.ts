// Real DHCP clients and another real server on a wire of their own: what they get of the listener, and what it notices of them.

import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { ChildTask } from '../../support/dhcp-child.ts';
import { type DhcpWire, type Plugged, startWire } from '../../support/dhcp-wire.ts';
import { DHCP_TOOLS, needs } from '../../support/lab-needs.ts';
import { Daemon, run } from '../../support/lab-run.ts';
import { CARD1, CARD2 } from './lease-cases.ts';
import { type ClientFiles, clientFiles, signal, startChild, udhcpc } from './wire-clients.ts';

const lab = needs(DHCP_TOOLS, 'none');
const rule = { skip: lab.skip, timeout: 60_000 };
const SERVER: Plugged = { name: 'srv', address: '10.0.0.1/16' };
const DYNAMIC = '10.0.0.100-10.0.0.119';

const NOISE = new URL('../../support/dhcp-noise.ts', import.meta.url).pathname;

let files: ClientFiles;
beforeAll(async () => {
  files = await clientFiles();
});
afterAll(() => files.remove());

/** A wire with a server's place and `machines`, and what runs on it until the test ends. */
type Bench = DhcpWire & {
  daemon(argv: readonly string[]): Daemon;
  /** Starts our listener, which serves the range above beside whoever is there unless told otherwise. */
  serve(task?: Partial<ChildTask>): Promise<Daemon>;
};

async function bench(after: (step: () => Promise<void>) => void, ...machines: readonly Plugged[]): Promise<Bench> {
  const daemons: Daemon[] = [];
  const wire = await startWire([SERVER, ...machines]);
  after(async () => {
    await Promise.all(daemons.map((running) => running.stop()));
    await wire.stop();
  });
  return {
    ...wire,
    daemon: (argv) => {
      const started = new Daemon(argv);
      daemons.push(started);
      return started;
    },
    serve: async (task = {}) => {
      const leases = join(files.directory, `${randomUUID()}.db`);
      const usual = { mode: 'server', leases, dynamic: DYNAMIC, whenOthersAnswer: 'serve' } as const;
      const child = await startChild(wire, 'srv', { ...usual, ...task, limits: { findMs: 100, ...task.limits } });
      daemons.push(child);
      return child;
    },
  };
}

/** The address a dhclient says it is bound to. */
function addressOf(output: string): string | undefined {
  return /bound to ([\d.]+)/.exec(output)?.[1];
}

describe.concurrent(`clients of a server${lab.note}`, rule, () => {
  test('udhcpc: a stranger gets, renews and releases a lease; a host gets its address by either card', async ({
    onTestFinished: after,
  }) => {
    const on = await bench(after, { name: 'c1' }, { name: 'c2', mac: CARD1 }, { name: 'c3', mac: CARD2 });
    const server = await on.serve();
    const pid = join(files.directory, 'udhcpc.pid');
    const client = on.daemon([
      ...on.in('c1'),
      'busybox',
      'udhcpc',
      '-i',
      'eth0',
      '-f',
      '-t',
      '4',
      '-T',
      '1',
      '-p',
      pid,
      '-s',
      files.script,
    ]);
    await client.waitFor(/event=bound address=10\.0\.0\.1[01]\d server=10\.0\.0\.1/, { timeoutMs: 10_000 });
    await signal(pid, 'USR1');
    await client.waitFor('event=renew', { timeoutMs: 10_000 });
    await signal(pid, 'USR2');
    await client.waitFor(/deconfig[^]*event=bound[^]*event=renew[^]*event=deconfig/, { timeoutMs: 10_000 });
    expect(await udhcpc(on, 'c2', files)).toMatchObject({ address: '10.0.0.10', host: 'cs40' });
    // The first card is up and has the address, so it answers: the second gets another.
    expect(await udhcpc(on, 'c3', files)).toMatchObject({ address: expect.stringMatching(/^10\.0\.0\.1[01]\d$/) });
    await on.flush('c2');
    expect(server.output).not.toContain('"error"');
  });

  test('dhclient: gets, keeps over a restart (INIT-REBOOT) and releases', async ({ onTestFinished: after }) => {
    const on = await bench(after, { name: 'c1' });
    await on.serve();
    const file = (name: string): string => join(files.directory, `dhclient.${name}`);
    await Promise.all([writeFile(file('conf'), 'send dhcp-client-identifier "lab";\n'), writeFile(file('leases'), '')]);
    const argv = (more: readonly string[]): readonly string[] => [
      ...on.in('c1'),
      ...[
        'dhclient',
        '-4',
        '-v',
        ...more,
        '-cf',
        file('conf'),
        '-lf',
        file('leases'),
        '-pf',
        file('pid'),
        '-sf',
        files.script,
        'eth0',
      ],
    ];
    const first = on.daemon(argv(['-1', '-d']));
    await first.waitFor(/bound to 10\.0\.0\.1[01]\d/, { timeoutMs: 15_000 });
    await first.stop();
    const second = on.daemon(argv(['-1', '-d']));
    await second.waitFor(/bound to 10\.0\.0\.1[01]\d/, { timeoutMs: 15_000 });
    expect(second.output).not.toContain('DHCPDISCOVER');
    expect(addressOf(second.output)).toBe(addressOf(first.output));
    await second.stop();
    await run(argv(['-r']));
  });

  test('nmap: both of its DHCP scripts are told the settings', async ({ onTestFinished: after }) => {
    const on = await bench(after, { name: 'c1', address: '10.0.0.50/16' });
    await on.serve();
    const nmap = (args: readonly string[]): Promise<string> => run([...on.in('c1'), 'nmap', '-n', ...args]);
    const [broadcast, direct] = await Promise.all([
      nmap(['--script', 'broadcast-dhcp-discover', '--script-args', 'broadcast-dhcp-discover.timeout=3', '-e', 'eth0']),
      nmap(['-sU', '-p', '67', '--script', 'dhcp-discover', '10.0.0.1']),
    ]);
    expect(broadcast).toMatch(/DHCP Message Type: DHCPOFFER[^]*Server Identifier: 10\.0\.0\.1/);
    expect(direct).toMatch(/DHCP Message Type: DHCPACK[^]*Server Identifier: 10\.0\.0\.1/);
  });
});

describe.concurrent('hostile and silent machines', rule, () => {
  test('an address that a machine squats is passed by, whether it has a firewall or not, and an operator hears of it', async ({
    onTestFinished: after,
  }) => {
    const on = await bench(
      after,
      { name: 'c1' },
      { name: 'c2' },
      { name: 'open', address: '10.0.0.100/16' },
      { name: 'walled', address: '10.0.0.101/16' },
    );
    for (const chain of ['INPUT', 'OUTPUT']) await run([...on.in('walled'), 'iptables', '-P', chain, 'DROP']);
    const server = await on.serve({ dynamic: '10.0.0.100-10.0.0.103' });
    const free = expect.stringMatching(/^10\.0\.0\.10[23]$/);
    expect(await udhcpc(on, 'c1', files, ['-r', '10.0.0.100'])).toMatchObject({ address: free });
    expect(await udhcpc(on, 'c2', files, ['-r', '10.0.0.101'])).toMatchObject({ address: free });
    expect(server.output).toMatch(/10\.0\.0\.100 of the dynamic range is in use by [0-9a-f:]{17}/);
    expect(server.output).toMatch(/10\.0\.0\.101 of the dynamic range is in use by [0-9a-f:]{17}/);
  });

  test('two hundred random datagrams later a client is served as before', async ({ onTestFinished: after }) => {
    const on = await bench(after, { name: 'c1' }, { name: 'c2', address: '10.0.0.2/16' });
    const server = await on.serve();
    await run([...on.in('c2'), process.execPath, NOISE, '10.0.0.2', '200']);
    expect(await udhcpc(on, 'c1', files)).toMatchObject({ server: '10.0.0.1' });
    await server.stop();
    expect(server.output).not.toContain('"what":"error"');
    expect(Number(/"received":(\d+)/.exec(server.output)?.[1])).toBeGreaterThanOrEqual(200);
  });
});

describe.concurrent('the process', rule, () => {
  test('is killed, and the leases that it acknowledged are known to the next', async ({ onTestFinished: after }) => {
    const on = await bench(after, { name: 'c1' }, { name: 'c2' });
    const leases = join(files.directory, 'killed.db');
    const first = await on.serve({ leases, dynamic: '10.0.0.100-10.0.0.101' });
    const { address } = await udhcpc(on, 'c1', files);
    await run(['kill', '-KILL', /"pid":(\d+)/.exec(first.output)?.[1] ?? '']);
    await first.exited;
    const second = await on.serve({ leases, dynamic: '10.0.0.100-10.0.0.101' });
    // It holds the address without answering probes: only the lease file knows.
    await on.flush('c1');
    expect((await udhcpc(on, 'c2', files, ['-r', address])).address).not.toBe(address);
    expect((await udhcpc(on, 'c1', files)).address).toBe(address);
    expect(second.output).not.toContain('"what":"error"');
  });
});

describe.concurrent('beside another DHCP server', rule, () => {
  const CORP: Plugged = { name: 'corp', address: '10.0.0.254/16' };
  const dnsmasq = async (on: Bench, more: readonly string[] = []): Promise<Daemon> => {
    const started = on.daemon([
      ...on.in('corp'),
      ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--port=0', '--log-dhcp'],
      ...['--interface=eth0', '--bind-interfaces', '--leasefile-ro', '--no-ping', '--dhcp-authoritative'],
      ...['--dhcp-range=10.0.0.200,10.0.0.220', ...more],
    ]);
    await started.waitFor('sockets bound', { timeoutMs: 10_000 });
    return started;
  };

  test('a server refuses to start, and names the other and what it offers', async ({ onTestFinished: after }) => {
    const on = await bench(after, CORP);
    await dnsmasq(on, ['--dhcp-boot=other.0']);
    const child = await on.serve({ whenOthersAnswer: 'refuse', limits: { findMs: 4000 } });
    expect(child.output).toMatch(
      /"what":"refused".*another DHCP server answers on this wire: 10\.0\.0\.254 \(offers 10\.0\.0\.2\d\d and the boot file other\.0\)/,
    );
  });

  test('a server refuses where a DHCP client of its own machine keeps port 68 to itself: it asks as a relay', async ({
    onTestFinished: after,
  }) => {
    const on = await bench(after, CORP);
    await dnsmasq(on);
    const hold = "require('node:dgram').createSocket('udp4').bind(68, () => console.log('held'))";
    await on.daemon([...on.in('srv'), process.execPath, '-e', hold]).waitFor('held', { timeoutMs: 10_000 });
    const child = await on.serve({ whenOthersAnswer: 'refuse', limits: { findMs: 4000 } });
    expect(child.output).toMatch(/"what":"refused".*10\.0\.0\.254 \(offers 10\.0\.0\.2\d\d\)/);
  });

  test('a server that is made to start reports it, and goes on looking', async ({ onTestFinished: after }) => {
    const on = await bench(after, CORP);
    const quiet = await on.serve({ limits: { findMs: 300, findEveryMs: 200 } });
    expect(quiet.output).not.toContain('rogue');
    await dnsmasq(on);
    await quiet.waitFor(/"what":"rogue","server":"10\.0\.0\.254","kind":"dhcp"/, { timeoutMs: 10_000 });
    // Seen again and again, told once.
    expect(quiet.output.match(/"what":"rogue"/g)).toHaveLength(1);
  });

  test('a proxy leaves plain clients to it, and gives those that boot their file', async ({
    onTestFinished: after,
  }) => {
    const on = await bench(after, CORP, { name: 'c1' }, { name: 'c2' });
    await dnsmasq(on);
    const proxy = await on.serve({ mode: 'proxy' });
    const plain = await udhcpc(on, 'c1', files);
    expect(plain).toMatchObject({
      server: '10.0.0.254',
      address: expect.stringMatching(/^10\.0\.0\.2\d\d$/),
      boot: '',
    });
    expect(proxy.output).not.toContain('"stage"');
    const pxe = ['-V', 'PXEClient:Arch:00000:UNDI:002001', '-x', '0x5d:0000', '-x', '0x5e:010201'];
    // It is no PXE client but asks like one; which of the two offers it takes is a race, and ours has no address.
    await udhcpc(on, 'c2', files, pxe).catch(() => undefined);
    await proxy.waitFor(/dhcp-answered.*"file":"pxelinux\.0"/, { timeoutMs: 5000 });
    expect(proxy.output).not.toContain('rogue');
  });

  test('a proxy reports another boot server', async ({ onTestFinished: after }) => {
    const on = await bench(after, CORP);
    await dnsmasq(on, ['--dhcp-boot=other.0']);
    const proxy = await on.serve({ mode: 'proxy', limits: { findMs: 4000 } });
    await proxy.waitFor(/"what":"rogue","server":"10\.0\.0\.254","kind":"boot".*other\.0/, { timeoutMs: 10_000 });
  });
});

// By itself, and up to three times: on a machine that is busy otherwise it is perfdhcp that loses replies, of any server.
describe('under load', { ...rule, retry: 2 }, () => {
  test('perfdhcp: 500 machines at 200 a second, and no exchange is dropped', async ({ onTestFinished: after }) => {
    const on = await bench(after, { name: 'c1', address: '10.0.0.2/16' });
    const server = await on.serve({ dynamic: '10.0.16.0-10.0.31.255' });
    const load = ['-r', '200', '-R', '500', '-n', '500', '-W', '3000000', '-d', '5', '-B', '-u'];
    // It exits with 3 where exchanges were dropped.
    const perfdhcp = ['sh', '-c', 'perfdhcp "$@" || [ $? -eq 3 ]', 'sh', '-4', '-l', 'eth0', ...load];
    const report = await run([...on.in('c1'), ...perfdhcp]);
    await server.stop();
    expect(server.output).toMatch(/"silent":0,"failed":0,"repeated":0,"too-often":0,"overloaded":0/);
    expect([...report.matchAll(/drops: (\d+)/g)].map(([, drops]) => drops)).toEqual(['0', '0']);
    // It sometimes starts one exchange more than it was told to.
    for (const [, count] of report.matchAll(/received packets: (\d+)/g))
      expect(Number(count)).toBeGreaterThanOrEqual(500);
  });
});
