// A disk that fills up while metadata is made, while a snapshot is built, under a repair and under the log of syncs: a clear reason, what
// is published untouched, and all well once there is room. The sync's own downloads are in test/mirror/sync/disk-full.test.ts.

import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openHouse, type House } from '../../server/assembly/house.ts';
import { pruneRepos } from '../../server/assembly/pruning.ts';
import { repairRepo } from '../../server/assembly/repair.ts';
import { runSync } from '../../server/assembly/sync-jobs.ts';
import { verifyRepo } from '../../server/assembly/verify.ts';
import { quietLog } from '../../server/log.ts';
import { isNo } from '../../server/malformed.ts';
import type { Repo } from '../../server/repo.ts';
import { startUpstream, type FakeUpstream } from '../support/fake-upstream.ts';
import { exampleSite } from '../support/example.ts';
import { filesBelow } from '../support/lab-appliance.ts';
import { needs } from '../support/lab-needs.ts';
import { run } from '../support/lab-run.ts';
import { fixtureBytes, type RepoFiles } from '../support/repo-fixture.ts';
import { buildRpms, createRepository, type LabFile, type LabPackage } from '../support/rpms.ts';
import { directoryDigest } from '../support/sync-bench.ts';

const DISK = 'size=3m';
const here = needs(['rpm', 'rpmbuild', 'createrepo_c', 'mount'], 'none');
const watch = { onProgress: () => {}, signal: new AbortController().signal };

/** Its list of files is some 60 KB packed. */
function packageOf(version: string): LabPackage {
  const names = Array.from(
    { length: 1500 },
    (_, at) => `/opt/full/${fixtureBytes(`${version} ${at}`, 30).toString('hex')}`,
  );
  const files: Record<string, LabFile> = Object.fromEntries(names.map((name) => [name, '']));
  return { name: 'full', version, release: '1', directories: ['/opt/full'], files };
}

