// Receipts on disk: one for each arming, a bounded number for each host, and what is gathered for them while installs run.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseMac } from '../../../../server/address.ts';
import type { Attempt, Given, Receipt } from '../../../../server/hosts/receipts/shape.ts';
import type { ReceiptStore } from '../../../../server/hosts/receipts/store.ts';
import { openReceiptStore } from '../../../../server/hosts/receipts/store.ts';
import { listDigest } from '../../../../server/hosts/receipts/write.ts';
import type { Log } from '../../../../server/log.ts';
import { quietLog } from '../../../../server/log.ts';

const mac = parseMac('52:54:00:a8:a8:02');
let directory = '';
let at: Attempt | undefined;
let opened: ReceiptStore[] = [];
let warnings: string[] = [];
const log: Log = { ...quietLog, warn: (what) => void warnings.push(what) };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-receipts-'));
  at = { host: 'cs40', armedAt: 5, attempt: 1 };
  opened = [];
  warnings = [];
});
afterEach(() => {
  for (const store of opened) store.close();
  rmSync(directory, { recursive: true });
});

function open(): ReceiptStore {
  const store = openReceiptStore(join(directory, 'receipts.db'), log, (asked) => (asked === mac ? at : undefined));
  opened.push(store);
  return store;
}

const NAMES = ['bash-4.1.2-8.el6.x86_64', 'kernel-2.6.32-220.el6.x86_64'];

function receipt(of: Partial<Receipt> = {}, names: readonly string[] = NAMES): Receipt {
  const packages = { count: names.length, bytes: 1000 * names.length, listed: names.length, list: listDigest(names) };
  return {
    host: 'cs40',
    armedAt: 5,
    installedAt: 100,
    version: '0.1.0',
    profile: 'management',
    tree: 'rhel6',
    os: 'rhel-6.2-x86_64',
    agreed: 'F',
    snapshots: { cloudstack: 's1' },
    instructions: { what: 'kickstart', sha256: 'ab', at: 20 },
    machine: { macs: [mac], address: '192.168.168.2' },
    attempts: 1,
    startedAt: 10,
    phases: { packages: 60 },
    files: [],
    packages,
    kin: 'K',
    ...of,
  };
}

const given: Given = {
  armedAt: 5,
  attempt: 1,
  at: 20,
  what: 'kickstart',
  sha256: 'ab',
  steps: 4,
  kin: 'K',
  profile: 'management',
  tree: 'rhel6',
  os: 'rhel-6.2-x86_64',
  address: '192.168.168.2',
};

describe('receipts', () => {
  test('one is written for each arming, once, and is the same after closing and opening', () => {
    const store = open();
    expect(store.has('cs40', 5)).toBe(false);
    expect(store.keep(receipt(), NAMES)).toBe(true);
    expect(store.keep(receipt({ installedAt: 999 }), [])).toBe(false);
    store.close();
    const again = open();
    expect(again.receipts('cs40', 10)).toEqual([receipt()]);
    expect(again.has('cs40', 5)).toBe(true);
    expect(again.names(receipt().packages.list)).toEqual(NAMES);
    expect(again.receipts('xs-01', 10)).toEqual([]);
  });

  test('what one process writes, another that has it open reads', () => {
    const [appliance, command] = [open(), open()];
    expect(command.receipts('cs40', 10)).toEqual([]);
    appliance.keep(receipt(), NAMES);
    expect(command.receipts('cs40', 10)).toHaveLength(1);
  });

  test('the newest ten of a host are kept, and lists that no receipt names go', () => {
    const store = open();
    for (let armedAt = 1; armedAt <= 15; armedAt += 1) {
      const names = [`only-${armedAt}`];
      store.keep(receipt({ armedAt }, names), names);
      store.keep(receipt({ host: 'other', armedAt: 1 }), NAMES);
    }
    expect(store.receipts('cs40', 99).map(({ armedAt }) => armedAt)).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
    expect(store.names(listDigest(['only-5']))).toEqual([]);
    expect(store.names(listDigest(['only-6']))).toEqual(['only-6']);
    expect(store.receipts('other', 9)).toHaveLength(1);
    expect(store.names(listDigest(NAMES))).toEqual(NAMES);
  });

  test('a file that is none is set aside, said once, and another begun', () => {
    writeFileSync(join(directory, 'receipts.db'), 'this is no database, and long enough to be looked at as one');
    const store = open();
    expect(store.keep(receipt(), NAMES)).toBe(false);
    expect(store.keep(receipt(), NAMES)).toBe(true);
    expect(warnings).toEqual(['receipts of installs are not kept']);
    expect(readdirSync(directory)).toContain('receipts.db.damaged');
  });
});

