// What is removed and what never: manifests and claims are the truth, whether files are links or copies.

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explainKept, stillRead } from '../../../mirror/content/layout.ts';
import { refuseForRoom } from '../../../mirror/content/room.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { startBench, type Bench } from './rig.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const pooled = async (): Promise<readonly string[]> => (await readdir(join(bench.data, 'pool'))).toSorted();
const named = (...texts: readonly string[]): readonly string[] => texts.map(sha256Of).toSorted();

describe('a sweep', () => {
  test.skipIf(process.getuid?.() !== 0 && process.env['CI'] === undefined)(
    'keeps what snapshots of copies hold, though the file has no other link',
    async () => {
      const home = join(bench.data, 'snapshots');
      await mkdir(home);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', home]);
      try {
        await bench.saveAll(['one', 'two']);
        await bench.pool.save(Buffer.from('nobody’s'));
        expect((await stat(join(bench.data, 'pool', sha256Of('one')))).nlink).toBe(1);
        expect(await bench.store.sweepPool()).toBe(Buffer.byteLength('nobody’s'));
        expect(await pooled()).toEqual(named('one', 'two'));
        await bench.store.prune('demo', 1, async () => []);
        expect(await bench.store.sweepPool()).toBe('one'.length);
        expect(await pooled()).toEqual(named('two'));
      } finally {
        execFileSync('umount', [home]);
      }
    },
  );

  test.each<[string, (manifest: string) => Promise<void>]>([
    ['damaged', (manifest) => writeFile(manifest, 'rubbish\n')],
    ['cut in mid-line', async (manifest) => writeFile(manifest, (await readFile(manifest, 'utf8')).slice(0, -3))],
    ['gone', (manifest) => rm(manifest)],
  ])('removes nothing where a manifest is %s: nobody knows what it holds', async (_what, harm) => {
    const [id = ''] = await bench.saveAll(['one']);
    await bench.pool.save(Buffer.from('perhaps its'));
    await harm(join(bench.data, 'snapshots/demo', `${id}.manifest`));
    expect(await bench.store.sweepPool()).toMatchObject({
      kind: 'no',
      reason: expect.stringContaining(`nobody knows which files demo@${id} holds`) as string,
    });
    expect(await pooled()).toEqual(named('one', 'perhaps its'));
  });

  test('clears what killed processes left in every repo, and frees what only that held', async () => {
    await bench.saveAll(['one']);
    await bench.pool.save(Buffer.from('half'));
    const left = join(bench.data, 'snapshots/demo/.building-20200101T000000Z-00000000');
    await mkdir(left);
    execFileSync('ln', [join(bench.data, 'pool', sha256Of('half')), join(left, 'a')]);
    await writeFile(join(bench.data, 'pool/.x.tmp'), 'cut off');
    expect(await bench.store.sweepPool()).toBe('half'.length + 'cut off'.length);
    expect(await pooled()).toEqual(named('one'));
  });

  test('is foretold to the byte, and foretelling removes nothing', async () => {
    const [first = '', second = ''] = await bench.saveAll(['one', 'three', 'two']);
    await bench.pool.save(Buffer.from('nobody’s'));
    const nobody = Buffer.byteLength('nobody’s');
    expect(await bench.store.reclaimable(new Map())).toBe(nobody);
    const removed = new Map([['demo', new Set([first, second])]]);
    expect(await bench.store.reclaimable(removed)).toBe(nobody + 'one'.length + 'three'.length);
    expect(await pooled()).toEqual(named('one', 'three', 'two', 'nobody’s'));
    await bench.store.prune('demo', 1, async () => []);
    expect(await bench.store.sweepPool()).toBe(nobody + 'one'.length + 'three'.length);
  });

  test('keeps what another repo holds, in the site or not', async () => {
    await bench.saveAll(['shared'], 'one');
    await bench.saveAll(['shared', 'other'], 'two');
    await bench.store.prune('two', 1, async () => []);
    expect(await bench.store.repoNames()).toEqual(['one', 'two']);
    expect(await bench.store.sweepPool()).toBe(0);
    expect(await pooled()).toEqual(named('shared', 'other'));
  });
});

