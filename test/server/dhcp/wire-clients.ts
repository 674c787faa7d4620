// The DHCP clients of this world, as commands on a machine of the test's wire, and our listener on another.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ChildTask } from '../../support/dhcp-child.ts';
import type { DhcpWire } from '../../support/dhcp-wire.ts';
import { Daemon, run } from '../../support/lab-run.ts';

const CHILD = new URL('../../support/dhcp-child.ts', import.meta.url).pathname;

/** A directory of scripts and files; `remove` at the end. */
export type ClientFiles = { readonly directory: string; readonly script: string; remove(): Promise<void> };

/** What the clients run at each event: takes the address as a system would, and says what it was given. */
const SCRIPT = `#!/bin/sh
event=\${reason:-$1}
dev=\${interface}
addr=\${ip:-$new_ip_address}
mask=\${subnet:-$new_subnet_mask}
boot=\${boot_file:-$new_filename}
case $event in
  bound|renew|BOUND|REBOOT|RENEW|REBIND)
    ip address flush dev "$dev"
    ip address add "$addr/$mask" dev "$dev" 2>/dev/null
    ;;
  deconfig|RELEASE|EXPIRE|FAIL|STOP) ip address flush dev "$dev" ;;
esac
[ -n "$dev" ] && ip link set dev "$dev" up
echo "event=$event address=$addr server=\${serverid:-$new_dhcp_server_identifier} host=\${hostname:-$new_host_name} boot=$boot"
`;

/** Makes the scripts. */
export async function clientFiles(): Promise<ClientFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-dhcp-'));
  const script = join(directory, 'event.sh');
  await writeFile(script, SCRIPT, { mode: 0o755 });
  return { directory, script, remove: () => rm(directory, { recursive: true }) };
}

/** Our listener on `machine`, serving (or refusing to). */
export async function startChild(wire: DhcpWire, machine: string, task: ChildTask): Promise<Daemon> {
  const child = new Daemon([...wire.in(machine), process.execPath, CHILD, JSON.stringify(task)]);
  await child.waitFor(/"what":"(?:serving|refused|failed)"/, { timeoutMs: 20_000 });
  return child;
}

/** One event of a client, as its script tells it. */
export type ClientEvent = {
  readonly event: string;
  readonly address: string;
  readonly server: string;
  readonly boot: string;
  readonly host: string;
};

/** The events in a client's output. */
export function eventsIn(output: string): readonly ClientEvent[] {
  const pattern = /event=(\S*) address=(\S*) server=(\S*) host=(\S*) boot=(\S*)/g;
  return [...output.matchAll(pattern)].map(([, event = '', address = '', server = '', host = '', boot = '']) => ({
    ...{ event, address, server, host, boot },
  }));
}

/** busybox udhcpc: takes a lease and ends. Rejects where it gets none. */
export async function udhcpc(
  wire: DhcpWire,
  machine: string,
  files: ClientFiles,
  more: readonly string[] = [],
): Promise<ClientEvent> {
  const output = await run([
    ...wire.in(machine),
    ...['busybox', 'udhcpc', '-i', 'eth0', '-f', '-n', '-q', '-t', '4', '-T', '1', '-s', files.script, ...more],
  ]);
  const bound = eventsIn(output).find(({ event }) => event === 'bound');
  if (bound === undefined) throw new Error(`udhcpc got no lease:\n${output}`);
  return bound;
}

/** A program that tells its process id in a file, told to do something by a signal. */
export async function signal(pidFile: string, name: string): Promise<void> {
  await run(['kill', `-${name}`, (await readFile(pidFile, 'utf8')).trim()]);
}
