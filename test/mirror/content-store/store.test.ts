// Snapshots on disk: names, hard links, publishing, pruning, sweeping, locks, and what a killed process leaves.

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { NOON, startBench, type Bench } from './rig.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

describe('a snapshot', () => {
  test('holds upstream’s files and nothing else, as links into the pool, mode 0644', async () => {
    const draft = await bench.draftOf({ 'repodata/repomd.xml': 'md', 'a/b c/x+y.rpm': 'rpm' });
    const record = await bench.store.saveSnapshot('demo', draft);
    expect(record.id).toMatch(/^20261122T143000Z-[0-9a-f]{8}$/);
    expect(record).toMatchObject({
      createdAt: '2026-11-22T14:30:00.000Z',
      files: 2,
      bytes: 5,
      packages: 1,
      revision: '7',
    });
    const directory = join(bench.data, 'snapshots/demo', record.id);
    expect(await bench.store.snapshotDirectory('demo', record.id)).toBe(directory);
    expect((await readdir(directory, { recursive: true })).toSorted()).toEqual([
      'a',
      'a/b c',
      'a/b c/x+y.rpm',
      'repodata',
      'repodata/repomd.xml',
    ]);
    const linked = await stat(join(directory, 'a/b c/x+y.rpm'));
    expect(linked.ino).toBe((await stat(join(bench.data, 'pool', sha256Of('rpm')))).ino);
    expect(linked.mode & 0o777).toBe(0o644);
    expect(await bench.store.snapshotRecord('demo', record.id)).toEqual(record);
    expect(await bench.store.snapshotFiles('demo', record.id)).toEqual(
      draft.files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    );
  });

  test('of the same content is the same snapshot', async () => {
    const first = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: '1', b: '2' }));
    const again = await bench.store.saveSnapshot('demo', await bench.draftOf({ b: '2', a: '1' }, { now: NOON + 1e9 }));
    expect(again).toEqual(first);
    expect((await bench.store.repoStatus('demo')).snapshots).toEqual([first.id]);
  });

  test('made with the clock set back is still the newest', async () => {
    const [first = ''] = await bench.saveAll(['1']);
    const { id } = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: '2' }, { now: NOON - 1e9 }));
    expect(id > first).toBe(true);
  });

  test('is not current until it is published, by a relative link', async () => {
    const { id } = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: '1' }));
    expect(await bench.store.repoStatus('demo')).toEqual({ current: undefined, snapshots: [id] });
    expect(await bench.store.publish('demo', id)).toMatchObject({ id });
    expect(await readlink(join(bench.data, 'repos/demo'))).toBe(`../snapshots/demo/${id}`);
    expect(await bench.store.repoStatus('demo')).toEqual({ current: id, snapshots: [id] });
    expect(await bench.store.currentSnapshot('demo')).toMatchObject({ id, digest: expect.any(String) as string });
  });

  test('half-built or half-removed by a killed process is not listed, and gone after the next', async () => {
    const [id = ''] = await bench.saveAll(['1']);
    const home = join(bench.data, 'snapshots/demo');
    for (const left of [`.building-20200101T000000Z-00000000/a`, '.removing-20200101T000000Z-00000001/a']) {
      await mkdir(join(home, left), { recursive: true });
    }
    await writeFile(join(home, '20200101T000000Z-00000002.json'), '{}');
    expect((await bench.store.repoStatus('demo')).snapshots).toEqual([id]);
    const [next = ''] = await bench.saveAll(['2']);
    expect((await readdir(home)).toSorted()).toEqual(
      [id, next].flatMap((name) => [name, `${name}.json`, `${name}.manifest`]).toSorted(),
    );
  });

  test.skipIf(process.getuid?.() !== 0 && process.env['CI'] === undefined)(
    'is a copy where the pool lies on another file system',
    async () => {
      const home = join(bench.data, 'snapshots');
      await mkdir(home);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', home]);
      try {
        const { id } = await bench.store.saveSnapshot('demo', await bench.draftOf({ 'a/b.rpm': 'text' }));
        await bench.store.publish('demo', id);
        expect(await readFile(join(bench.data, 'repos/demo/a/b.rpm'), 'utf8')).toBe('text');
      } finally {
        execFileSync('umount', [home]);
      }
    },
  );
});

