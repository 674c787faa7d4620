// The unit under a real systemd: started with everything that it forbids in force, watched, started anew, stopped in order.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exampleText } from '../support/example.ts';
import { SYSTEMD_TOOLS, needs } from '../support/lab-needs.ts';
import type { SystemdLab } from '../support/systemd-lab.ts';
import { startSystemd } from '../support/systemd-lab.ts';

const here = needs(SYSTEMD_TOOLS, 'none');
const PATIENCE = { timeout: 60_000, interval: 200 };

describe.skipIf(here.skip)(`under systemd${here.note}`, { timeout: 120_000 }, () => {
  let directory: string;
  let systemd: SystemdLab;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kickstand-systemd-'));
    const site = join(directory, 'site.yaml');
    await writeFile(site, exampleText);
    systemd = await startSystemd(site);
  }, 120_000);
  afterAll(async () => {
    await systemd?.stop();
    await rm(directory, { recursive: true });
  });

  async function expectServing(): Promise<string> {
    await expect.poll(() => systemd.unit(), PATIENCE).toMatchObject({ ActiveState: 'active', SubState: 'running' });
    const { MainPID = '', StatusText } = await systemd.unit();
    expect(StatusText).toMatch(/^serves the site cs-cloud at http:/);
    return MainPID;
  }

  test('it is ready when it says so, as its own user, with one capability and nothing to write to but its own', async () => {
    const pid = await expectServing();
    expect(await systemd.beside(['curl', '-sf', 'http://127.0.0.1/healthz'])).toContain('"ok":true');
    const status = await systemd.beside(['cat', `/proc/${pid}/status`]);
    // CAP_NET_BIND_SERVICE is number 10 (capabilities(7)).
    expect(status).toMatch(/^CapEff:\s0000000000000400$/m);
    expect(status).toMatch(/^CapBnd:\s0000000000000400$/m);
    expect(status).toMatch(/^Uid:(\s990){4}$/m);
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    expect(status).toMatch(/^Seccomp:\s2$/m);
    const mounts = await systemd.beside(['cat', `/proc/${pid}/mounts`]);
    const writable = mounts.split('\n').flatMap((line) => {
      const [, place = '', kind = '', options = ''] = line.split(' ');
      return /^rw\b/.test(options) && !['proc', 'sysfs', 'devpts', 'mqueue'].includes(kind) ? [place] : [];
    });
    expect(writable.filter((place) => !place.startsWith('/dev'))).toEqual(
      expect.arrayContaining(['/var/lib/kickstand', '/var/cache/kickstand', '/tmp', '/var/tmp']),
    );
    expect(writable.filter((place) => /^\/(opt|etc|usr|home|root|)$|^\/(opt|etc)\//.test(place))).toEqual([]);
  });

  test('one that stands still is killed and started anew', async () => {
    const pid = await expectServing();
    const restarts = async (): Promise<number> => Number((await systemd.unit())['NRestarts']);
    const before = await restarts();
    await systemd.beside(['kill', '-STOP', pid]);
    await expect.poll(restarts, PATIENCE).toBeGreaterThan(before);
    expect(await expectServing()).not.toBe(pid);
  });

  test('it stops in order', async () => {
    await expectServing();
    await systemd.beside(['systemctl', 'stop', 'kickstand']);
    const stopped = { ActiveState: 'inactive', Result: 'success', ExecMainStatus: '0' };
    expect(await systemd.unit()).toMatchObject(stopped);
    expect(await systemd.beside(['cat', '/run/kickstand.log'])).toContain('stopping: transfers may finish');
  });
});
