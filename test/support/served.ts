// A whole appliance in this process, on loopback and ports of its own, over a directory that goes with it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import type { RequiredSecret } from '../../kickstart/secrets.ts';
import { requiredSecrets } from '../../kickstart/secrets.ts';
import { installOf } from '../../server/assembly/house.ts';
import type { Log } from '../../server/log.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { isNo } from '../../server/malformed.ts';
import { installFingerprint } from '../../server/site/fingerprint.ts';
import { onLoopback } from './loopback.ts';

export type Served = {
  readonly running: Running;
  readonly origin: string;
  /** Where site file and data lie. */
  readonly directory: string;
  /** The secret of an API token with a role. */
  readonly tokenOf: (role: OperatorRole) => string;
  readonly close: () => Promise<void>;
};

/** Serves the site of `text`; nothing it names is asked, as long as no test asks for a sync. */
export async function served(text: string, log: Log = quietLog): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'kickstand-served-'));
  writeFileSync(join(directory, 'site.yaml'), text);
  const running = await serve(onLoopback(directory), log);
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

/**
 * Arms `host` with `token` as it is, although its tree may not be there yet, and gives every secret of its install a value. What
 * they are is answered by name.
 */
export async function armAnyway(
  { appliance }: Running,
  host: string,
  { token, valueOf }: { readonly token: string; readonly valueOf: (secret: RequiredSecret) => string },
): Promise<ReadonlyMap<string, string>> {
  const { house } = appliance;
  const install = await installOf(house, host);
  if (isNo(install)) throw new Error(install.reason);
  const values = new Map(requiredSecrets(install).map((secret) => [secret.name, valueOf(secret)]));
  for (const [name, value] of values) await house.secrets.save(name, value);
  const now = Date.now();
  const agreed = { token, armedAt: now, expiresAt: now + 3_600_000, pins: {}, install: installFingerprint(install) };
  house.hosts.apply(host, { kind: 'armed', now, arming: agreed });
  return values;
}
