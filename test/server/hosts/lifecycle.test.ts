// The life of a host: which event leads where, who is admitted, and when time alone ends an arming.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Arming, HostPhase, HostState } from '../../../server/domain.ts';
import type { HostEvent } from '../../../server/hosts/lifecycle.ts';
import {
  admitsInstaller,
  admitsReport,
  advance,
  sameBootMs,
  settle,
  unarmed,
} from '../../../server/hosts/lifecycle.ts';

const hour = 3_600_000;
const arming: Arming = { token: 'T', armedAt: 0, expiresAt: 2 * hour, pins: { cloudstack: 's1' }, install: 'F' };
const arm: HostEvent = { kind: 'armed', now: 0, arming };
const boot = (now: number, token = 'T'): HostEvent => ({ kind: 'booted', now, token });
const read = (now: number, token = 'T'): HostEvent => ({ kind: 'installing', now, token, address: '192.168.168.2' });
const report = (stage: string, message = ''): HostEvent => ({ kind: 'reported', now: 9, stage, message });
const stop: HostEvent = { kind: 'stopped', now: 9, reason: 'three times' };
const disarm: HostEvent = { kind: 'disarmed', now: 9, reason: 'by an operator' };
const after = (...events: HostEvent[]): HostState => events.reduce(advance, unarmed);

describe('events lead', () => {
  test.each<[string, HostEvent[], HostPhase, number]>([
    ['nothing', [], 'disarmed', 0],
    ['arming', [arm], 'armed', 0],
    ['arming, then disarming', [arm, disarm], 'disarmed', 0],
    ['a boot', [arm, boot(1)], 'booting', 1],
    ['a boot and the kickstart', [arm, boot(1), read(2)], 'installing', 1],
    ['the kickstart without a boot seen (a relay, another loader)', [arm, read(2)], 'installing', 0],
    ['success', [arm, boot(1), read(2), report('installed')], 'installed', 1],
    ['a step, then success', [arm, boot(1), read(2), report('post'), report('installed')], 'installed', 1],
    ['failure', [arm, boot(1), read(2), report('failed', 'no disk')], 'failed', 1],
    ['failure, mended by hand, then success', [arm, boot(1), report('failed'), report('installed')], 'installed', 1],
    ['a report after success leaves it installed', [arm, report('installed'), report('failed')], 'installed', 0],
    [
      'a boot that repeats its question at once is one attempt',
      [arm, boot(1), boot(2), boot(sameBootMs)],
      'booting',
      1,
    ],
    ['boots apart are attempts', [arm, boot(1), read(2), boot(hour), read(hour), boot(2 * hour)], 'booting', 3],
    [
      'boots within seconds of each other, each with its kickstart read, are attempts',
      [arm, boot(1), read(2), boot(3), read(4), boot(5)],
      'booting',
      3,
    ],
    [
      'a script that asks every 29 seconds is counted all the same',
      [arm, boot(1), boot(29_001), boot(58_001)],
      'booting',
      2,
    ],
    ['a boot after the clock was set back is counted', [arm, boot(90_000), boot(1)], 'booting', 2],
    ['a boot script made for an arming that was taken back', [arm, boot(1, 'old')], 'armed', 0],
    [
      'a boot script made before the success was reported',
      [arm, boot(1), report('installed'), boot(9)],
      'installed',
      1,
    ],
    ['a boot script made before the failure was reported', [arm, boot(1), report('failed'), boot(9)], 'failed', 1],
    [
      'a kickstart rendered before the success was reported',
      [arm, boot(1), report('installed'), read(9)],
      'installed',
      1,
    ],
    ['a kickstart rendered for an arming that was taken back', [arm, boot(1), read(2, 'old')], 'booting', 1],
    ['being stopped', [arm, boot(1), stop], 'stalled', 1],
    ['reports after being stopped', [arm, boot(1), stop, report('installed')], 'stalled', 1],
    ['arming anew after being stopped', [arm, boot(1), stop, arm], 'armed', 0],
    ['a boot while unarmed', [boot(1)], 'disarmed', 0],
    ['the kickstart while unarmed', [read(1)], 'disarmed', 0],
    ['a report while unarmed', [report('installed')], 'disarmed', 0],
    ['disarming while installing', [arm, boot(1), read(2), disarm], 'disarmed', 1],
  ])('%s', (_name, events, phase, attempts) => {
    expect(after(...events)).toMatchObject({ phase, attempts });
  });
});