test('1,000 unchanged packages cost no bytes twice', async () => {
  const packages = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`Packages/p${index}.rpm`, `package ${index} `.repeat(500)]),
  );
  const blocks = (): number =>
    Number(execFileSync('du', ['-s', '-B1', bench.data], { encoding: 'utf8' }).split('\t')[0]);
  await bench.store.saveSnapshot('demo', await bench.draftOf({ ...packages, 'repodata/repomd.xml': '1' }));
  const once = blocks();
  await bench.store.saveSnapshot('demo', await bench.draftOf({ ...packages, 'repodata/repomd.xml': '2' }));
  const packageBytes = 1000 * 8192;
  expect(once).toBeGreaterThan(packageBytes * 0.7);
  // A second manifest and the directories that hold the names.
  expect(blocks() - once).toBeLessThan(600_000);
});

test.each<[string, Parameters<typeof explainKept>[1], Readonly<Record<string, readonly string[]>>]>([
  [
    'each reason is told',
    {
      keep: 2,
      current: 'b',
      read: ['c'],
      pins: new Map([
        ['b', ['cs40']],
        ['a', ['xs-01', 'xs-02']],
      ]),
    },
    {
      a: ['pinned by xs-01, xs-02'],
      b: ['current', 'pinned by cs40'],
      c: ['one of the 2 newest', 'replaced less than 48 hours ago'],
      d: ['one of the 2 newest'],
    },
  ],
  ['the newest alone', { keep: 1, current: 'd', read: [], pins: new Map() }, { d: ['current', 'the newest'] }],
  ['at least one', { keep: 0, current: undefined, read: [], pins: new Map() }, { d: ['the newest'] }],
])('why snapshots are kept: %s', (_what, keeping, kept) => {
  const told = explainKept(['c', 'a', 'd', 'b'], keeping);
  expect(Object.fromEntries(told.map(({ snapshot, because }) => [snapshot, because]))).toEqual(kept);
});

test.each([
  ['the one that was replaced within two days', '2026-11-24T12:00Z', ['20261120T120000Z-bbbbbbbb']],
  ['none that was replaced before, however new it was then', '2026-11-24T12:01Z', []],
  ['all that were replaced since', '2026-11-22T11:59Z', ['20261101T120000Z-aaaaaaaa', '20261120T120000Z-bbbbbbbb']],
])('clients may still install by %s', (_what, now, read) => {
  const ids = ['20261122T120001Z-cccccccc', '20261101T120000Z-aaaaaaaa', '20261120T120000Z-bbbbbbbb'];
  expect(stillRead(ids, Date.parse(now))).toEqual(read);
});

const GiB = 1024 ** 3;
test.each<[string, Parameters<typeof refuseForRoom>[0], Readonly<Record<string, string>> | undefined]>([
  ['what fits is not refused', { neededBytes: 5, freeBytes: 5, prunableBytes: undefined }, undefined],
  [
    'the numbers are told, and what pruning gives',
    { neededBytes: 12 * GiB, freeBytes: 3 * GiB, prunableBytes: 10 * GiB },
    {
      reason: 'the disk is full: 12884901888 bytes are needed (12.0 GiB) and 3221225472 are free (3.0 GiB)',
      remedy: 'kickstand repo prune would set 10.0 GiB free',
    },
  ],
  [
    'where pruning is not enough',
    { neededBytes: 4 * GiB, freeBytes: GiB, prunableBytes: GiB },
    { remedy: 'kickstand repo prune would set 1.0 GiB free, which leaves 2.0 GiB to be found elsewhere' },
  ],
  [
    'where pruning gives nothing',
    { neededBytes: 2000, freeBytes: 1000, prunableBytes: 0 },
    { remedy: 'make room for 1000 bytes more, or keep fewer snapshots' },
  ],
])('room on the disk: %s', (_what, room, told) => {
  const refused = refuseForRoom(room);
  if (told === undefined) expect(refused).toBeUndefined();
  else expect(refused).toMatchObject(told);
});
