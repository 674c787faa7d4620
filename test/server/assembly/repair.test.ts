// Damage found and mended over the open house: from copies, from upstream, in every repo, under a reader that never rests.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SnapshotFile } from '../../../mirror/content/layout.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import type { House } from '../../../server/assembly/house.ts';
import { planPruning, pruneRepos } from '../../../server/assembly/pruning.ts';
import { repairRepo, type Repair } from '../../../server/assembly/repair.ts';
import { snapshotPins } from '../../../server/assembly/repos.ts';
import { verifyRepo, type RepoVerdict } from '../../../server/assembly/verify.ts';
import { isNo, type No } from '../../../server/malformed.ts';
import { exampleSite } from '../../support/example.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildRepo, fixtureBytes, type RepoFiles } from '../../support/repo-fixture.ts';
import { houseOver } from '../../support/open-house.ts';

const A = 'Packages/a-1.0-1.noarch.rpm';
const B = 'Packages/b-1.0-1.noarch.rpm';
const packages = ['a', 'b'].map((name) => ({ name, bytes: fixtureBytes(name, 5000) }));
const first = buildRepo({ packages, names: 'plain' });
const second = buildRepo({ packages: [...packages, { name: 'c', bytes: fixtureBytes('c', 10) }], revision: '2' });

let data = '';
let upstream: FakeUpstream;
let house: House;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'kickstand-repair-'));
  upstream = await startUpstream(first);
  const site = exampleSite((text) =>
    text
      .replace(/^repos:$/m, `repos:\n  - name: other\n    upstream: ${upstream.url}\n    keep: 1`)
      .replace('http://cloudstack.apt-get.eu/rhel/4.0/', upstream.url),
  );
  house = await houseOver({ data, site: () => site });
});
afterEach(async () => {
  await house.close();
  await upstream.close();
  rmSync(data, { recursive: true });
});

const SAVED = 1.8e12;
const DAY = 86_400_000;

async function save(repo: string, from: RepoFiles, minutes: number): Promise<string> {
  const files = await Promise.all(
    [...from].map(async ([path, bytes]): Promise<SnapshotFile> => {
      const sha256 = await house.pool.save(bytes);
      return { path: parseHref(path, path), sha256, sizeBytes: bytes.length, checksum: undefined };
    }),
  );
  const about = { upstream: upstream.url, revision: '1', packages: 2, notes: [], origin: undefined };
  const { id } = await house.content.saveSnapshot(repo, { now: SAVED + minutes * 60_000, ...about, files });
  await house.content.publish(repo, id);
  return id;
}

const watch = { onProgress: () => {}, signal: new AbortController().signal };
const verify = (repo = 'cloudstack', which: 'published' | 'all' = 'all'): Promise<RepoVerdict> =>
  verifyRepo(house, repo, { which, ...watch });
const inSnapshot = (repo: string, id: string, path: string): string => join(data, 'snapshots', repo, id, path);
const damageOf = (verdict: RepoVerdict): readonly (readonly [string, string])[] =>
  verdict.snapshots.flatMap(({ damaged }) => damaged.map(({ path, damage }) => [path, damage] as const));

async function repair(verdict: RepoVerdict): Promise<Repair> {
  const repo = house.site().repos.find(({ name }) => name === verdict.repo);
  const done: Repair | No =
    repo === undefined ? expect.fail('no repo') : await repairRepo(house, repo, { verdict, watch });
  return isNo(done) ? expect.fail(done.reason) : done;
}

/** Flips a byte where it lies, as a failing disk does: in the pool and in every snapshot at once. */
async function rot(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  await writeFile(path, bytes, { flag: 'r+' });
}

