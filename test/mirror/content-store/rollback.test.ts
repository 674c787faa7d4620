// Rolling back: which clients will refuse it, and a repomd.xml stamped anew that differs in its times alone.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNewer, stampSnapshot, type RollbackEdges } from '../../../mirror/content/rollback.ts';
import { newestTimestamp, stampRepomd } from '../../../mirror/content/stamp.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { parseRepomd } from '../../../mirror/rpm/repomd.ts';
import { NOON, startBench, type Bench } from './rig.ts';

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo">\n';

function entry(type: string, timestamp: string): string {
  const time = timestamp === '' ? '' : `<timestamp>${timestamp}</timestamp>`;
  return `<data type="${type}"><checksum type="sha256">${sha256Of(type)}</checksum><location href="repodata/${type}.xml.gz"/>${time}<size>5</size></data>\n`;
}

function repomd(...times: readonly string[]): string {
  const [primary = '', ...others] = times;
  const rest = others.map((time, index) => entry(`other${index}`, time)).join('');
  return `${HEAD}<revision>${primary || 1}</revision>\n${entry('primary', primary)}${rest}</repomd>\n`;
}

describe('a stamp', () => {
  test.each<[string, string, string]>([
    ['moves the revision and every time', repomd('100', '90.25'), repomd('2000', '2000').replaceAll('90.25', '2000')],
    [
      'keeps white space, comments and CDATA',
      `${HEAD}<!-- <timestamp>7</timestamp> é -->${repomd('100').slice(HEAD.length)}`,
      `${HEAD}<!-- <timestamp>7</timestamp> é -->${repomd('2000').slice(HEAD.length)}`,
    ],
    ['gives no time to an entry that had none', repomd('100', ''), repomd('2000', '')],
    [
      'leaves attributes',
      repomd('100').replace('<timestamp>', '<timestamp a="1" >'),
      repomd('2000').replace('<timestamp>', '<timestamp a="1" >'),
    ],
  ])('%s', (_what, before, after) => {
    expect(Buffer.from(stampRepomd(Buffer.from(before), 2000)).toString()).toBe(after);
    expect(newestTimestamp(parseRepomd(stampRepomd(Buffer.from(before), 2000)))).toBe(2000);
  });

  test.each<[string, string, RegExp]>([
    ['without any time', repomd(''), /no timestamps to move/],
    [
      'whose time cannot be told from the rest',
      repomd('100').replace('>100</timestamp>', '><![CDATA[100]]></timestamp>'),
      /no timestamps to move/,
    ],
    ['that is none', 'rubbish', /./],
  ])('is refused for a repomd.xml %s', (_what, before, reason) => {
    expect(() => stampRepomd(Buffer.from(before), 2000)).toThrow(reason);
  });
});

describe('a roll-back', () => {
  let bench: Bench;
  let edges: RollbackEdges;
  beforeEach(async () => {
    bench = await startBench();
    edges = { store: bench.store, pool: bench.pool, now: () => NOON + 1e9 };
  });
  afterEach(() => bench.close());

  async function saveTimes(times: readonly string[]): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const time of times) {
      const files = {
        'repodata/repomd.xml': repomd(time),
        'repodata/repomd.xml.asc': `signs ${time}`,
        'a.rpm': 'package',
      };
      const origin = { repomd: sha256Of(time), etag: undefined, lastModified: undefined, settings: 's' };
      const about = { now: NOON + ids.length * 60_000, notes: [`of ${time}`], origin, evidence: { time } };
      ids.push((await bench.store.saveSnapshot('demo', await bench.draftOf(files, about))).id);
    }
    return ids;
  }

  test.each<[string, readonly string[], number, number | undefined]>([
    ['to older metadata is behind what clients may have', ['100', '200', '300'], 0, 2],
    ['forward again is behind nothing', ['100', '200'], 1, undefined],
    ['among snapshots of one time is behind nothing', ['100', '100.0'], 0, undefined],
    ['is behind a kept snapshot that is not published any more', ['300', '200', '100'], 2, 0],
  ])('%s', async (_what, times, to, behind) => {
    const ids = await saveTimes(times);
    await bench.store.publish('demo', ids[1] ?? '');
    const newer = await findNewer('demo', ids[to] ?? '', edges);
    if (behind === undefined) expect(newer).toBeUndefined();
    else expect(newer).toEqual({ snapshot: ids[behind], newest: Number(times[behind]), published: Number(times[to]) });
  });

  test('to a damaged repomd.xml is refused; a damaged one elsewhere is none that clients have', async () => {
    const [one = '', two = ''] = await saveTimes(['100', '200']);
    await writeFile(join(bench.data, 'snapshots/demo', two, 'repodata/repomd.xml'), 'rubbish');
    expect(await findNewer('demo', one, edges)).toBeUndefined();
    expect(await findNewer('demo', two, edges)).toMatchObject({
      kind: 'no',
      remedy: expect.stringContaining('--repair') as string,
    });
  });

  test.each([
    ['the clock', 5, Math.floor((NOON + 1e9) / 1000)],
    ['what clients have, where the clock stands behind it', 9_000_000_000.5, 9_000_000_001],
  ])('stamped anew is a snapshot of its own, with the times of %s', async (_what, atLeast, seconds) => {
    const [one = '', two = ''] = await saveTimes(['100', '200']);
    const stamped = await stampSnapshot('demo', one, { ...edges, atLeast });
    if ('kind' in stamped) throw new Error(stamped.reason);
    const home = join(bench.data, 'snapshots/demo');
    expect(await readFile(join(home, stamped.id, 'repodata/repomd.xml'), 'utf8')).toBe(repomd(String(seconds)));
    expect((await bench.filesOf('demo', stamped.id)).map(({ path }) => path)).toEqual(['a.rpm', 'repodata/repomd.xml']);
    expect(stamped).toMatchObject({ revision: String(seconds), packages: 1, upstream: 'http://upstream/' });
    expect(stamped.notes).toEqual([
      'of 100',
      `${one} again, with repomd.xml stamped anew; upstream's signature of it no longer applies and is left out: a client with repo_gpgcheck=1 refuses it`,
    ]);
    // A sync that finds upstream as the newest snapshot has it leaves the roll-back alone.
    expect(stamped.origin?.repomd).toBe(sha256Of('200'));
    expect(await bench.store.snapshotEvidence('demo', stamped.id)).toEqual({
      kind: 'evidence',
      value: { time: '100' },
    });
    expect(await findNewer('demo', stamped.id, edges)).toBeUndefined();
    expect((await bench.store.repoStatus('demo')).snapshots).toEqual([one, two, stamped.id]);
  });

  test('to what is not there cannot be stamped', async () => {
    expect(await stampSnapshot('demo', 'x', { ...edges, atLeast: 0 })).toMatchObject({ kind: 'no' });
  });
});
