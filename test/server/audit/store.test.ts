// The audit log: entries in, pages out, across files, while it grows and is rotated; what is no entry is passed over.

import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../server/audit/entry.ts';
import { formatEntry, isWanted, parseEntry } from '../../../server/audit/entry.ts';
import type { AuditStore } from '../../../server/audit/store.ts';
import { openAudit } from '../../../server/audit/store.ts';
import { parsePlace } from '../../../server/audit/place.ts';

let directory = '';
const file = (): string => join(directory, 'audit.log');
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-audit-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function entry(at: number, of: Partial<AuditEntry> = {}): AuditEntry {
  return { at, who: 'anna', via: 'session', address: '::1', operation: 'armHost', target: '/x', status: 200, ...of };
}
function fill(log: AuditStore, from: number, to: number): void {
  for (let at = from; at <= to; at += 1) log.note(entry(at));
}
const times = (items: readonly AuditEntry[]): readonly number[] => items.map(({ at }) => at);

/** All entries, page by page; `between` is done after each. */
async function walk(log: AuditStore, limit: number, between: () => void = () => undefined): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let cursor: string | undefined; ;) {
    const { items, next } = await log.page({ limit, cursor });
    seen.push(...times(items));
    if (next === undefined) return seen;
    cursor = next;
    between();
  }
}
const down = (from: number, to: number): readonly number[] => Array.from({ length: from - to + 1 }, (_, i) => from - i);

test('nothing was done yet', async () => expect(await openAudit(file()).page({ limit: 5 })).toEqual({ items: [] }));

test('the newest come first, in pages, from all files; the log is for its owner only', async () => {
  const log = openAudit(file(), 1000);
  fill(log, 1, 40);
  expect(readdirSync(directory).filter((name) => /log(\.\d)?$/.test(name)).length).toBeGreaterThan(2);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  for (const limit of [1, 7, 40, 100]) expect(await walk(log, limit), String(limit)).toEqual(down(40, 1));
});

test('pages stay where they were while entries come and files are put away', async () => {
  const log = openAudit(file(), 1000);
  fill(log, 1, 20);
  let next = 21;
  expect(await walk(log, 3, () => fill(log, next, (next += 3) - 1))).toEqual(down(20, 1));
  expect(next).toBeGreaterThan(30);
});

test('what is forgotten while somebody pages is not there, and nothing else comes instead', async () => {
  const log = openAudit(file(), 300);
  fill(log, 1, 4);
  const { next } = await log.page({ limit: 2 });
  fill(log, 5, 60);
  expect(await log.page({ limit: 2, cursor: next })).toEqual({ items: [] });
  expect(readdirSync(directory)).toContain('audit.log.9');
  expect(readdirSync(directory)).not.toContain('audit.log.10');
});

test('strangers without end do not drive what was done out of the log, and are counted', async () => {
  const log = openAudit(file(), 20_000);
  const stranger = { who: '', via: 'nobody', status: 401 };
  log.note(entry(1));
  for (let at = 2; at <= 100_000; at += 1) log.note(entry(at, stranger));
  log.note(entry(100_001));
  log.note(entry(100_002, { ...stranger, operation: 'logIn', status: 200 }));
  log.note(entry(111_000, stranger));
  const { items } = await log.page({ limit: 5000 });
  expect(items.length).toBeGreaterThan(1000);
  expect(items.length).toBeLessThan(1020);
  expect(times(items.filter(({ status }) => status === 200))).toEqual([100_002, 100_001, 1]);
  const missed = 99_999 - items.filter(({ at, status }) => status === 401 && at <= 100_000).length;
  const counted = items.map(({ after = '' }) => Number(/^(\d+) refusals/.exec(after)?.[1] ?? 0));
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(missed);
});

