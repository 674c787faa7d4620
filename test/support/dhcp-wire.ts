// A wire of the test's own: a switch and any number of machines, each in a network namespace; nothing leads outside.

import { randomBytes } from 'node:crypto';
import { run } from './lab-run.ts';

/** A machine on the wire. `address` with its prefix length; none for a client that has yet to ask. */
export type Plugged = { readonly name: string; readonly address?: string; readonly mac?: string };

export type DhcpWire = {
  /** The argv prefix that runs a program on that machine; its card is `eth0`. */
  in(name: string): readonly string[];
  /** Takes away what addresses that machine has. */
  flush(name: string): Promise<void>;
  stop(): Promise<void>;
};

/** Builds the wire. A broadcast reaches every machine on it; none has a default route. */
export async function startWire(machines: readonly Plugged[]): Promise<DhcpWire> {
  const id = `kd${process.pid}-${randomBytes(2).toString('hex')}`;
  const names = [...machines.map(({ name }) => `${id}-${name}`), `${id}-sw`];
  const made: string[] = [];
  const stop = async (): Promise<void> => {
    for (const name of made.splice(0)) await run(['ip', 'netns', 'del', name]);
  };
  try {
    for (const name of names) {
      await run(['ip', 'netns', 'add', name]);
      made.push(name);
    }
    await batch(`${id}-sw`, ['link add br0 type bridge', 'link set br0 up']);
    for (const [index, machine] of machines.entries()) await plug(id, machine, `p${index}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    in: (name) => ['ip', 'netns', 'exec', `${id}-${name}`],
    flush: async (name) => void (await run(['ip', '-n', `${id}-${name}`, 'address', 'flush', 'dev', 'eth0'])),
    stop,
  };
}

async function plug(id: string, { name, address, mac }: Plugged, port: string): Promise<void> {
  const machine = `${id}-${name}`;
  await batch(`${id}-sw`, [
    `link add ${port} type veth peer name eth0 netns ${machine}`,
    `link set ${port} master br0 up`,
  ]);
  await batch(machine, [
    'link set lo up',
    ...(mac === undefined ? [] : [`link set eth0 address ${mac}`]),
    'link set eth0 up',
    ...(address === undefined ? [] : [`address add ${address} broadcast + dev eth0`]),
  ]);
}

async function batch(namespace: string, commands: readonly string[]): Promise<void> {
  await run(['ip', '-n', namespace, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}
