// Parts on their way into the pool: what is believed after a kill or a power cut, what two syncs share, what a full disk leaves.

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { atOnce } from '../../../mirror/content/parallel.ts';
import { openPool, type Pool, type Staging } from '../../../mirror/content/pool/store.ts';
import { checksumKey, sha256Of, type Checksum, type Sha256 } from '../../../mirror/rpm/checksum.ts';
import { startBench, type Bench } from './rig.ts';

let bench: Bench;
let staging: Staging;
beforeEach(async () => {
  bench = await startBench();
  staging = await bench.pool.openStaging('demo');
});
afterEach(() => bench.close());

const md5: Checksum = { type: 'md5', digest: 'a'.repeat(32) };

function declared(content: string): Checksum {
  return { type: 'sha256', digest: sha256Of(content) };
}

/** Brings a content through a part, in two pieces. */
async function bring(to: Staging, content: string, checksum = declared(content)): Promise<Sha256> {
  const part = await to.openPart(checksum);
  const bytes = Buffer.from(content);
  await part.append(bytes.subarray(0, 1));
  await part.append(bytes.subarray(1));
  await part.keep(sha256Of(content));
  await part.close();
  return sha256Of(content);
}

async function textOf(pool: Pool, sha256: Sha256): Promise<string> {
  let text = '';
  for await (const chunk of pool.read(sha256)) text += Buffer.from(chunk).toString();
  return text;
}

const pooled = (): Promise<readonly string[]> => readdir(join(bench.data, 'pool'));
const staged = (): Promise<readonly string[]> => readdir(join(bench.data, 'staging/demo'));

describe('a part', () => {
  test.each([10, 300_000])('of %i bytes that was kept is in the pool, readable by all, and claimed', async (size) => {
    const content = 'x'.repeat(size);
    const sha256 = await bring(staging, content, md5);
    expect(await bench.pool.sizeOf(sha256)).toBe(size);
    expect(await textOf(bench.pool, sha256)).toBe(content);
    await staging.settle();
    expect(await textOf(bench.pool, sha256)).toBe(content);
    expect((await stat(join(bench.data, 'pool', sha256))).mode & 0o777).toBe(0o644);
    expect(await staging.claims()).toEqual(new Map([[checksumKey(md5), sha256]]));
    expect(await staged()).toEqual(['claims']);
  });

  test.each([2, 999, 1001, 5000])('that came in %i pieces has them all, in order', async (count) => {
    const content = Array.from({ length: count }, (_, at) => `${at} `).join('');
    const part = await staging.openPart(declared(content));
    for (let at = 0; at < count; at += 1) await part.append(Buffer.from(`${at} `));
    await part.keep(sha256Of(content));
    await part.close();
    await staging.settle();
    expect(await textOf(bench.pool, sha256Of(content))).toBe(content);
  });

  test('that was not kept goes on where it ended, also in another process', async () => {
    const part = await staging.openPart(md5);
    await part.append(Buffer.from('begun'));
    await part.close();
    const later = await (await openPool(bench.data)).openStaging('demo');
    const again = await later.openPart(md5);
    expect(again.sizeBytes()).toBe(5);
    let text = '';
    for await (const chunk of again.read()) text += Buffer.from(chunk).toString();
    expect(text).toBe('begun');
    await again.append(Buffer.from(' and ended'));
    await again.keep(sha256Of('begun and ended'));
    await again.close();
    await later.settle();
    expect(await textOf(bench.pool, sha256Of('begun and ended'))).toBe('begun and ended');
  });

  test('that starts over is empty', async () => {
    for (const size of [5, 300_000]) {
      const part = await staging.openPart(md5);
      await part.append(Buffer.alloc(size, 1));
      await part.restart();
      expect(part.sizeBytes()).toBe(0);
      await part.append(Buffer.from('anew'));
      await part.keep(sha256Of('anew'));
      await part.close();
    }
    await staging.settle();
    expect(await readFile(join(bench.data, 'pool', sha256Of('anew')), 'utf8')).toBe('anew');
  });

  test('counts as bytes that need not be fetched, but for what was kept or is not wanted', async () => {
    for (const [digest, size] of [
      ['b', 3],
      ['c', 5],
    ] as const) {
      const part = await staging.openPart({ type: 'md5', digest: digest.repeat(32) });
      await part.append(Buffer.alloc(size));
      await part.close();
    }
    await bring(staging, 'kept');
    expect(await staging.partBytes()).toBe(8);
    expect(await staging.partBytes(new Set([`md5-${'c'.repeat(32)}`, 'md5-x']))).toBe(5);
    await staging.dropParts();
    expect(await staging.partBytes()).toBe(0);
    expect(await pooled()).toEqual([sha256Of('kept')]);
  });

  test('of bytes that are not those on disk never gets a name in the pool', async () => {
    const part = await staging.openPart(md5);
    await part.append(Buffer.alloc(300_000));
    // A stranger in the staging area.
    await writeFile(join(bench.data, 'staging/demo', `${checksumKey(md5)}.part`), 'cut');
    await part.keep(sha256Of(Buffer.alloc(300_000)));
    await part.close();
    await expect(staging.settle()).rejects.toThrow(/has 3 bytes on disk, and 300000 were checked/);
    expect(await pooled()).toEqual([]);
    // It was told; the next try begins afresh.
    await bring(staging, 'right', md5);
    await staging.settle();
    expect(await pooled()).toEqual([sha256Of('right')]);
  });
});

