// A rehearsal in a process of its own: deciding on packages may take a core for seconds, which boots must not wait for.

import { execFile } from 'node:child_process';
import { z } from 'zod';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import type { Settings } from '../settings.ts';
import { rehearsal } from '../api/shapes.ts';

const COMMAND = new URL('../../scripts/cli.ts', import.meta.url).pathname;
const LIMIT_MS = 180_000;
/** The list of some thousand packages has a megabyte. */
const LIMIT_BYTES = 32 * 1024 * 1024;

export type Rehearsals = {
  /** What `kickstand host rehearse` says of `host`; `No` while another one runs, and where it came to no end. */
  readonly rehearse: (host: string) => Promise<z.output<typeof rehearsal> | No>;
};

/** One at a time: each opens all repositories of a host. */
export function openRehearsals({ siteFile, dataDirectory }: Settings): Rehearsals {
  let isBusy = false;
  return {
    rehearse: async (host) => {
      if (isBusy) return no('another rehearsal runs', 'try again when it is done');
      isBusy = true;
      try {
        const text = await run(['host', 'rehearse', host, '--json', '--site', siteFile, '--data', dataDirectory]);
        return told(text);
      } finally {
        isBusy = false;
      }
    },
  };
}

/** What the command wrote, whatever its status: 1 says that something is red. */
function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: LIMIT_MS, maxBuffer: LIMIT_BYTES, killSignal: 'SIGKILL' } as const;
    execFile(process.execPath, [COMMAND, ...args], options, (_error, stdout) => resolve(stdout));
  });
}

const one = z.tuple([rehearsal]);

function told(text: string): z.output<typeof rehearsal> | No {
  const parsed = one.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data[0];
  return no('the rehearsal came to no end', 'kickstand host rehearse tells more on the appliance itself');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
