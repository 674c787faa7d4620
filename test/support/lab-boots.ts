// What every boot test needs: trees, a site, a network, the appliance on it, and machines that are armed, powered on and watched.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { buildLinuxTree, buildXenTree } from './boot-media.ts';
import type { Operator, RunningAppliance } from './lab-appliance.ts';
import { operatorOf, startAppliance } from './lab-appliance.ts';
import type { Lab, LabDhcp, LabMachine } from './lab.ts';
import { startLab } from './lab.ts';
import type { Machine, MachineOptions } from './qemu.ts';
import { startMachine } from './qemu.ts';

/**
 * `el9`: Debian's signed shim, GRUB and kernel in an EL 9; `el9-unsigned`: the same with a GRUB like that of RHEL's media, but
 * unsigned; `xen`: an XCP-ng.
 */
export type BootTree = 'el9' | 'el9-unsigned' | 'xen';

/** A host of the site. `boot` as in a site file: `{ bios: ipxe }`. */
export type BootHost = { readonly tree: BootTree; readonly boot?: string };

export type BootLab = {
  readonly operator: Operator;
  readonly appliance: RunningAppliance;
  readonly directory: string;
  /** Powers `host`, or a machine of no site, on and hands it to `work`; a failure tells the appliance's log as well. */
  readonly withMachine: (
    host: string,
    options: BootOptions,
    work: (machine: Machine) => Promise<void>,
  ) => Promise<void>;
  /** Arms `host`, boots it, waits for `marks` on its console one after the other, for its report and for its end. */
  readonly expectInstall: (host: string, options: BootOptions, marks: readonly (string | RegExp)[]) => Promise<string>;
  /** `host show HOST --json`. */
  readonly show: (host: string) => Promise<unknown>;
  readonly stop: () => Promise<void>;
};

export type BootOptions = Omit<MachineOptions, 'mac'>;

/** A machine that is on the network and in no site. */
export const STRANGER: LabMachine = { mac: '52:54:00:a8:a8:99', address: '192.168.168.99' };

/** One of the guest's lines may take this long under emulation, with other machines beside it. */
export const SOON_MS = 150_000;
/** A whole boot test. */
export const BOOT_TEST_MS = 600_000;

type Setup = {
  readonly hosts: Readonly<Record<string, BootHost>>;
  readonly network: LabDhcp;
  /** The boot file that the company's DHCP server names, in a network of that kind. */
  readonly bootFile?: string;
  readonly mode: 'off' | 'proxy' | 'server';
};

/** Builds the trees that the hosts need, and starts network and appliance. */
export async function openBootLab(setup: Setup): Promise<BootLab> {
  await using opened = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-boots-'));
  opened.defer(() => rm(directory, { recursive: true, force: true }));
  for (const tree of treesOf(setup)) await buildTree(tree, directory);
  const operator = await operatorOf(directory, siteText(setup, directory));
  await operator.kickstand(['secret', 'set', 'root', '--hash'], 'a password for tests\n');
  const machines = machinesOf(setup);
  const bootFile = setup.bootFile === undefined ? {} : { bootFile: setup.bootFile };
  const lab = await startLab({ machines: [...machines.values()], dhcp: setup.network, ...bootFile });
  opened.defer(() => lab.stop());
  const ports = ['--http-port', '80', '--tftp-port', '69', '--advertise', lab.appliance];
  const flags = [...ports, '--dhcp', setup.mode, '--dhcp-interface', 'eth0', '--log-level', 'debug'];
  const appliance = await startAppliance(operator, { prefix: lab.inAppliance, flags });
  opened.defer(async () => {
    await appliance.stop();
  });
  const running = opened.move();
  const parts: Parts = { operator, lab, appliance, machines };
  return {
    operator,
    appliance,
    directory,
    withMachine: (host, options, work) => withMachine(parts, { host, options }, work),
    expectInstall: (host, options, marks) => expectInstall(parts, { host, options }, marks),
    show: (host) => show(operator, host),
    stop: () => running.disposeAsync(),
  };
}

type Parts = {
  readonly operator: Operator;
  readonly lab: Lab;
  readonly appliance: RunningAppliance;
  readonly machines: ReadonlyMap<string, LabMachine>;
};

