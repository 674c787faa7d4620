// A whole appliance in this process, on loopback and ports of its own, over a directory that goes with it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import type { Settings } from '../../server/settings.ts';

export type Served = {
  readonly running: Running;
  readonly origin: string;
  /** Where site file and data lie. */
  readonly directory: string;
  /** The secret of an API token with a role. */
  readonly tokenOf: (role: OperatorRole) => string;
  readonly close: () => Promise<void>;
};

/** The settings of an appliance on loopback and ports of its own, over `site.yaml` and `data` in `directory`. */
export function onLoopback(directory: string): Settings {
  return {
    siteFile: join(directory, 'site.yaml'),
    dataDirectory: join(directory, 'data'),
    listen: '127.0.0.1',
    httpPort: 0,
    tftpPort: 0,
    advertise: undefined,
    dhcp: 'off',
    dhcpInterface: undefined,
    dhcpForce: false,
    syslogPort: undefined,
    logLevel: 'silent',
  };
}

/** Serves the site of `text`; nothing it names is asked, as long as no test asks for a sync. */
export async function served(text: string): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'kickstand-served-'));
  writeFileSync(join(directory, 'site.yaml'), text);
  const running = await serve(onLoopback(directory), quietLog);
  const { desk } = running.appliance.accounts;
  return {
    running,
    origin: `http://127.0.0.1:${running.httpPort}`,
    directory,
    tokenOf: (role) => {
      const maker = { name: `the-${role}`, role, via: 'token', id: 'test' } as const;
      const made = desk.makeToken(maker, { label: 'test', role, expiresAt: undefined });
      if (made.kind === 'no') throw new Error(made.reason);
      return made.secret;
    },
    close: async () => {
      await running.close();
      rmSync(directory, { recursive: true });
    },
  };
}
