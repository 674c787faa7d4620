// Who takes part in the sync bench, as operators run them: the command `repo sync`, a running appliance's sync, and dnf's reposync.

import { createInterface } from 'node:readline';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from '../../test/support/lab-run.ts';
import { benchSite } from './bench-site.ts';

/** A place where one of them keeps what it mirrored. */
export type Mirror = {
  /** A whole sync, from the command to its end; in ms by this process's clock. */
  sync(): Promise<number>;
  /** How many packages it holds. */
  packages(): Promise<number>;
  remove(): Promise<void>;
};

export type MirrorKind = {
  readonly name: string;
  /** One that holds nothing yet. */
  begin(): Promise<Mirror>;
};

const KICKSTAND = resolve(import.meta.dirname, '..', 'kickstand');
const LIMIT_MS = 300_000;

/** `kickstand repo sync`, a process for each sync, as the operator calls it. */
export function kickstandCommand(upstream: string, scratch: string): MirrorKind {
  return {
    name: 'kickstand repo sync',
    begin: async () => {
      const { directory, site, data } = await kickstandHome(upstream, scratch);
      const argv = [KICKSTAND, 'repo', 'sync', 'bench', '--site', site, '--data', data];
      return mirrorIn(directory, join(data, 'repos', 'bench'), () => run(argv, { timeoutMs: LIMIT_MS }));
    },
  };
}

/** The same sync as a job of a process that runs already, as the schedule of an appliance begins it. */
export function kickstandAppliance(upstream: string, scratch: string): MirrorKind {
  return {
    name: 'kickstand, running',
    begin: async () => {
      const { directory, site, data } = await kickstandHome(upstream, scratch);
      const child = startJobs(site, data);
      const mirror = mirrorIn(directory, join(data, 'repos', 'bench'), () => child.sync());
      return {
        ...mirror,
        remove: async () => {
          await child.stop();
          await mirror.remove();
        },
      };
    },
  };
}

/**
 * `dnf reposync --download-metadata` with a configuration and an installation root of its own. `parallel` is its
 * max_parallel_downloads where it is not dnf's default, 3.
 */
export function dnfReposync(upstream: string, scratch: string, parallel?: number): MirrorKind {
  return {
    name: `dnf reposync${parallel === undefined ? '' : `, ${parallel} at once`}`,
    begin: async () => {
      const directory = await mkdtemp(join(scratch, 'dnf-'));
      const [conf, root, target] = [join(directory, 'conf'), join(directory, 'root'), join(directory, 'mirror')];
      await mkdir(root);
      const main = ['[main]', 'reposdir=/dev/null', 'gpgcheck=0'];
      if (parallel !== undefined) main.push(`max_parallel_downloads=${parallel}`);
      await writeFile(conf, [...main, '[bench]', 'name=bench', `baseurl=${upstream}`, ''].join('\n'));
      const options = ['--quiet', '-c', conf, `--installroot=${root}`, '--releasever=9'];
      const what = ['reposync', '--repoid=bench', '--download-metadata', '-p', target];
      return mirrorIn(directory, join(target, 'bench'), () =>
        run(['dnf', ...options, ...what], { timeoutMs: LIMIT_MS }),
      );
    },
  };
}

function mirrorIn(directory: string, content: string, sync: () => Promise<unknown>): Mirror {
  return {
    sync: async () => {
      const began = performance.now();
      await sync();
      return performance.now() - began;
    },
    packages: async () => {
      const names = await readdir(`${content}/`, { recursive: true });
      return names.filter((name) => name.endsWith('.rpm')).length;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

async function kickstandHome(upstream: string, scratch: string) {
  const directory = await mkdtemp(join(scratch, 'kickstand-'));
  const site = join(directory, 'site.yaml');
  await writeFile(site, siteText(upstream));
  return { directory, site, data: join(directory, 'data') };
}

/** A process that syncs once for each line it is sent, and then answers how it went. */
function startJobs(site: string, data: string) {
  const argv = [process.execPath, join(import.meta.dirname, 'sync-jobs.ts'), site, data];
  // --pdeathsig: the kernel ends it when the bench is killed.
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    sync: async () => {
      stdin.write('\n');
      const answer = await answers.next();
      if (answer.done === true || !['published', 'unchanged'].includes(answer.value)) {
        throw new Error(`the running appliance's sync: ${answer.done === true ? 'it ended' : answer.value}`);
      }
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      stdin.end();
      await exited;
    },
  };
}

function siteText(upstream: string): string {
  return benchSite(`
repos:
  - { name: bench, upstream: "${upstream}", keep: 1 }
`);
}
