// What a test of whole installs needs: a tree, a site, a network on which Kickstand answers DHCP, and machines with disks of their own.

import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operator, RunningAppliance } from './lab-appliance.ts';
import { operatorOf, startAppliance } from './lab-appliance.ts';
import type { Lab, LabMachine } from './lab.ts';
import { startLab } from './lab.ts';
import type { Machine, MachineOptions } from './qemu.ts';
import { startMachine } from './qemu.ts';

export type InstallLab = {
  readonly operator: Operator;
  readonly appliance: RunningAppliance;
  readonly lab: Lab;
  /** A new disk of `sizeMb` MiB, all zeros: its image's path. */
  readonly blankDisk: (name: string, sizeMb: number) => Promise<string>;
  /** Powers a machine on and hands it to `work`; a failure tells the appliance's log as well. */
  readonly withMachine: (options: MachineOptions, work: (machine: Machine) => Promise<void>) => Promise<void>;
  readonly stop: () => Promise<void>;
};

type Setup = {
  readonly machines: readonly LabMachine[];
  /** Builds what the site refers to below `directory`, and returns the site file's text. */
  readonly prepare: (directory: string, work: string) => Promise<string>;
};

/** Builds content and site, and starts network and appliance. The secret `root` is set. */
export async function openInstallLab(setup: Setup): Promise<InstallLab> {
  await using opened = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-install-'));
  opened.defer(() => rm(directory, { recursive: true, force: true }));
  const work = join(directory, 'work');
  await mkdir(work);
  const operator = await operatorOf(directory, await setup.prepare(directory, work));
  await operator.kickstand(['secret', 'set', 'root', '--hash'], 'a password for tests\n');
  const lab = await startLab({ machines: setup.machines, dhcp: 'none' });
  opened.defer(() => lab.stop());
  const ports = ['--http-port', '80', '--tftp-port', '69', '--syslog-port', '514', '--advertise', lab.appliance];
  const flags = [...ports, '--dhcp', 'server', '--dhcp-interface', 'eth0', '--log-level', 'debug'];
  const appliance = await startAppliance(operator, { prefix: lab.inAppliance, flags });
  opened.defer(async () => {
    await appliance.stop();
  });
  const running = opened.move();
  return {
    operator,
    appliance,
    lab,
    blankDisk: (name, sizeMb) => blankDisk(join(directory, `${name}.img`), sizeMb),
    withMachine: (options, work_) => withMachine({ lab, appliance }, options, work_),
    stop: () => running.disposeAsync(),
  };
}

async function blankDisk(path: string, sizeMb: number): Promise<string> {
  const file = await open(path, 'wx');
  await file.truncate(sizeMb * 1024 ** 2);
  await file.close();
  return path;
}

async function withMachine(
  { lab, appliance }: { readonly lab: Lab; readonly appliance: RunningAppliance },
  options: MachineOptions,
  work: (machine: Machine) => Promise<void>,
): Promise<void> {
  const machine = startMachine(lab, options);
  try {
    await work(machine);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\n--- appliance\n${appliance.output().slice(-4000)}`, { cause: error });
  } finally {
    await machine.stop();
  }
}
