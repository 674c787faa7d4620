// The memory of machines: what one question tells about the next, for half an hour, and no machine takes over from another.

import { describe, expect, test } from 'vitest';
import { parseMac } from '../../../server/address.ts';
import type { Machines } from '../../../server/boot/machines.ts';
import { rememberMachines } from '../../../server/boot/machines.ts';

const one = parseMac('52:54:00:00:00:01');
const other = parseMac('52:54:00:00:00:02');
const told = (mac: typeof one | undefined) => ({ mac, uuid: undefined, firmware: undefined });
const shim = { file: 'bootx64.efi', tree: 'el9' };

describe('a machine', () => {
  test('is known by what it told, and what it loaded is added', () => {
    const machines = rememberMachines(() => 0);
    machines.learn('10.0.0.1', { ...told(one), uuid: 'u' });
    machines.loaded('10.0.0.1', shim);
    expect(machines.at('10.0.0.1')).toMatchObject({ mac: one, uuid: 'u', loaded: shim });
    expect(machines.at('10.0.0.2')).toBeUndefined();
  });

  test('that loaded first and told its MAC later keeps what it loaded', () => {
    const machines = rememberMachines(() => 0);
    machines.loaded('10.0.0.1', shim);
    machines.learn('10.0.0.1', told(one));
    expect(machines.at('10.0.0.1')).toMatchObject({ mac: one, loaded: shim });
  });

  test('takes nothing over from the one that had its address before', () => {
    const machines = rememberMachines(() => 0);
    machines.learn('10.0.0.1', { ...told(one), uuid: 'u' });
    machines.loaded('10.0.0.1', shim);
    machines.learn('10.0.0.1', told(other));
    expect(machines.at('10.0.0.1')).toMatchObject({ mac: other, uuid: undefined, loaded: undefined });
  });

  test('that is heard of stays remembered, and one that is not known stays unknown', () => {
    let now = 0;
    const machines = rememberMachines(() => now);
    machines.learn('10.0.0.1', told(one));
    now = 20 * 60_000;
    machines.heardOf('10.0.0.1');
    machines.heardOf('10.0.0.2');
    now = 40 * 60_000;
    expect(machines.at('10.0.0.1')).toMatchObject({ mac: one });
    expect(machines.at('10.0.0.2')).toBeUndefined();
  });

  test('is forgotten after half an hour of silence', () => {
    let now = 0;
    const machines = rememberMachines(() => now);
    machines.learn('10.0.0.1', told(one));
    now = 30 * 60_000 - 1;
    expect(machines.at('10.0.0.1')).toBeDefined();
    now += 1;
    expect(machines.at('10.0.0.1')).toBeUndefined();
  });
});

describe('the asker at an address, of whom only DHCP told the MAC, is', () => {
  const minute = 60_000;
  const rows: readonly [string, (at: (minutes: number) => void, machines: Machines) => void, string | undefined][] = [
    ['the machine that told it', (_at, machines) => machines.learn('a', told(one)), one],
    ['nobody, where none told it', (_at, machines) => machines.loaded('a', shim), undefined],
    [
      "nobody where it was told ten minutes ago, whatever was loaded there since: the address may be another's now",
      (at, machines) => {
        machines.learn('a', told(one));
        at(9);
        machines.loaded('a', shim);
        machines.heardOf('a');
        at(10);
      },
      undefined,
    ],
    [
      'the machine that told it again',
      (at, machines) => {
        machines.learn('a', told(one));
        at(9);
        machines.learn('a', told(one));
        at(18);
      },
      one,
    ],
    [
      'nobody where two machines claim the address: one of them lies, or has left',
      (_at, machines) => {
        machines.learn('a', told(one));
        machines.learn('a', told(other));
      },
      undefined,
    ],
    [
      'nobody where the first of the two claims it again',
      (at, machines) => {
        machines.learn('a', told(one));
        machines.learn('a', told(other));
        at(5);
        machines.learn('a', told(one));
      },
      undefined,
    ],
    [
      'the second where the first was not heard of for half an hour',
      (at, machines) => {
        machines.learn('a', told(one));
        at(30);
        machines.learn('a', told(other));
      },
      other,
    ],
    [
      'the one that is left half an hour after the other claimed it',
      (at, machines) => {
        machines.learn('a', told(other));
        machines.learn('a', told(one));
        at(29);
        machines.learn('a', told(one));
        at(31);
      },
      one,
    ],
  ];
  test.each(rows)('%s', (_name, before, expected) => {
    let now = 0;
    const machines = rememberMachines(() => now);
    before((minutes) => (now = minutes * minute), machines);
    expect(machines.asker('a')?.mac).toBe(expected);
  });
});

test('a flood of addresses pushes out those not heard of for longest', () => {
  const machines = rememberMachines(() => 0);
  for (let at = 0; at < 20_000; at += 1) machines.loaded(`a${at}`, shim);
  expect(machines.at('a0')).toBeDefined();
  for (let at = 0; at < 40_000; at += 1) machines.loaded(`b${at}`, shim);
  expect(machines.at('a1')).toBeUndefined();
  expect(machines.at('b39999')).toBeDefined();
});