describe('what is served', () => {
  test('is kept of the boot that installs, each name once with all its bytes; of others nothing', () => {
    const store = open();
    store.served(mac, { name: 'bash', bytes: 10 });
    store.served(mac, { name: 'bash', bytes: 5 });
    store.served(mac, { name: 'acl', bytes: 1 });
    store.served(parseMac('52:54:00:00:00:99'), { name: 'other', bytes: 1 });
    expect(store.servedTo({ host: 'cs40', armedAt: 5, attempt: 1 })).toEqual([
      { name: 'acl', bytes: 1 },
      { name: 'bash', bytes: 15 },
    ]);
  });

  test('to an earlier boot is forgotten once another one fetches', () => {
    const store = open();
    const first = { host: 'cs40', armedAt: 5, attempt: 1 };
    store.served(mac, { name: 'bash', bytes: 10 });
    expect(store.servedTo(first)).toHaveLength(1);
    at = { ...first, attempt: 2 };
    store.served(mac, { name: 'acl', bytes: 1 });
    expect(store.servedTo(at).map(({ name }) => name)).toEqual(['acl']);
    expect(store.servedTo(first)).toEqual([]);
  });

  test('waits on disk for the receipt, over a restart too, and goes with it', () => {
    const before = open();
    before.served(mac, { name: 'bash', bytes: 10 });
    before.close();
    const store = open();
    const attempt = { host: 'cs40', armedAt: 5, attempt: 1 };
    expect(store.servedTo(attempt)).toHaveLength(1);
    store.keep(receipt(), NAMES);
    expect(store.servedTo(attempt)).toEqual([]);
  });

  test('is bounded', () => {
    const store = open();
    for (let index = 0; index < 12_000; index += 1) store.served(mac, { name: `p${index}`, bytes: 1 });
    expect(store.servedTo({ host: 'cs40', armedAt: 5, attempt: 1 })).toHaveLength(10_000);
  });
});

describe('what is known of an install', () => {
  test('is what its installer was given last', () => {
    const store = open();
    expect(store.givenTo('cs40')).toBeUndefined();
    store.given('cs40', given);
    store.given('cs40', { ...given, armedAt: 50 });
    store.close();
    expect(open().givenTo('cs40')).toEqual({ ...given, armedAt: 50 });
  });

  test.each<[string, { receipts?: Partial<Receipt>[]; rehearsedAt?: number[]; before: number }, unknown]>([
    ['nothing', { before: 200 }, { packages: undefined, phases: undefined }],
    [
      'a rehearsal',
      { rehearsedAt: [50], before: 200 },
      { packages: { count: 450, bytes: 9, from: 'rehearsal' }, phases: undefined },
    ],
    [
      'a receipt of the same, rather than a rehearsal',
      { receipts: [{}], rehearsedAt: [50], before: 200 },
      { packages: { count: 2, bytes: 2000, from: 'receipt' }, phases: { packages: 60 } },
    ],
    [
      'of the same profile with other snapshots: its times, not its packages',
      { receipts: [{ kin: 'other' }], before: 200 },
      { packages: undefined, phases: { packages: 60 } },
    ],
    ['what came later does not count', { receipts: [{}], rehearsedAt: [201], before: 100 }, { packages: undefined }],
    ['of another tree', { receipts: [{ kin: 'other', tree: 'rhel9' }], before: 200 }, { phases: undefined }],
  ])('%s', (_name, { receipts = [], rehearsedAt = [], before }, known) => {
    const store = open();
    for (const one of receipts) store.keep(receipt(one), NAMES);
    for (const when of rehearsedAt) store.rehearsed('K', { at: when, count: 400 + when, bytes: 9 });
    expect(store.known(given, before)).toMatchObject(known as object);
  });

  test('a rehearsal that finds the same again takes nothing from installs that run already', () => {
    const store = open();
    for (const when of [50, 300]) store.rehearsed('K', { at: when, count: 431, bytes: 9 });
    expect(store.known(given, 200).packages?.count).toBe(431);
    store.rehearsed('K', { at: 400, count: 432, bytes: 9 });
    expect([store.known(given, 200).packages?.count, store.known(given, 500).packages?.count]).toEqual([431, 432]);
  });
});
