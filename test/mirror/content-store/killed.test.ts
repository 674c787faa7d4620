// Two processes that make, publish, prune and sweep on one disk, killed again and again: what is published is whole at any moment.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { startBench, type Bench } from './rig.ts';

const CHILD = join(import.meta.dirname, 'churn-child.ts');
const KILLS = 12;

let bench: Bench;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  bench = await startBench();
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await bench.close();
});

/** A process at work on `repo`; `steps(n)` resolves when it has begun so many. */
function churn(repo: string): { steps(count: number): Promise<void>; kill(): Promise<void> } {
  const child = spawn(process.execPath, [CHILD, bench.data, repo], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    steps: async (count) => {
      for (let left = count; left > 0; left -= 1) expect((await lines.next()).done).toBe(false);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
      children.delete(child);
    },
  };
}

/** Everything that is published of `repo` is of one generation. */
async function generationOf(repo: string): Promise<string> {
  const directory = join(bench.data, 'repos', await readlink(join(bench.data, 'repos', repo)));
  const generation = (await readFile(join(directory, 'repodata/repomd.xml'), 'utf8')).replace('generation ', '');
  for (let index = 0; index < 10; index += 1) {
    const text = await readFile(join(directory, `Packages/${index}.rpm`), 'utf8');
    expect(text).toBe(`package ${index} of ${generation}`);
  }
  expect(await readFile(join(directory, 'Packages/same.rpm'), 'utf8')).toBe('the same');
  return generation;
}

test(`${KILLS} kills`, { timeout: 120_000 }, async () => {
  const beside = churn('beside');
  await beside.steps(6);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = churn('demo');
    // At least one generation is published before the first kill; later ones come at any step.
    await child.steps(kill === 0 ? 7 : 1 + ((kill * 7) % 13));
    await child.kill();
    await generationOf('demo');
    const { current = '', snapshots } = await bench.store.repoStatus('demo');
    expect(snapshots).toContain(current);
    for (const id of snapshots) {
      const files = await bench.filesOf('demo', id);
      for (const { sha256, path } of files) {
        expect(sha256Of(await readFile(join(bench.data, 'snapshots/demo', id, path)))).toBe(sha256);
        expect(await bench.pool.sizeOf(sha256)).not.toMatchObject({ kind: 'no' });
      }
    }
  }
  await beside.kill();
  await generationOf('beside');
  // Nothing is left behind for good.
  for (const repo of ['demo', 'beside']) {
    const staging = await bench.pool.openStaging(repo);
    await staging.clear();
    await bench.saveAll(['the next sync'], repo);
    expect((await readdir(join(bench.data, 'snapshots', repo))).filter((name) => name.startsWith('.'))).toEqual([]);
  }
  expect(await readdir(join(bench.data, 'repos'))).toEqual(['beside', 'demo']);
  expect(typeof (await bench.store.sweepPool())).toBe('number');
});
