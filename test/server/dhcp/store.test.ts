// Leases outlive their process, in whatever way it ends, and are on disk before anybody is told of them.

import Database from 'better-sqlite3';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { fromNumber, parseIpv4, parseMac } from '../../../server/address.ts';
import { openLeaseStore } from '../../../server/dhcp/store.ts';
import type { Lease } from '../../../server/dhcp/types.ts';
import { type Log, quietLog } from '../../../server/log.ts';
import { ADA, BOB } from './lease-cases.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-leases-'));
  file = join(directory, 'leases.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

const lease = (address: string, change: Partial<Lease> = {}): Lease => ({
  ...{
    address: parseIpv4(address),
    mac: ADA,
    clientId: undefined,
    hostname: undefined,
    state: 'bound',
    expiresAt: 1000,
  },
  ...change,
});

/** What another process would read now. */
function onDisk(): readonly string[] {
  const reader = new Database(file, { readonly: true });
  try {
    const rows = reader.prepare<[], { address: string; state: string }>('SELECT * FROM leases').all();
    return rows.map(({ address, state }) => `${address} ${state}`);
  } finally {
    reader.close();
  }
}

describe('the lease file', () => {
  test('gives back what was saved', async () => {
    const leases = [
      lease('10.0.0.1', { clientId: 'ff01', hostname: 'ada' }),
      lease('10.0.0.2', { mac: BOB, state: 'released' }),
      lease('10.0.0.3', { state: 'conflict', expiresAt: 4_102_444_800_000 }),
    ];
    const store = await openLeaseStore(file, quietLog);
    await store.save(leases);
    await store.close();
    const again = await openLeaseStore(file, quietLog);
    expect([...again.book.all()].toSorted((a, b) => (a.address < b.address ? -1 : 1))).toEqual(leases);
    await again.close();
  });

  test('has each saved lease before its promise is kept', async () => {
    const store = await openLeaseStore(file, quietLog);
    for (let index = 1; index <= 5; index += 1) {
      await store.save([lease(`10.0.0.${index}`)]);
      expect(onDisk()).toHaveLength(index);
    }
    await store.close();
  });

  test('writes what comes at once as one group, and keeps every promise', async () => {
    const store = await openLeaseStore(file, quietLog);
    const saved = Array.from({ length: 2000 }, (_, index) => store.save([lease(fromNumber(0x0a000000 + index))]));
    await Promise.all(saved);
    expect(onDisk()).toHaveLength(2000);
    await store.close();
  });

  test('keeps the last of several states of one address', async () => {
    const store = await openLeaseStore(file, quietLog);
    await Promise.all([store.save([lease('10.0.0.1')]), store.save([lease('10.0.0.1', { state: 'released' })])]);
    expect(onDisk()).toEqual(['10.0.0.1 released']);
    await store.close();
  });

  test('leaves offers in memory', async () => {
    const store = await openLeaseStore(file, quietLog);
    await store.save([lease('10.0.0.1', { state: 'offered' })]);
    expect(onDisk()).toEqual([]);
    await store.close();
  });

  test('finishes what is being written before it closes', async () => {
    const store = await openLeaseStore(file, quietLog);
    const saved = store.save([lease('10.0.0.1')]);
    await store.close();
    await saved;
    expect(onDisk()).toEqual(['10.0.0.1 bound']);
  });

  test('breaks its promise where it cannot write, and goes on when it can again', async () => {
    const store = await openLeaseStore(file, quietLog);
    const other = new Database(file);
    other.exec('ALTER TABLE leases RENAME TO gone');
    await expect(store.save([lease('10.0.0.1')])).rejects.toThrow('leases could not be written');
    other.exec('ALTER TABLE gone RENAME TO leases');
    other.close();
    await store.save([lease('10.0.0.2')]);
    expect(onDisk()).toEqual(['10.0.0.2 bound']);
    await store.close();
  });

  test('is read without the rows that cannot be', async () => {
    const store = await openLeaseStore(file, quietLog);
    await store.save(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => lease(address)));
    await store.close();
    const spoiler = new Database(file);
    spoiler.exec("UPDATE leases SET mac = 'x' WHERE address = '10.0.0.1'");
    spoiler.exec("UPDATE leases SET state = 'eaten' WHERE address = '10.0.0.2'");
    spoiler.close();
    const warnings: string[] = [];
    const log: Log = {
      ...quietLog,
      warn: (message, fields) => warnings.push(`${message} ${String(fields?.['address'])}`),
    };
    const again = await openLeaseStore(file, log);
    expect([...again.book.all()].map(({ address }) => address)).toEqual(['10.0.0.3']);
    expect(warnings).toEqual(['a stored lease cannot be read 10.0.0.1', 'a stored lease cannot be read 10.0.0.2']);
    await again.close();
  });

  test("is its owner's only", async () => {
    const store = await openLeaseStore(file, quietLog);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.close();
  });
});

describe('the book', () => {
  test('finds by MAC, whatever the client id, and forgets who lost the address', async () => {
    const store = await openLeaseStore(file, quietLog);
    const { book } = store;
    book.put(lease('10.0.0.1', { clientId: 'ff01' }));
    expect(book.of({ mac: ADA, clientId: undefined })).toHaveLength(1);
    expect(book.of({ mac: ADA, clientId: 'ff02' })).toHaveLength(1);
    // Strangers may all send one client id: by it each would be shown all leases.
    expect(book.of({ mac: BOB, clientId: 'ff01' })).toEqual([]);
    book.put(lease('10.0.0.1', { mac: BOB }));
    expect(book.of({ mac: ADA, clientId: 'ff01' })).toEqual([]);
    expect(book.of({ mac: parseMac(BOB), clientId: undefined })).toHaveLength(1);
    await store.close();
  });
});