describe('verifying', () => {
  test('names every kind of damage, reads what snapshots share once, and tells how far it is', async () => {
    const one = await save('cloudstack', first, 0);
    const two = await save('cloudstack', second, 1);
    const at = (path: string): string => inSnapshot('cloudstack', one, path);
    const told: number[] = [];
    const sound = await verifyRepo(house, 'cloudstack', {
      which: 'all',
      signal: watch.signal,
      onProgress: ({ bytesDone, bytesTotal }) => void told.push(bytesDone / bytesTotal),
    });
    expect(damageOf(sound)).toEqual([]);
    expect(sound).toMatchObject({ snapshot: two, files: first.size + second.size });
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(1);

    await rot(at(A));
    await rm(at(B));
    await truncate(at('repodata/repomd.xml'), 5);
    await rm(at('repodata/primary.xml.gz'));
    await symlink('/etc/hostname', at('repodata/primary.xml.gz'));
    await writeFile(at('repodata/extra'), 'who put this here?');
    const verdict = await verify();
    expect(damageOf({ ...verdict, snapshots: verdict.snapshots.slice(0, 1) })).toEqual([
      [A, 'altered'],
      [B, 'missing'],
      ['repodata/extra', 'stray'],
      ['repodata/primary.xml.gz', 'unreadable'],
      ['repodata/repomd.xml', 'cut'],
    ]);
    // The second snapshot has the same inode of the first package.
    expect(damageOf({ ...verdict, snapshots: verdict.snapshots.slice(1) })).toEqual([[A, 'altered']]);
    expect(damageOf(await verify('cloudstack', 'published'))).toEqual([[A, 'altered']]);
    await appendFile(inSnapshot('cloudstack', two, B), 'more');
    expect(damageOf(await verify('cloudstack', 'published'))).toEqual([
      [A, 'altered'],
      [B, 'too long'],
    ]);
  });

  test('calls nothing damaged of a snapshot that is pruned meanwhile', async () => {
    const one = await save('cloudstack', first, 0);
    const two = await save('cloudstack', second, 1);
    const three = await save('cloudstack', buildRepo({ packages, revision: '3' }), 2);
    const waiting = [one, two];
    const verdict = await verifyRepo(house, 'cloudstack', {
      which: 'all',
      signal: watch.signal,
      // As pruning begins: in the middle of the first, and before the second.
      onProgress: () => {
        for (const id of waiting.splice(0))
          renameSync(inSnapshot('cloudstack', id, ''), inSnapshot('cloudstack', `.removing-${id}`, ''));
      },
    });
    expect(verdict.snapshots).toMatchObject([{ snapshot: three, damaged: [], problem: undefined }]);
  });

  test('tells of a published snapshot that is gone, which nothing prunes', async () => {
    const id = await save('cloudstack', first, 0);
    await rm(inSnapshot('cloudstack', id, ''), { recursive: true });
    const { snapshots } = await verify('cloudstack', 'published');
    expect(snapshots).toMatchObject([{ snapshot: id, problem: 'has no record' }]);
  });

  test.each<[string, (beside: string) => Promise<void>, RegExp]>([
    ['a record that is gone', (beside) => rm(`${beside}.json`), /^has no record$/],
    ['a manifest that is gone', (beside) => rm(`${beside}.manifest`), /^has no list of its files$/],
    ['a damaged manifest', (beside) => writeFile(`${beside}.manifest`, 'x\n'), /not a manifest line/],
    [
      'a manifest of other files',
      async (beside) => {
        const lines = (await readFile(`${beside}.manifest`, 'utf8')).split('\n');
        await writeFile(`${beside}.manifest`, lines.slice(1).join('\n'));
      },
      /^its list of files is not the one it was published with$/,
    ],
  ])('tells of %s', async (_what, harm, reason) => {
    const id = await save('cloudstack', first, 0);
    await harm(join(data, 'snapshots/cloudstack', id));
    const { snapshots } = await verify();
    expect(snapshots).toMatchObject([{ snapshot: id, damaged: [], problem: expect.stringMatching(reason) as string }]);
  });
});