test.each<[string, HostEvent[], string]>([
  ['success', [], 'its installer reported success'],
  ['a step of the first boot', [report('first-boot')], 'its installer reported success'],
  ['a first boot that is done', [report('configured')], 'installed, and configured by its first boot'],
  ['a first boot that failed', [report('failed', 'ntpd')], 'installed, but its first boot reported failure: ntpd'],
])('an installed host tells %s', (_name, events, reason) => {
  expect(after(arm, report('installed'), ...events)).toMatchObject({ phase: 'installed', reason });
});

describe('time alone', () => {
  test.each<[string, HostEvent[], number, HostPhase]>([
    ['leaves an arming that still lasts', [arm], 2 * hour - 1, 'armed'],
    ['ends an arming nobody used', [arm], 2 * hour, 'disarmed'],
    ['ends an arming that came no further than a boot', [arm, boot(1)], 2 * hour, 'disarmed'],
    ['does not end an install that runs', [arm, boot(1), read(2)], 3 * hour, 'installing'],
    [
      'ends an arming when the clock is set back behind it',
      [{ ...arm, arming: { ...arming, armedAt: 10 * hour, expiresAt: 12 * hour } }],
      hour,
      'disarmed',
    ],
    [
      'leaves an arming when the clock is corrected by a little',
      [{ ...arm, arming: { ...arming, armedAt: 10 * hour, expiresAt: 12 * hour } }],
      10 * hour - 60_000,
      'armed',
    ],
    ['does not undo a success', [arm, report('installed')], 3 * hour, 'installed'],
  ])('%s', (_name, events, now, phase) => {
    expect(settle(after(...events), now).phase).toBe(phase);
  });
});

describe('a token', () => {
  const right = (token: string): boolean => token === 'T';
  const wrong = (token: string): boolean => token === 'x';
  test.each<[string, HostEvent[], number, boolean, boolean]>([
    ['of nobody', [], 1, false, false],
    ['of an armed host', [arm], 1, true, true],
    ['of an arming that ended', [arm], 2 * hour, false, true],
    [
      'of an install that runs longer than its arming: it may report, and begins no other',
      [arm, read(1)],
      3 * hour,
      false,
      true,
    ],
    [
      'that is spent by success opens nothing, but may repeat its report',
      [arm, read(1), report('installed')],
      2,
      false,
      true,
    ],
    ['that is spent by failure', [arm, read(1), report('failed')], 2, false, true],
    ['of a host that was stopped', [arm, boot(1), stop], 2, false, false],
    ['of a host that was disarmed', [arm, boot(1), disarm], 2, false, false],
  ])('%s', (_name, events, now, installs, reports) => {
    const state = after(...events);
    expect([admitsInstaller(state, right, now), admitsReport(state, right)]).toEqual([installs, reports]);
    expect([admitsInstaller(state, wrong, now), admitsReport(state, wrong)]).toEqual([false, false]);
  });
});

test('no run of events without an arming ever leaves disarmed', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('booted' as const), now: fc.nat(), token: fc.string() }),
    fc.record({ kind: fc.constant('installing' as const), now: fc.nat(), token: fc.string(), address: fc.string() }),
    fc.record({ kind: fc.constant('disarmed' as const), now: fc.nat(), reason: fc.string() }),
    fc.record({ kind: fc.constant('reported' as const), now: fc.nat(), stage: fc.string(), message: fc.string() }),
  );
  fc.assert(fc.property(fc.array(event), (events) => after(...events).phase === 'disarmed'));
});