describe('the record of a snapshot', () => {
  const origin = { repomd: sha256Of('md'), etag: '"1"', lastModified: undefined, settings: 's1' };

  test('keeps its notes, its origin and its evidence', async () => {
    const about = { notes: ['a weak key was accepted'], origin, evidence: { holes: ['libx.so.1'] } };
    const record = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: '1' }, about));
    expect(record).toMatchObject({ notes: about.notes, origin });
    expect(await bench.store.snapshotRecord('demo', record.id)).toEqual(record);
    expect(await bench.store.snapshotEvidence('demo', record.id)).toEqual({ kind: 'evidence', value: about.evidence });
    await bench.saveAll(['2', '3']);
    await bench.store.prune('demo', 1, async () => []);
    expect(await readdir(join(bench.data, 'snapshots/demo'))).toHaveLength(3);
  });

  test('has no evidence where none was given', async () => {
    const { id } = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: '1' }));
    expect(await bench.store.snapshotEvidence('demo', id)).toMatchObject({ kind: 'no' });
  });

  test('of a content that comes again tells what was found the last time, under the same name', async () => {
    const first = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: '1' }, { evidence: [1], origin }));
    const changed = { ...origin, settings: 's2' };
    const draft = await bench.draftOf({ a: '1' }, { now: NOON + 1e9, notes: ['new'], origin: changed });
    expect(await bench.store.saveSnapshot('demo', draft)).toEqual({ ...first, notes: ['new'], origin: changed });
    expect(await bench.store.newestSnapshot('demo')).toMatchObject({ id: first.id, notes: ['new'], origin: changed });
    expect(await bench.store.snapshotEvidence('demo', first.id)).toMatchObject({ kind: 'no' });
  });

  test('of the first release, without notes and origin, is read', async () => {
    const record = await bench.store.saveSnapshot('demo', await bench.draftOf({ a: '1' }));
    const { id, notes, origin: none, ...old } = record;
    await writeFile(join(bench.data, 'snapshots/demo', `${id}.json`), JSON.stringify({ id, ...old }));
    expect([notes, none]).toEqual([[], undefined]);
    expect(await bench.store.snapshotRecord('demo', id)).toEqual(record);
  });

  test('that was damaged does not stop the next sync: the content is built anew beside it', async () => {
    const [id = ''] = await bench.saveAll(['1']);
    await writeFile(join(bench.data, 'snapshots/demo', `${id}.json`), '{');
    expect(await bench.store.newestSnapshot('demo')).toMatchObject({ kind: 'no' });
    expect(await bench.store.currentSnapshot('demo')).toMatchObject({ kind: 'no' });
    const again = await bench.store.saveSnapshot('demo', await bench.draftOf({ 'a/b.rpm': '1' }));
    expect(again.id > id).toBe(true);
  });

  test('of the newest is not that of the published after a roll-back', async () => {
    const [old = '', young = ''] = await bench.saveAll(['1', '2']);
    await bench.store.publish('demo', old);
    expect(await bench.store.currentSnapshot('demo')).toMatchObject({ id: old });
    expect(await bench.store.newestSnapshot('demo')).toMatchObject({ id: young });
    expect(await bench.store.newestSnapshot('other')).toMatchObject({ kind: 'no' });
  });
});

