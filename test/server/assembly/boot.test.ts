// The boot desk's last word: an install is given only under the arming it was decided by, whatever happened in between.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBootDesk, openBootNamespace } from '../../../server/assembly/boot.ts';
import type { House } from '../../../server/assembly/house.ts';
import { openTranscript } from '../../../server/assembly/transcript.ts';
import type { BootDecision } from '../../../server/domain.ts';
import type { HostEvent } from '../../../server/hosts/lifecycle.ts';
import type { HostStore } from '../../../server/hosts/store.ts';
import { openHostStore } from '../../../server/hosts/store.ts';
import { isNo } from '../../../server/malformed.ts';
import { quietLog } from '../../../server/log.ts';
import { openStageStore } from '../../../server/doctor/store.ts';
import type { StageStore } from '../../../server/doctor/store.ts';
import { installing } from '../../support/boot-decisions.ts';
import { exampleSite } from '../../support/example.ts';
import { cs40 } from '../../support/installs.ts';

let directory = '';
let hosts: HostStore;
let stages: StageStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-boot-'));
  hosts = openHostStore(join(directory, 'state.db'));
  stages = openStageStore(join(directory, 'stages.db'), quietLog);
});
afterEach(() => {
  hosts.close();
  stages.close();
  rmSync(directory, { recursive: true });
});

const site = exampleSite();
const arming = (token: string) => ({ token, armedAt: 0, expiresAt: 3_600_000, pins: {}, install: 'F' });
const armed = (token: string): HostEvent => ({ kind: 'armed', now: 0, arming: arming(token) });
const booted = (token: string): HostEvent => ({ kind: 'booted', now: 1, token });

/** What the machine is given that was decided to install by the arming `T1`, when `events` came in between. */
async function given(events: readonly HostEvent[], decided: BootDecision): Promise<string> {
  const parts = { site: () => site, now: () => 2, hosts, stages, log: quietLog, mayNote: () => true };
  const house = { ...parts, origin: () => 'http://192.168.168.26' } as unknown as House;
  const desk = { ...openBootDesk(house), decide: async () => decided };
  for (const event of events) hosts.apply('cs40', event);
  const names = openBootNamespace(house, desk, openTranscript(house));
  const { body } = await names.open('pxelinux.cfg/01-52-54-00-a8-a8-02', '192.168.168.2');
  if (isNo(body) || body.kind === 'file') throw new Error('no script was given');
  return body.text;
}

describe('a machine that was decided to install is told to', () => {
  test.each<[string, readonly HostEvent[], string]>([
    ['install, under that arming', [armed('T1')], 'KERNEL'],
    ['boot its disk, when it was disarmed', [armed('T1'), { kind: 'disarmed', now: 1, reason: 'no' }], 'LOCALBOOT'],
    ['boot its disk, when it was armed anew', [armed('T1'), armed('T2')], 'LOCALBOOT'],
    ['boot its disk, when it was armed anew and boots by that', [armed('T2'), booted('T2')], 'LOCALBOOT'],
    [
      'boot its disk, when its install was reported done',
      [armed('T1'), booted('T1'), { kind: 'reported', now: 1, stage: 'installed', message: '' }],
      'LOCALBOOT',
    ],
  ])('%s', async (_name, events, expected) => {
    expect(await given(events, installing({ ...cs40, token: 'T1' }))).toContain(expected);
  });
});