type PowerOn = { readonly host: string; readonly options: BootOptions };

async function withMachine(parts: Parts, on: PowerOn, work: (machine: Machine) => Promise<void>): Promise<void> {
  const { mac } = parts.machines.get(on.host) ?? STRANGER;
  const machine = startMachine(parts.lab, { mac, ...on.options });
  try {
    await work(machine);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const shown = await parts.operator.kickstand(['host', 'show', on.host]).catch(() => '');
    const log = parts.appliance.output().slice(-4000);
    throw new Error(`${reason}\n--- host show\n${shown}\n--- appliance\n${log}`, { cause: error });
  } finally {
    await machine.stop();
  }
}

async function expectInstall(parts: Parts, on: PowerOn, marks: readonly (string | RegExp)[]): Promise<string> {
  await parts.operator.kickstand(['host', 'arm', on.host]);
  let serial = '';
  await withMachine(parts, on, async (machine) => {
    for (const mark of [...marks, 'kickstand-lab: reported: installed']) await machine.waitFor(mark, SOON_MS);
    await machine.poweredOff(SOON_MS);
    serial = machine.serial();
    expect(await show(parts.operator, on.host)).toMatchObject({ phase: 'installed', verdict: { health: 'fine' } });
  });
  return serial;
}

async function show(operator: Operator, host: string): Promise<unknown> {
  return JSON.parse(await operator.kickstand(['host', 'show', host, '--json']));
}

function treesOf({ hosts }: Setup): readonly BootTree[] {
  return [...new Set(Object.values(hosts).map(({ tree }) => tree))];
}

/** Every host's place on the network, in the order of the table, and the stranger's. */
function machinesOf({ hosts }: Setup): ReadonlyMap<string, LabMachine> {
  const known = Object.keys(hosts).map((name, index): [string, LabMachine] => {
    const last = index + 2;
    return [name, { mac: `52:54:00:a8:a8:${String(last).padStart(2, '0')}`, address: `192.168.168.${last}` }];
  });
  return new Map([...known, ['stranger', STRANGER]]);
}

async function buildTree(tree: BootTree, directory: string): Promise<void> {
  const work = join(directory, `${tree}.work`);
  await mkdir(work);
  const into = join(directory, tree);
  if (tree === 'xen') await buildXenTree(into, { work, guest: 'quick' });
  else await buildLinuxTree(into, { work, grub: tree === 'el9' ? 'signed' : 'unsigned' });
}

function siteText(setup: Setup, directory: string): string {
  const trees = treesOf(setup).map((tree) => `  - { name: ${tree}, directory: ${join(directory, tree)} }`);
  const profiles = treesOf(setup).map((tree) => {
    const role = tree === 'xen' ? 'xenserver' : 'minimal';
    return `  - { name: ${tree}, tree: ${tree}, role: ${role}, storage: { layout: whole, disks: [sda] } }`;
  });
  const machines = machinesOf(setup);
  const hosts = Object.entries(setup.hosts).map(([name, { tree, boot }]) => {
    const { mac = '', address = '' } = machines.get(name) ?? {};
    const wish = boot === undefined ? '' : `, boot: ${boot}`;
    return `  - { name: ${name}, profile: ${tree}, network: lab, address: ${address}, macs: ["${mac}"]${wish} }`;
  });
  const lines = [SITE_HEAD, 'trees:', ...trees, 'profiles:', ...profiles, 'hosts:', ...hosts];
  return `${lines.join('\n')}\n`;
}

const SITE_HEAD = `site:
  name: boots
  domain: boots.example
  appliance: 192.168.168.26
  timezone: UTC
  language: en_US.UTF-8
  keyboard: us
  ntp: [192.168.168.1]
  rootPassword: { secret: root }

networks:
  - name: lab
    subnet: 192.168.168.0/24
    gateway: 192.168.168.1
    dns: [192.168.168.1]
    ranges:
      - { name: machines, use: hosts, from: 192.168.168.2, to: 192.168.168.15 }
      - { name: strangers, use: dynamic, from: 192.168.168.100, to: 192.168.168.120 }
`;
