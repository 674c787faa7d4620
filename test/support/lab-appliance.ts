// The appliance as an operator has it: the real command, in a data directory of the test's own.

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Daemon, run } from './lab-run.ts';

const KICKSTAND = resolve(import.meta.dirname, '..', '..', 'scripts', 'kickstand');

/** Runs operator commands with the `--site` and `--data` of one appliance. */
export type Operator = {
  readonly site: string;
  readonly data: string;
  /** Runs a command to its end; returns stdout; throws when it does not exit 0. */
  readonly kickstand: (args: readonly string[], input?: string) => Promise<string>;
  /** A host's phase, as `host show --json` tells it. */
  readonly phaseOf: (host: string) => Promise<unknown>;
};

/** An operator over the site file `text`, kept below `directory`. */
export async function operatorOf(directory: string, text: string): Promise<Operator> {
  const site = join(directory, 'site.yaml');
  const data = join(directory, 'data');
  await writeFile(site, text);
  const kickstand = (args: readonly string[], input = ''): Promise<string> =>
    run([KICKSTAND, ...args, '--site', site, '--data', data], { input });
  const phaseOf = async (host: string): Promise<unknown> => {
    const shown: unknown = JSON.parse(await kickstand(['host', 'show', host, '--json']));
    return typeof shown === 'object' && shown !== null && 'phase' in shown ? shown.phase : undefined;
  };
  return { site, data, kickstand, phaseOf };
}

export type RunningAppliance = {
  /** `http://127.0.0.1:43210`; no slash at the end. */
  readonly origin: string;
  /** All it has printed and logged. */
  readonly output: () => string;
  /** Ends it by SIGTERM and returns its exit status. */
  readonly stop: () => Promise<number>;
};

/** Starts `kickstand serve` with `flags`, inside the namespace that `prefix` enters, and waits until it serves. */
export async function startAppliance(
  operator: Pick<Operator, 'site' | 'data'>,
  options: { readonly prefix?: readonly string[]; readonly flags: readonly string[] },
): Promise<RunningAppliance> {
  const argv = [KICKSTAND, 'serve', '--site', operator.site, '--data', operator.data, ...options.flags];
  const serve = new Daemon([...(options.prefix ?? []), ...argv]);
  try {
    await serve.waitFor(/page and content .*\n/, { timeoutMs: 60_000 });
  } catch (error) {
    await serve.stop();
    throw error;
  }
  const origin = /page and content +(http:\/\/[^/\s]+)/.exec(serve.output)?.[1] ?? '';
  return { origin, output: () => serve.output, stop: () => serve.stop() };
}

/** All files below `directory` by their relative path, as the web server for upstreams takes them. */
export async function filesBelow(directory: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(relative(directory, path), await readFile(path));
  }
  return files;
}

/** The contract's example site, with the upstream and the disk of the test. */
export function labSite(options: { readonly upstream: string; readonly iso: string }): string {
  return `site:
  name: cs-cloud
  domain: cs-cloud.com
  appliance: 192.168.168.26
  timezone: Asia/Shanghai
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
      - { name: management, use: hosts,              from: 192.168.168.2,  to: 192.168.168.15 }
      - { name: private,    use: cloudstack-private, from: 192.168.168.16, to: 192.168.168.20 }
      - { name: guest,      use: cloudstack-guest,   from: 192.168.168.30, to: 192.168.168.250 }

repos:
  - name: cloudstack
    upstream: ${options.upstream}
    publish: /4.0/
    keep: 3

trees:
  - name: rhel6
    iso: ${options.iso}
    os: rhel-6.2-x86_64

profiles:
  - name: management
    tree: rhel6
    role: cloudstack-management
    repos: [cloudstack]
    storage: { layout: whole, disks: [sda] }
    cloudstack: { version: "4.0", hypervisor: xenserver }

hosts:
  - { name: cs40, profile: management, network: lab, address: 192.168.168.2, macs: ["52:54:00:a8:a8:02"] }
`;
}
