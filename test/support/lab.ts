// A company network of the test's own: a switch, the appliance's place and the company's own server, each in its own namespace;
// nothing leads outside.

import { randomBytes } from 'node:crypto';
import { Daemon, run } from './lab-run.ts';

/** A machine on the network: its MAC and the address that the company's DHCP server, where there is one, keeps for it. */
export type LabMachine = { readonly mac: string; readonly address: string };

/**
 * Who hands out addresses. `company`: dnsmasq, with the appliance as next-server and one boot file for all;
 * `company-without-boot`: dnsmasq that knows nothing of network boot; `none`: nobody but, perhaps, the appliance.
 */
export type LabDhcp = 'company' | 'company-without-boot' | 'none';

export type Lab = {
  /** The argv prefix that runs a program where the appliance runs (192.168.168.26, on `eth0`). */
  readonly inAppliance: readonly string[];
  /** The argv prefix that runs a program where the company's server runs (192.168.168.1, on `eth0`): a neighbour. */
  readonly inCompany: readonly string[];
  /** The argv prefix that runs a program on the switch, where QEMU attaches to its machine's tap. */
  readonly onSwitch: readonly string[];
  /** The tap of the machine with this MAC. Throws for one that the lab was not started with. */
  readonly tapOf: (mac: string) => string;
  readonly appliance: string;
  /** What the company's DHCP server has logged so far. */
  dhcpLog(): string;
  stop(): Promise<void>;
};

const APPLIANCE = '192.168.168.26';
const COMPANY = '192.168.168.1';

type Names = { readonly sw: string; readonly srv: string; readonly corp: string };

/** Builds the network with a place for each of `machines`, and starts the company's server. */
export async function startLab(options: {
  readonly machines: readonly LabMachine[];
  readonly dhcp: LabDhcp;
  /** What the company's server names as boot file: pxelinux.0 unless said otherwise. */
  readonly bootFile?: string;
}): Promise<Lab> {
  const id = `ks${process.pid}-${randomBytes(2).toString('hex')}`;
  const names: Names = { sw: `${id}-sw`, srv: `${id}-srv`, corp: `${id}-corp` };
  const taps = new Map(options.machines.map(({ mac }, index) => [mac, `tap${index}`]));
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    for (const name of Object.values(names)) {
      await run(['ip', 'netns', 'add', name]);
      undo.push(() => run(['ip', 'netns', 'del', name]));
    }
    for (const command of wiring(names, [...taps.values()])) await run(['ip', '-n', ...command]);
    const dnsmasq = new Daemon([...inside(names.corp), ...companyServer(options)]);
    undo.push(() => dnsmasq.stop());
    await dnsmasq.waitFor(options.dhcp === 'none' ? 'router advertisement on' : 'sockets bound', { timeoutMs: 10_000 });
    return {
      inAppliance: inside(names.srv),
      inCompany: inside(names.corp),
      onSwitch: inside(names.sw),
      tapOf: (mac) => tapAmong(taps, mac),
      appliance: APPLIANCE,
      dhcpLog: () => dnsmasq.output,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function inside(namespace: string): readonly string[] {
  return ['ip', 'netns', 'exec', namespace];
}

function tapAmong(taps: ReadonlyMap<string, string>, mac: string): string {
  const tap = taps.get(mac);
  if (tap === undefined) throw new Error(`the lab has no machine ${mac}`);
  return tap;
}

function wiring(names: Names, taps: readonly string[]): readonly string[][] {
  const cable = (end: string, namespace: string): string[][] => [
    [names.sw, 'link', 'add', end, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace],
    [names.sw, 'link', 'set', end, 'master', 'br0', 'up'],
    [namespace, 'link', 'set', 'lo', 'up'],
    [namespace, 'link', 'set', 'eth0', 'up'],
  ];
  return [
    [names.sw, 'link', 'add', 'br0', 'type', 'bridge'],
    [names.sw, 'link', 'set', 'br0', 'up'],
    ...taps.flatMap((tap) => [
      [names.sw, 'tuntap', 'add', 'dev', tap, 'mode', 'tap'],
      [names.sw, 'link', 'set', tap, 'master', 'br0', 'up'],
    ]),
    ...cable('srv', names.srv),
    ...cable('corp', names.corp),
    [names.srv, 'address', 'add', `${APPLIANCE}/24`, 'dev', 'eth0'],
    [names.corp, 'address', 'add', `${COMPANY}/24`, 'dev', 'eth0'],
    [names.corp, 'address', 'add', 'fd77::1/64', 'dev', 'eth0', 'nodad'],
  ];
}

/** dnsmasq. It always advertises an IPv6 router: without one the IPv6 half of QEMU's iPXE ROM waits 13 s. */
function companyServer({ dhcp, machines, bootFile = 'pxelinux.0' }: Parameters<typeof startLab>[0]): readonly string[] {
  return [
    ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--user=root'],
    ...['--port=0', '--interface=eth0', '--bind-interfaces', '--leasefile-ro', '--log-dhcp'],
    ...['--enable-ra', '--dhcp-range=fd77::,ra-only'],
    ...(dhcp === 'none' ? [] : addressOptions(machines)),
    ...(dhcp === 'company' ? [`--dhcp-boot=${bootFile},,${APPLIANCE}`] : []),
  ];
}

function addressOptions(machines: readonly LabMachine[]): readonly string[] {
  return [
    '--dhcp-range=192.168.168.0,static',
    ...machines.map(({ mac, address }) => `--dhcp-host=${mac},${address}`),
    `--dhcp-option=option:dns-server,${COMPANY}`,
  ];
}
