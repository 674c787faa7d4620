// The machines of the console's bench: an appliance with a site of thousands of hosts, and some of them installing, as it sees them.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { operatorOf, startAppliance } from '../../test/support/lab-appliance.ts';
import { OS_OF, buildTree } from '../../test/support/tree-fixture.ts';

/** Each installing host fetches a package so often: two hundred of them a hundred times a second. */
const FETCH_MS = 2000;

export const nameOf = (index: number): string => `node-${String(index).padStart(5, '0')}`;
export const macOf = (index: number): string => `52:54:00:00:${hex(index >> 8)}:${hex(index & 255)}`;
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
/** An address of loopback for each machine: the appliance tells machines by theirs. */
const addressOf = (index: number): string => `127.1.${index >> 8}.${index & 255}`;

const tree = buildTree('rhel9');
const packages = [...tree.keys()].filter((path) => path.endsWith('.rpm'));

function siteText(hosts: number): string {
  const texts = Array.from(
    { length: hosts },
    (_, index) =>
      `  - { name: ${nameOf(index)}, profile: node, network: lab, address: 10.1.${index >> 8}.${index & 255}, macs: ["${macOf(index)}"] }\n`,
  );
  return `site:
  name: bench
  domain: bench.example
  appliance: 10.0.0.2
  timezone: UTC
  language: en_US.UTF-8
  keyboard: us
  ntp: [10.0.0.1]
  rootPassword: { secret: root }
networks:
  - { name: lab, subnet: 10.0.0.0/8, gateway: 10.0.0.1, dns: [10.0.0.1], ranges: [{ name: hosts, use: hosts, from: 10.1.0.0, to: 10.1.255.0 }] }
trees:
  - { name: nine, directory: nine, os: ${OS_OF.rhel9} }
profiles:
  - { name: node, tree: nine, role: minimal, storage: { layout: whole, disks: [sda] } }
hosts:
${texts.join('')}`;
}

/** The appliance that is looked at. */
export type Bench = {
  readonly origin: string;
  readonly token: string;
  readonly setUpLink: string;
  readonly stop: () => Promise<void>;
};

/** Starts it over a data directory with a tree and the secret that its hosts need. */
export async function startBench(directory: string, hosts: number): Promise<Bench> {
  const operator = await operatorOf(directory, siteText(hosts));
  for (const [path, bytes] of tree) {
    const file = join(operator.data, 'media', 'nine', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  await operator.kickstand(['secret', 'set', 'root', '--hash'], 'a password of the bench\n');
  const listen = ['--listen', '127.0.0.1', '--advertise', '127.0.0.1', '--http-port', '0', '--tftp-port', '0'];
  const appliance = await startAppliance(operator, { flags: [...listen, '--log-level', 'error'] });
  const token = (await readFile(join(operator.data, 'secrets', 'operator'), 'utf8')).trim();
  const setUpLink = /set up +(http:\S+)/.exec(appliance.output())?.[1] ?? '';
  const stop = async (): Promise<void> => {
    agents.forEach((agent) => agent.destroy());
    await appliance.stop();
  };
  return { origin: appliance.origin, token, setUpLink, stop };
}

type Wanted = { readonly method?: string; readonly from?: number; readonly body?: unknown };
export type Answer = { readonly text: string; readonly bytes: number; readonly ms: number };

const agents = new Map<string, Agent>();

/** One request, by an operator or by the machine `from`; rejects where it is refused. */
export function ask(
  { origin, token }: Bench,
  path: string,
  { method = 'GET', from, body }: Wanted = {},
): Promise<Answer> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Answer>();
  const localAddress = from === undefined ? '127.0.0.1' : addressOf(from);
  const agent = agents.get(localAddress) ?? new Agent({ keepAlive: true });
  agents.set(localAddress, agent);
  const headers = {
    ...(from === undefined ? { authorization: `Bearer ${token}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const begun = performance.now();
  const asked = request(`${origin}${path}`, { method, headers, agent, localAddress }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => {
      const whole = Buffer.concat(parts);
      const answer = { text: whole.toString(), bytes: whole.length, ms: performance.now() - begun };
      if ((response.statusCode ?? 500) < 400) done(answer);
      else reject(new Error(`${path}: ${response.statusCode} ${answer.text.slice(0, 200)}`));
    });
  });
  asked.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** Arms a host, and has its machine come as far as its packages. */
export async function beginInstall(bench: Bench, index: number): Promise<void> {
  await ask(bench, `/api/v1/hosts/${nameOf(index)}/arm`, { method: 'POST', body: {} });
  const script = await ask(bench, `/boot/pxelinux.cfg/01-${macOf(index).replaceAll(':', '-')}`, { from: index });
  const token = /token=([0-9a-f]+)/.exec(script.text)?.[1] ?? '';
  for (const file of ['vmlinuz', 'initrd.img'])
    await ask(bench, `/boot/trees/nine/images/pxeboot/${file}`, { from: index });
  await ask(bench, `/kickstart/${nameOf(index)}?token=${token}`, { from: index });
  await ask(bench, `/hosts/${nameOf(index)}/events?token=${token}&stage=started`, { from: index });
  await ask(bench, '/trees/nine/.treeinfo', { from: index });
}

/** They fetch one package after the other until told to stop. */
export function goOnInstalling(bench: Bench, count: number): { readonly stop: () => Promise<void> } {
  const over = new AbortController();
  const install = async (index: number): Promise<void> => {
    await sleep((index / count) * FETCH_MS);
    for (let fetched = 0; !over.signal.aborted; fetched += 1) {
      await ask(bench, `/trees/nine/${packages[fetched % packages.length] ?? ''}`, { from: index });
      await sleep(FETCH_MS);
    }
  };
  const all = Array.from({ length: count }, (_, index) => install(index));
  return {
    stop: async () => {
      over.abort();
      await Promise.all(all);
    },
  };
}
