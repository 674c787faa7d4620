// Kickstand's unit under a real systemd, in namespaces that the test made: started, asked, stopped.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { Daemon, run } from './lab-run.ts';

export type SystemdLab = {
  /** Runs a program beside systemd: with its processes, its mounts and its network. Returns what it wrote. */
  readonly beside: (argv: readonly string[]) => Promise<string>;
  /** What systemd says of the unit: `ActiveState`, `NRestarts` and so on (org.freedesktop.systemd1(5)). */
  readonly unit: () => Promise<Readonly<Record<string, string>>>;
  readonly stop: () => Promise<unknown>;
};

const SCRIPT = fileURLToPath(new URL('systemd-lab.sh', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Starts systemd with the unit enabled, over the site of `siteFile`; it answers when this resolves, the unit may still be starting. */
export async function startSystemd(siteFile: string): Promise<SystemdLab> {
  const lab = new Daemon(['unshare', '--mount', 'sh', SCRIPT, 'groups', CHECKOUT, siteFile]);
  const inside = (): Promise<string> => processOne(lab.pid);
  const beside = async (argv: readonly string[]): Promise<string> =>
    run(['nsenter', '--target', await inside(), '--all', ...argv]);
  try {
    await vi.waitFor(() => beside(['systemctl', 'show', '--property=Version']), PATIENCE);
  } catch (error) {
    await lab.stop();
    throw new Error(`systemd does not answer:\n${lab.output}`, { cause: error });
  }
  return {
    beside,
    unit: async () => {
      const lines = (await beside(['systemctl', 'show', 'kickstand'])).split('\n');
      return Object.fromEntries(lines.map((line) => [line.replace(/=.*$/, ''), line.replace(/^[^=]*=/, '')]));
    },
    stop: () => lab.stop(),
  };
}

const PATIENCE = { timeout: 60_000, interval: 200 };

/** The process below the script's that is number 1 of its own namespace. */
async function processOne(script: number): Promise<string> {
  const [program] = await childrenOf(String(script));
  const [one] = program === undefined ? [] : await childrenOf(program);
  if (one === undefined) throw new Error('systemd does not run yet');
  return one;
}

async function childrenOf(pid: string): Promise<readonly string[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return listed.split(' ').filter((one) => one !== '');
}