describe('what is believed', () => {
  test('after a kill: a part only, however whole it was, until its name in the pool was durable', async () => {
    const name = `${checksumKey(md5)}.part`;
    await writeFile(join(bench.data, 'staging/demo', name), 'zeros after a power cut');
    const later = await (await openPool(bench.data)).openStaging('demo');
    expect(await later.claims()).toEqual(new Map());
    const part = await later.openPart(md5);
    expect(part.sizeBytes()).toBe('zeros after a power cut'.length);
    await part.close();
  });

  test('of a log of claims that was cut or overwritten: whole lines', async () => {
    await bring(staging, 'one', md5);
    await staging.settle();
    const log = join(bench.data, 'staging/demo/claims');
    const line = `md5-${'b'.repeat(32)} ${sha256Of('two')}`;
    await writeFile(log, `${await readFile(log, 'utf8')}\0\0\0\nmd5-x\n${line}\n${line.slice(0, 60)}`);
    await bring(staging, 'three', { type: 'md5', digest: 'c'.repeat(32) });
    await staging.settle();
    expect([...(await staging.claims()).keys()].toSorted()).toEqual(
      ['a', 'b', 'c'].map((digit) => `md5-${digit.repeat(32)}`),
    );
  });

  test('of the first release’s claims: their names', async () => {
    await bench.pool.save(Buffer.from('old'));
    await writeFile(join(bench.data, 'staging/demo', `${checksumKey(md5)}.${sha256Of('old')}`), 'old');
    expect(await staging.claims()).toEqual(new Map([[checksumKey(md5), sha256Of('old')]]));
    expect(await bench.store.sweepPool()).toBe(0);
    expect(await pooled()).toEqual([sha256Of('old')]);
  });

  test.each<[string, (() => Promise<void>) | undefined, string]>([
    ['nothing', undefined, 'none'],
    ['a part or a claim', async () => void (await bring(staging, 'x')), 'unfinished'],
    ['a whole snapshot', () => staging.markWhole(), 'whole'],
  ])('the staging area tells that the last sync left %s', async (_what, leave, state) => {
    await leave?.();
    await staging.settle();
    expect(await bench.pool.stagingState('demo')).toBe(state);
    await staging.clear();
    expect(await bench.pool.stagingState('demo')).toBe('none');
  });
});