describe('repairing', () => {
  test('fetches anew what rotted, as a new file, and puts it into every snapshot of every repo that holds it', async () => {
    const ids = {
      cloudstack: [await save('cloudstack', first, 0), await save('cloudstack', second, 1)],
      other: [await save('other', first, 2)],
    };
    const path = inSnapshot('cloudstack', ids.cloudstack[0] ?? '', A);
    await rot(path);
    const rotten = await stat(path);
    upstream.clearLog();
    const done = await repair(await verify());
    expect(upstream.log.map((request) => request.path)).toEqual([A]);
    expect(done).toMatchObject({ lost: [], removed: [] });
    const mended = done.mended.map(({ repo, snapshot }) => `${repo}@${snapshot}`);
    expect(mended.toSorted()).toEqual(Object.entries(ids).flatMap(([repo, all]) => all.map((id) => `${repo}@${id}`)));
    expect(damageOf(done.verdict)).toEqual([]);
    const places = Object.entries(ids).flatMap(([repo, all]) => all.map((id) => inSnapshot(repo, id, A)));
    const inodes = await Promise.all(
      [join(data, 'pool', sha256Of(packages[0]?.bytes ?? '')), ...places].map(async (place) => (await stat(place)).ino),
    );
    expect(new Set(inodes).size).toBe(1);
    expect(inodes[0]).not.toBe(rotten.ino);
    expect(damageOf(await verify('other'))).toEqual([]);
    expect(await readdir(join(data, 'snapshots/cloudstack'))).toHaveLength(6);
    expect(await readdir(join(data, 'mending'))).toEqual([]);
  });

  test('asks nobody where the pool, or a copy in another snapshot, is sound', async () => {
    const one = await save('cloudstack', first, 0);
    await rm(inSnapshot('cloudstack', one, A));
    // A copy, as on a file system without links; then the pool's own file rots.
    const copy = inSnapshot('cloudstack', one, B);
    await writeFile(`${copy}.copy`, await readFile(copy));
    await rename(`${copy}.copy`, copy);
    await rm(join(data, 'pool', sha256Of(packages[1]?.bytes ?? '')));
    const two = await save('other', first, 1);
    await rot(inSnapshot('other', two, B));
    upstream.clearLog();
    expect(damageOf((await repair(await verify())).verdict)).toEqual([]);
    expect(damageOf((await repair(await verify('other'))).verdict)).toEqual([]);
    expect(upstream.log).toEqual([]);
    expect(damageOf(await verify('cloudstack'))).toEqual([]);
  });

  test('says what nothing could give, keeps the rest of its word, and takes no newer file for the old', async () => {
    const one = await save('cloudstack', first, 0);
    for (const path of [A, B, 'repodata/repomd.xml']) await rot(inSnapshot('cloudstack', one, path));
    await writeFile(inSnapshot('cloudstack', one, 'stray'), '');
    const newer = buildRepo({ packages: packages.slice(1), names: 'plain', revision: '2' });
    upstream.serve(newer);
    const done = await repair(await verify());
    expect(done.mended.map(({ path }) => path)).toEqual([B]);
    expect(done.removed).toEqual([{ snapshot: one, path: 'stray' }]);
    expect(done.lost.map(({ path }) => path).toSorted()).toEqual([A, 'repodata/repomd.xml']);
    expect(done.lost.find(({ path }) => path === 'repodata/repomd.xml')?.reason).toMatch(
      /publish another snapshot, or sync again/,
    );
    expect(damageOf(done.verdict)).toEqual([
      [A, 'altered'],
      ['repodata/repomd.xml', 'altered'],
    ]);
  });

  test('never leaves a gap: a reader that never rests finds every file, whole or as damaged as it was', async () => {
    const one = await save('cloudstack', first, 0);
    const path = inSnapshot('cloudstack', one, A);
    await rot(path);
    const contents = new Set([sha256Of(await readFile(path)), sha256Of(packages[0]?.bytes ?? '')]);
    const stop = new AbortController();
    const faults: unknown[] = [];
    let reads = 0;
    const reader = (async (): Promise<void> => {
      while (!stop.signal.aborted) {
        try {
          if (!contents.has(sha256Of(await readFile(path)))) faults.push('another content');
          reads += 1;
        } catch (error) {
          faults.push(error);
        }
      }
    })();
    for (let times = 0; times < 10; times += 1) {
      expect(damageOf((await repair(await verify())).verdict)).toEqual([]);
      await rot(path);
    }
    stop.abort();
    await reader;
    expect(faults).toEqual([]);
    expect(reads).toBeGreaterThan(10);
  });

  test('waits for no sync and lets none begin', async () => {
    const one = await save('cloudstack', first, 0);
    await rot(inSnapshot('cloudstack', one, A));
    const [repo] = house.site().repos;
    const sync = await house.content.lockRepo('cloudstack');
    if (isNo(sync) || repo === undefined) return expect.fail('no lock');
    expect(await repairRepo(house, repo, { verdict: await verify(), watch })).toMatchObject({
      kind: 'no',
      reason: 'nothing is repaired: a sync is running',
    });
    sync.release();
    const pool = await house.content.lockPool();
    expect(await house.content.lockRepo('other')).toMatchObject({
      kind: 'no',
      reason: 'files of the pool are being removed or mended',
    });
    if (!isNo(pool)) pool.release();
  });

  test.skipIf(process.getuid?.() !== 0 && process.env['CI'] === undefined)(
    'is not begun where it cannot fit',
    async () => {
      const one = await save('cloudstack', first, 0);
      await rot(inSnapshot('cloudstack', one, A));
      const verdict = await verify();
      const pool = join(data, 'pool');
      await mkdir(join(data, 'old'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4096', 'tmpfs', pool]);
      try {
        const [repo] = house.site().repos.filter(({ name }) => name === 'cloudstack');
        if (repo === undefined) return expect.fail('no repo');
        expect(await repairRepo(house, repo, { verdict, watch })).toMatchObject({
          kind: 'no',
          reason: expect.stringMatching(/^the disk is full: 5000 bytes are needed/) as string,
        });
      } finally {
        execFileSync('umount', [pool]);
      }
    },
  );
});

describe('pins', () => {
  const arm = (host: string, snapshot: string): void => {
    const now = house.now();
    const arming = {
      token: `t-${snapshot}`,
      armedAt: now,
      expiresAt: now + 1e6,
      pins: { cloudstack: snapshot },
      install: 'F',
    };
    house.hosts.apply(host, { kind: 'armed', now, arming });
  };
  const install = (host: string): void =>
    void house.hosts.apply(host, { kind: 'reported', now: house.now(), stage: 'installed', message: '' });
  const disarm = (host: string): void =>
    void house.hosts.apply(host, { kind: 'disarmed', now: house.now(), reason: 'by the test' });

  test.each<[string, (snapshots: readonly [string, string]) => void, readonly number[]]>([
    ['an armed host pins', ([one]) => arm('cs40', one), [0]],
    ['a disarmed one does not', ([one]) => (arm('cs40', one), disarm('cs40')), []],
    ['an installed one goes on pinning', ([one]) => (arm('cs40', one), install('cs40')), [0]],
    ['armed again it pins both', ([one, two]) => (arm('cs40', one), install('cs40'), arm('cs40', two)), [0, 1]],
    [
      'that arming taken back, it rests on its install still',
      ([one, two]) => (arm('cs40', one), install('cs40'), arm('cs40', two), disarm('cs40')),
      [0],
    ],
    [
      'installed again it rests on the new one',
      ([one, two]) => (arm('cs40', one), install('cs40'), arm('cs40', two), install('cs40')),
      [1],
    ],
    ['disarmed for good it pins nothing', ([one]) => (arm('cs40', one), install('cs40'), disarm('cs40')), []],
    [
      'disarmed when another install had begun on its disks, nothing',
      ([one, two]) => {
        arm('cs40', one);
        install('cs40');
        arm('cs40', two);
        house.hosts.apply('cs40', { kind: 'installing', now: house.now(), token: `t-${two}`, address: '192.0.2.1' });
        disarm('cs40');
      },
      [],
    ],
    ['a host that is in no site does not', ([one]) => (arm('stranger', one), install('stranger')), []],
  ])('%s', async (_what, happen, pinned) => {
    const ids = ['20261122T143000Z-00000000', '20261123T143000Z-00000000'] as const;
    happen(ids);
    const pins = await snapshotPins(house, 'cloudstack');
    expect([...pins.keys()].toSorted()).toEqual(pinned.map((index) => ids[index]));
    for (const hosts of pins.values()) expect(hosts).toEqual(['cs40']);
    expect(await snapshotPins(house, 'other')).toEqual(new Map());
  });

  test('hold what pruning would remove, and pruning says for whom', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const revision = String(index);
      ids.push(await save('cloudstack', buildRepo({ packages, names: 'plain', revision }), index));
    }
    const [zero = '', one = '', two = '', three = '', four = ''] = ids;
    arm('cs40', zero);
    install('cs40');
    await save('unknown', first, 9);
    const early = await planPruning({ ...house, now: () => SAVED + DAY });
    expect(early.repos[1]?.kept[1]).toEqual({ snapshot: one, because: ['replaced less than 48 hours ago'] });
    const later = { ...house, now: () => SAVED + 3 * DAY };
    const plan = await planPruning(later);
    const repos = [
      { repo: 'other', kept: [], removed: [] },
      {
        repo: 'cloudstack',
        kept: [
          { snapshot: zero, because: ['pinned by cs40'] },
          { snapshot: two, because: ['one of the 3 newest'] },
          { snapshot: three, because: ['one of the 3 newest'] },
          { snapshot: four, because: ['current', 'one of the 3 newest'] },
        ],
        removed: [one],
      },
    ];
    expect(plan).toMatchObject({ repos, strangers: ['unknown'] });
    expect((await house.content.repoStatus('cloudstack')).snapshots).toEqual(ids);
    expect(await pruneRepos(later)).toEqual(plan);
    expect((await house.content.repoStatus('cloudstack')).snapshots).toEqual([zero, two, three, four]);
    expect(plan.freed).toBe(buildRepo({ packages, names: 'plain', revision: '1' }).get('repodata/repomd.xml')?.length);
  });
});