const OTHERS_UID = 12_345;
test.skipIf(process.getuid?.() !== 0)('what root writes is the owner’s, but not what a link leads to', () => {
  const data = join(directory, 'data');
  mkdirSync(data);
  chownSync(data, OTHERS_UID, OTHERS_UID);
  const victims = ['audit.log', 'audit.log.lock'].map((name) => {
    const victim = join(directory, name);
    writeFileSync(victim, '');
    symlinkSync(victim, join(data, name));
    return victim;
  });
  fill(openAudit(join(data, 'audit.log'), 300), 1, 5);
  expect(victims.map((victim) => statSync(victim).uid)).toEqual([0, 0]);
  expect(statSync(join(data, 'audit.log')).uid).toBe(OTHERS_UID);
});

test('a rotation while files are being opened shows nothing twice', async () => {
  const log = openAudit(file());
  fill(log, 1, 3);
  renameSync(file(), `${file()}.1`);
  fill(log, 4, 5);
  writeFileSync(`${file()}.2`, [1, 2, 3].map((at) => formatEntry(entry(at))).join(''));
  expect(await walk(log, 2)).toEqual(down(5, 1));
});

test('a line that a crash cut short, or another hand wrote, is passed over', async () => {
  const log = openAudit(file());
  fill(log, 1, 1);
  appendFileSync(file(), 'by hand\n{"at":2}\n[]\nnull\n{"at":3,"who"\n');
  fill(log, 4, 4);
  expect(await walk(log, 1)).toEqual([4, 1]);
});

test('an entry after one that a crash cut short is whole', async () => {
  const log = openAudit(file());
  fill(log, 1, 1);
  appendFileSync(file(), '{"at":2,"who":"an');
  fill(log, 3, 3);
  expect(await walk(log, 5)).toEqual([3, 1]);
});

test('lines longer than what is read at once are read whole, and so is a file of many pieces', async () => {
  const log = openAudit(file());
  fill(log, 1, 3000);
  appendFileSync(file(), `${'x'.repeat(200_000)}\n`);
  fill(log, 3001, 3002);
  expect(statSync(file()).size).toBeGreaterThan(500_000);
  expect(await walk(log, 999)).toEqual(down(3002, 1));
});

test('what is asked for is looked for in all of it', async () => {
  const log = openAudit(file(), 1000);
  log.note(entry(1, { who: 'ben', operation: 'saveSite' }));
  fill(log, 2, 50);
  log.note(entry(51, { who: 'Ben', status: 409 }));
  expect(times((await log.page({ limit: 10, who: 'ben' })).items)).toEqual([51, 1]);
  expect(times((await log.page({ limit: 10, who: 'ben', outcome: 'done' })).items)).toEqual([1]);
});

test.each<[string, object, boolean]>([
  ['nothing', {}, true],
  ['empty texts', { who: '', operation: '', target: '' }, true],
  ['a part in other capitals', { operation: 'HOST' }, true],
  ['two that hold', { who: 'ann', target: 'cs40' }, true],
  ['two of which one does not', { who: 'ann', target: 'cs41' }, false],
  ['no pattern', { who: '.*' }, false],
  ['what was done', { outcome: 'done' }, true],
  ['what was refused', { outcome: 'refused' }, false],
])('an entry is wanted by %s', (_, filter, wanted) => {
  expect(isWanted(entry(1, { target: '/api/v1/hosts/cs40/arm' }), filter)).toBe(wanted);
});

describe('an entry', () => {
  test('says what it was and what it became', () => {
    const changed = entry(1, { before: 'disarmed', after: 'armed, to wipe sda' });
    expect(parseEntry(formatEntry(changed))).toEqual(changed);
  });
  test('is a line, whatever is in it, and not a long one', () => {
    const texts = fc.record({ who: fc.string(), target: fc.string(), before: fc.string(), after: fc.string() });
    fc.assert(
      fc.property(texts, (of) => {
        const line = formatEntry(entry(1, of));
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(parseEntry(line)).toEqual(entry(1, of));
      }),
    );
    expect(formatEntry(entry(1, { after: 'x'.repeat(10_000) })).length).toBeLessThan(1000);
  });
});

test.each(['', 'x', 'AAAAAAAAAAAAAAAA.', 'AAAAAAAAAAAAAAAA.-1', '../../../etc/pass.1', `${'A'.repeat(16)}.1e3`])(
  '%j is no place',
  (text) => expect(parsePlace(text)).toBeUndefined(),
);