describe('the pool', () => {
  test('keeps its file when another sync brings the same, so that snapshots share it', async () => {
    const sha256 = await bench.pool.save(Buffer.from('same'));
    const { ino } = await stat(join(bench.data, 'pool', sha256));
    await bring(staging, 'same');
    await staging.settle();
    expect((await stat(join(bench.data, 'pool', sha256))).ino).toBe(ino);
    expect(await staged()).toEqual(['claims']);
  });

  test('takes a new file for one that cannot be what its name says, and always for one to be mended', async () => {
    const damaged = async (text: string): Promise<void> =>
      writeFile(join(bench.data, 'pool', sha256Of('right')), text, { flag: 'w' });
    await damaged('cut');
    await bring(staging, 'right');
    await staging.settle();
    expect(await textOf(bench.pool, sha256Of('right'))).toBe('right');
    await damaged('wrong');
    const mending = await bench.pool.openMending('demo');
    await bring(mending, 'right');
    await mending.settle();
    expect(await textOf(bench.pool, sha256Of('right'))).toBe('right');
  });

  test('gives one sync what another of this process has just kept, and settles it for both', async () => {
    const other = await bench.pool.openStaging('other');
    const sha256 = await bring(other, 'shared');
    expect(await bench.pool.sizeOf(sha256)).toBe(6);
    await staging.settle();
    expect(await pooled()).toEqual([sha256]);
  });

  test('settles many files together, with no more descriptors than wait and are written', async () => {
    const contents = Array.from({ length: 400 }, (_, index) => `content ${index}`);
    const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    let most = 0;
    await atOnce(8, contents, async (content) => {
      await bring(staging, content);
      most = Math.max(most, await openFiles());
    });
    await staging.settle();
    expect((await pooled()).toSorted()).toEqual(contents.map(sha256Of).toSorted());
    expect((await staging.claims()).size).toBe(400);
    expect(await staged()).toEqual(['claims']);
    expect(most - before).toBeLessThan(64 + 3 * 8);
    expect(await openFiles()).toBeLessThanOrEqual(before + 8);
  });
});

/** Mounting needs root; in CI it must be there. */
const unable = process.getuid?.() !== 0 && process.env['CI'] === undefined;

describe.skipIf(unable)('on a disk of 1 MiB', () => {
  let disk: string;
  let small: Bench;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'kickstand-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    small = await startBench(disk);
  });
  afterEach(async () => {
    execFileSync('umount', [disk]);
    await rmdir(disk);
  });

  test('what does not fit is a fault that names the disk, and leaves nothing in the pool', async () => {
    const area = await small.pool.openStaging('demo');
    const part = await area.openPart(md5);
    const write = async (): Promise<void> => {
      for (let times = 0; times < 20; times += 1) await part.append(Buffer.alloc(200_000));
    };
    await expect(write()).rejects.toMatchObject({ code: 'ENOSPC' });
    await part.close();
    expect(await readdir(join(disk, 'pool'))).toEqual([]);
    await area.dropParts();
    expect(await small.pool.freeBytes()).toBeGreaterThan(900_000);
    expect(await small.pool.freeFiles()).toBeGreaterThan(100);
  });

  test('a snapshot that cannot be built leaves no half of it, and is built when there is room', async () => {
    const draft = await small.draftOf({ 'a/b': 'text' });
    await mkdir(join(disk, 'snapshots'), { recursive: true });
    await writeFile(join(disk, 'filler'), Buffer.alloc((await small.pool.freeBytes()) - 0));
    await expect(small.store.saveSnapshot('demo', draft)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect((await small.store.repoStatus('demo')).snapshots).toEqual([]);
    execFileSync('rm', [join(disk, 'filler')]);
    const { id } = await small.store.saveSnapshot('demo', draft);
    expect(await readFile(join(disk, 'snapshots/demo', id, 'a/b'), 'utf8')).toBe('text');
  });
});