describe.skipIf(here.skip)(`on a disk of 3 MiB${here.note}`, () => {
  let repositories: Record<'first' | 'second', RepoFiles>;
  let disk: string;
  let house: House;
  let upstream: FakeUpstream;
  const told: string[] = [];

  beforeAll(async () => {
    const work = await mkdtemp(join(tmpdir(), 'kickstand-full-'));
    try {
      const build = async (version: string): Promise<RepoFiles> => {
        const [scratch, repository] = [join(work, `work-${version}`), join(work, version)];
        await mkdir(scratch);
        await buildRpms([packageOf(version)], repository, scratch);
        await createRepository(repository);
        return filesBelow(repository);
      };
      repositories = { first: await build('1'), second: await build('2') };
    } finally {
      await rm(work, { recursive: true });
    }
  });
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'kickstand-disk-'));
    await run(['mount', '-t', 'tmpfs', '-o', DISK, 'tmpfs', disk]);
    upstream = await startUpstream(repositories.first);
    const site = exampleSite((text) => text.replace('http://cloudstack.apt-get.eu/rhel/4.0/', upstream.url));
    const log = { ...quietLog, warn: (message: string) => void told.push(message) };
    const places = {
      siteFile: join(disk, 'site.yaml'),
      dataDirectory: disk,
      listen: '127.0.0.1',
      advertise: undefined,
    };
    const ports = {
      httpPort: 0,
      tftpPort: 0,
      dhcp: 'off',
      dhcpInterface: undefined,
      dhcpForce: false,
      syslogPort: undefined,
      httpsPort: undefined,
    } as const;
    const settings = { ...places, ...ports, logLevel: 'silent' } as const;
    house = await openHouse({ settings, log, site: () => site, origin: () => 'http://127.0.0.1' });
    expect(await sync()).toMatchObject({ kind: 'published' });
    upstream.serve(repositories.second);
  });
  afterEach(async () => {
    told.splice(0);
    await house.close();
    await upstream.close();
    await run(['umount', '--lazy', disk]);
    await rm(disk, { recursive: true });
  });

  /** The site's repo; filtered, with metadata made here, where `how` says so. */
  function repoOf(how: 'whole' | 'filtered'): Repo {
    const [repo] = house.site().repos;
    if (repo === undefined) throw new Error('the example has no repo');
    return how === 'whole' ? repo : { ...repo, filter: { ...repo.filter, exclude: ['nothing-of-this-name'] } };
  }
  async function sync(how: 'whole' | 'filtered' = 'whole', onProgress: (at: { phase: string }) => void = () => {}) {
    const about = { cause: 'command', ifAborted: 'stopped', signal: watch.signal } as const;
    const end = await runSync(house, repoOf(how), { ...about, onProgress });
    if (end.kind === 'busy') throw new Error('another sync runs');
    return end.result;
  }
  const published = (): Promise<unknown> => directoryDigest(join(disk, 'repos/cloudstack'));
  const filler = (): string => join(disk, 'filler');
  const free = (): number => {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  };
  /** Leaves so many bytes, to the page. */
  function fill(leave: number): void {
    writeFileSync(filler(), Buffer.alloc(Math.max(0, free() - leave), 1));
  }

  test.each([
    ['metadata is made', 'filtered', 24 * 1024],
    ['a document of it is put into the pool', 'filtered', 8 * 1024],
  ] as const)('while %s', async (_what, how, leave) => {
    const before = await published();
    const [rpm = ''] = [...repositories.second.keys()].filter((path) => path.endsWith('.rpm'));
    upstream.next(rpm, (_request, _response, bytes) => (fill(bytes.length + leave), false));
    const result = await sync(how);
    expect(result.kind === 'failed' ? result.reason : JSON.stringify(result)).toMatch(/the disk is full/);
    expect(await published()).toEqual(before);
    rmSync(filler());
    expect(await sync(how)).toMatchObject({ kind: 'published', packages: 1 });
    expect(await published()).not.toEqual(before);
    expect(
      (await verifyRepo(house, 'cloudstack', { which: 'all', ...watch })).snapshots.flatMap((one) => one.damaged),
    ).toEqual([]);
  });

  test('while a snapshot is built: no half of it is left', async () => {
    const before = await published();
    const result = await sync('whole', ({ phase }) => {
      if (phase === 'publishing' && free() > 0) fill(0);
    });
    expect(result.kind === 'failed' ? result.reason : JSON.stringify(result)).toMatch(/the disk is full/);
    expect(await published()).toEqual(before);
    expect((await house.content.repoStatus('cloudstack')).snapshots).toHaveLength(1);
    rmSync(filler());
    upstream.clearLog();
    expect(await sync()).toMatchObject({ kind: 'published', filesFetched: 0 });
    expect(upstream.log.map(({ path }) => path).filter((path) => path.endsWith('.rpm'))).toEqual([]);
  });

  test('under a repair: nothing is made worse, and the next one mends it', async () => {
    expect(await sync()).toMatchObject({ kind: 'published' });
    const before = await published();
    const repo = repoOf('whole');
    const directory = join(disk, 'repos/cloudstack');
    const [rpm = ''] = Object.keys(await directoryDigest(directory)).filter((path) => path.endsWith('.rpm'));
    const damaged = await readFile(join(directory, rpm));
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    await writeFile(join(directory, rpm), damaged);
    const verdict = await verifyRepo(house, 'cloudstack', { which: 'all', ...watch });
    const files = verdict.snapshots.flatMap((one) => one.damaged.map(({ path, damage }) => [path, damage]));
    expect(files).toEqual([[rpm, 'altered']]);

    fill(16 * 1024);
    const refused = await repairRepo(house, repo, { verdict, watch });
    expect(isNo(refused) ? refused.reason : refused).toMatch(/^the disk is full: \d+ bytes are needed/);
    rmSync(filler());
    upstream.next(rpm, (_request, _response, bytes) => (fill(bytes.length >> 1), false));
    const failed = await repairRepo(house, repo, { verdict, watch }).catch((error: unknown) => String(error));
    expect(JSON.stringify(failed)).toMatch(/ENOSPC|the disk is full/);
    expect(readFileSync(join(directory, rpm))).toEqual(damaged);
    rmSync(filler());
    const repaired = await repairRepo(house, repo, { verdict, watch });
    expect(repaired).toMatchObject({ kind: 'repaired', lost: [] });
    expect(await published()).toEqual(before);
  });

  test('under the log of syncs: the sync tells its reason all the same, and history goes on', async () => {
    const before = await published();
    fill(0);
    const result = await sync();
    expect(result.kind === 'failed' ? result.reason : JSON.stringify(result)).toMatch(/the disk is full/);
    expect(await published()).toEqual(before);
    // Who makes room needs locks as well.
    expect(await pruneRepos(house)).toMatchObject({ repos: [{ repo: 'cloudstack', removed: [] }] });
    expect(house.syncs.history('cloudstack', 9).length).toBeGreaterThan(0);
    await unlink(filler());
    expect(await sync()).toMatchObject({ kind: 'published' });
    expect(house.syncs.history('cloudstack', 1)).toMatchObject([{ outcome: 'published' }]);
    expect(told).toContain('the log of syncs is not kept');
  });
});