describe('names are looked at before any path is made of them', () => {
  const bad = ['', '.', '..', '../demo', 'a/b', '-x', '.hidden', 'a\0b', 'demo@x', 'a'.repeat(200)];
  test.each(bad)('%j is no repo', async (name) => {
    expect(await bench.store.repoStatus(name)).toEqual({ current: undefined, snapshots: [] });
    expect(await bench.store.snapshotDirectory(name, '20261122T143000Z-00000000')).toMatchObject({ kind: 'no' });
    expect(await bench.store.publish(name, '20261122T143000Z-00000000')).toMatchObject({ kind: 'no' });
    expect(await bench.store.prune(name, 1, async () => [])).toMatchObject({ kind: 'no' });
    expect(await bench.store.lockRepo(name)).toMatchObject({ kind: 'no' });
    await expect(bench.store.saveSnapshot(name, await bench.draftOf({ a: '1' }))).rejects.toThrow(/not a repo's name/);
    await expect(bench.pool.openStaging(name)).rejects.toThrow(/not a repo's name/);
  });

  test.each(['', '..', 'x', '../other', '20261122T143000Z-00000000/..', '20261122T143000Z-0000000g'])(
    '%j is no snapshot',
    async (id) => {
      await bench.saveAll(['1']);
      const before = await bench.store.repoStatus('demo');
      expect(await bench.store.snapshotDirectory('demo', id)).toMatchObject({ kind: 'no' });
      expect(await bench.store.snapshotRecord('demo', id)).toMatchObject({ kind: 'no' });
      expect(await bench.store.snapshotFiles('demo', id)).toMatchObject({ kind: 'no' });
      expect(await bench.store.publish('demo', id)).toMatchObject({ kind: 'no' });
      expect(await bench.store.repoStatus('demo')).toEqual(before);
    },
  );

  test('a snapshot that was never there is not published', async () => {
    await bench.saveAll(['1']);
    const answer = await bench.store.publish('demo', '20200101T000000Z-00000000');
    expect(answer).toMatchObject({ kind: 'no', reason: 'repo demo has no snapshot 20200101T000000Z-00000000' });
  });
});

describe('pruning', () => {
  test.each<[string, number, readonly number[], number, readonly number[]]>([
    ['keeps the newest', 2, [], 4, [3, 4]],
    ['keeps at least one', 0, [], 4, [4]],
    ['keeps a pinned one', 1, [1], 4, [1, 4]],
    ['keeps the current one, however old', 1, [], 0, [0, 4]],
    ['with enough room removes none', 9, [], 4, [0, 1, 2, 3, 4]],
  ])('%s', async (_what, keep, pinned, current, left) => {
    const ids = await bench.saveAll(['0', '1', '2', '3', '4']);
    const at = (index: number): string => ids[index] ?? '';
    await bench.store.publish('demo', at(current));
    const removed = await bench.store.prune('demo', keep, async () => pinned.map(at));
    expect((await bench.store.repoStatus('demo')).snapshots).toEqual(left.map(at));
    expect(removed).toEqual(ids.filter((id) => !left.map(at).includes(id)));
    const names = await readdir(join(bench.data, 'snapshots/demo'));
    expect(names).toHaveLength(left.length * 3);
  });

  test('and arming never miss each other: who wrote a pin and then confirms learns what prune made of it', async () => {
    const [old = ''] = await bench.saveAll(['0', '1']);
    const asked: Promise<unknown>[] = [];
    const removed = await bench.store.prune('demo', 1, async () => {
      const confirmed = bench.store.confirmSnapshot('demo', old);
      asked.push(confirmed);
      // An answer that did not wait for the prune would be there long before.
      await Promise.race([confirmed, new Promise((resolve) => setTimeout(resolve, 100))]);
      return [];
    });
    expect(removed).toEqual([old]);
    expect(await Promise.all(asked)).toMatchObject([{ kind: 'no', reason: `repo demo has no snapshot ${old}` }]);
    const [, young = ''] = await bench.saveAll(['1', '2']);
    expect(await bench.store.confirmSnapshot('demo', young)).toBe(join(bench.data, 'snapshots/demo', young));
    expect(await bench.store.confirmSnapshot('..', young)).toMatchObject({ kind: 'no' });
  });

  test('sweeps from the pool what no snapshot and no unfinished sync holds', async () => {
    await bench.saveAll(['0', '1']);
    await bench.pool.save(Buffer.from('nobody’s'));
    const staging = await bench.pool.openStaging('other');
    const part = await staging.openPart({ type: 'md5', digest: 'a'.repeat(32) });
    await part.append(Buffer.from('claimed'));
    await part.keep(sha256Of('claimed'));
    await part.close();
    await staging.settle();
    await bench.store.prune('demo', 1, async () => []);
    expect(await bench.store.sweepPool()).toBe('0'.length + Buffer.byteLength('nobody’s'));
    expect((await readdir(join(bench.data, 'pool'))).toSorted()).toEqual(
      [sha256Of('1'), sha256Of('claimed')].toSorted(),
    );
    expect([...(await staging.claims())]).toEqual([[`md5-${'a'.repeat(32)}`, sha256Of('claimed')]]);
    await staging.clear();
    expect(await bench.store.sweepPool()).toBe('claimed'.length);
  });

  test('does not sweep while a sync runs', async () => {
    const lock = await bench.store.lockRepo('demo');
    expect(await bench.store.sweepPool()).toMatchObject({ kind: 'no', reason: 'a sync is running' });
    if (lock.kind === 'lock') lock.release();
    expect(await bench.store.sweepPool()).toBe(0);
  });
});

describe('a lock', () => {
  test('is one repo’s: others sync beside it', async () => {
    const first = await bench.store.lockRepo('one');
    const second = await bench.store.lockRepo('two');
    expect([first.kind, second.kind]).toEqual(['lock', 'lock']);
    expect(await bench.store.lockRepo('one')).toMatchObject({ kind: 'no', reason: 'another sync of one is running' });
    if (first.kind === 'lock') first.release();
    expect(await bench.store.lockRepo('one')).toMatchObject({ kind: 'lock' });
  });

  test('is found free where its file was left behind', async () => {
    await mkdir(join(bench.data, 'locks'), { recursive: true });
    await writeFile(join(bench.data, 'locks/repo-demo.lock'), '');
    expect(await bench.store.lockRepo('demo')).toMatchObject({ kind: 'lock' });
  });
});

test('a manifest or record that was damaged is told as such', async () => {
  const [id = ''] = await bench.saveAll(['1']);
  await writeFile(join(bench.data, 'snapshots/demo', `${id}.json`), '{"createdAt": 1}');
  await writeFile(join(bench.data, 'snapshots/demo', `${id}.manifest`), 'rubbish\n');
  await expect(bench.store.snapshotRecord('demo', id)).rejects.toThrow(/no createdAt/);
  await expect(bench.store.snapshotFiles('demo', id)).rejects.toThrow(/not a manifest line/);
  await rm(join(bench.data, 'snapshots/demo', `${id}.json`));
  expect(await bench.store.snapshotRecord('demo', id)).toMatchObject({ kind: 'no' });
});
