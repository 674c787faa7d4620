// A company network of the test's own: a switch, the appliance's place and a DHCP server, each in its own namespace; nothing leads outside.

import { randomBytes } from 'node:crypto';
import { Daemon, run } from './lab-run.ts';

/** The machine that is installed: its MAC and the address the company's DHCP server keeps for it. */
export type LabMachine = { readonly mac: string; readonly address: string };

export type Lab = {
  /** The argv prefix that runs a program where the appliance runs (192.168.168.26). */
  readonly inAppliance: readonly string[];
  /** The argv prefix that runs a program on the switch, where QEMU attaches to `tap`. */
  readonly onSwitch: readonly string[];
  readonly tap: string;
  readonly appliance: string;
  /** What the DHCP server has logged so far. */
  dhcpLog(): string;
  stop(): Promise<void>;
};

const APPLIANCE = '192.168.168.26';
const DHCP = '192.168.168.1';

/**
 * Builds the network and starts dnsmasq as the DHCP server the company already has: a fixed address for `machine`, the appliance as
 * next-server, and a router advertisement, without which the IPv6 half of QEMU's iPXE ROM waits 13 s.
 */
export async function startLab(machine: LabMachine): Promise<Lab> {
  const id = `ks${process.pid}-${randomBytes(2).toString('hex')}`;
  const names = { sw: `${id}-sw`, srv: `${id}-srv`, dhcp: `${id}-dhcp` };
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    for (const name of Object.values(names)) {
      await run(['ip', 'netns', 'add', name]);
      undo.push(() => run(['ip', 'netns', 'del', name]));
    }
    for (const command of wiring(names)) await run(['ip', '-n', ...command]);
    const dnsmasq = new Daemon(dhcpServer(names.dhcp, machine));
    undo.push(() => dnsmasq.stop());
    await dnsmasq.waitFor('sockets bound', { timeoutMs: 10_000 });
    return {
      inAppliance: ['ip', 'netns', 'exec', names.srv],
      onSwitch: ['ip', 'netns', 'exec', names.sw],
      tap: 'tap0',
      appliance: APPLIANCE,
      dhcpLog: () => dnsmasq.output,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function wiring(names: { readonly sw: string; readonly srv: string; readonly dhcp: string }): readonly string[][] {
  const cable = (end: string, namespace: string): string[][] => [
    [names.sw, 'link', 'add', end, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace],
    [names.sw, 'link', 'set', end, 'master', 'br0', 'up'],
    [namespace, 'link', 'set', 'lo', 'up'],
    [namespace, 'link', 'set', 'eth0', 'up'],
  ];
  return [
    [names.sw, 'link', 'add', 'br0', 'type', 'bridge'],
    [names.sw, 'link', 'set', 'br0', 'up'],
    [names.sw, 'tuntap', 'add', 'dev', 'tap0', 'mode', 'tap'],
    [names.sw, 'link', 'set', 'tap0', 'master', 'br0', 'up'],
    ...cable('srv', names.srv),
    ...cable('dhcp', names.dhcp),
    [names.srv, 'address', 'add', `${APPLIANCE}/24`, 'dev', 'eth0'],
    [names.dhcp, 'address', 'add', `${DHCP}/24`, 'dev', 'eth0'],
    [names.dhcp, 'address', 'add', 'fd77::1/64', 'dev', 'eth0', 'nodad'],
  ];
}

function dhcpServer(namespace: string, machine: LabMachine): readonly string[] {
  return [
    ...[
      'ip',
      'netns',
      'exec',
      namespace,
      'dnsmasq',
      '--no-daemon',
      '--conf-file=/dev/null',
      '--pid-file=',
      '--user=root',
    ],
    ...['--port=0', '--interface=eth0', '--bind-interfaces', '--leasefile-ro', '--log-dhcp'],
    ...['--dhcp-range=192.168.168.0,static', `--dhcp-host=${machine.mac},${machine.address}`],
    ...[`--dhcp-boot=pxelinux.0,,${APPLIANCE}`, `--dhcp-option=option:dns-server,${DHCP}`],
    ...['--enable-ra', '--dhcp-range=fd77::,ra-only'],
  ];
}
