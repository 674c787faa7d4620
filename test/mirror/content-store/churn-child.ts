// A process of its own that makes, publishes, prunes and sweeps snapshots of one repo, to be killed: `node churn-child.ts DATA REPO`.

import { openPool } from '../../../mirror/content/pool/store.ts';
import { openContentStore } from '../../../mirror/content/store.ts';
import type { SnapshotFile } from '../../../mirror/content/layout.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { setImmediate as turn } from 'node:timers/promises';

const [data = '', repo = ''] = process.argv.slice(2);
const store = openContentStore(data);
const pool = await openPool(data);
const tell = (step: string): boolean => process.stdout.write(`${step}\n`);

/** A generation: a stamp, and files that name it. One is the same in all. */
async function bring(generation: number): Promise<readonly SnapshotFile[]> {
  const staging = await pool.openStaging(repo);
  const texts = [
    ['repodata/repomd.xml', `generation ${generation}`],
    ['Packages/same.rpm', 'the same'],
    ...Array.from(
      { length: 10 },
      (_, index) => [`Packages/${index}.rpm`, `package ${index} of ${generation}`] as const,
    ),
  ] as const;
  const files: SnapshotFile[] = [];
  for (const [path, text] of texts) {
    const sha256 = sha256Of(text);
    const part = await staging.openPart({ type: 'sha256', digest: sha256 });
    if (part.sizeBytes() > 0) await part.restart();
    await part.append(Buffer.from(text));
    await part.keep(sha256);
    await part.close();
    files.push({ path: parseHref(path, path), sha256, sizeBytes: text.length, checksum: undefined });
  }
  await staging.settle();
  return files;
}

for (let generation = 0; ; generation += 1) {
  const lock = await store.lockRepo(repo);
  if (lock.kind === 'no') {
    await turn();
    continue;
  }
  tell('bring');
  const files = await bring(generation % 7);
  tell('save');
  const about = { upstream: 'http://upstream/', revision: undefined, packages: 11, notes: [], origin: undefined };
  const { id } = await store.saveSnapshot(repo, { now: Date.now(), ...about, files });
  tell('publish');
  await store.publish(repo, id);
  tell('clear');
  await (await pool.openStaging(repo)).clear();
  lock.release();
  tell('prune');
  await store.prune(repo, 3, async () => []);
  tell('sweep');
  await store.sweepPool();
}
