// `kickstand repo snapshots | publish | verify | prune` as an operator meets them: texts, JSON and exit codes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBench, type Bench } from '../mirror/content-store/rig.ts';
import { kickstand, type Ran } from '../support/command.ts';
import { exampleText } from '../support/example.ts';

let directory = '';
let bench: Bench;
let ids: readonly string[] = [];

function repomd(timestamp: number): string {
  const digest = 'a'.repeat(64);
  const data = `<data type="primary"><checksum type="sha256">${digest}</checksum><location href="repodata/p.xml.gz"/><timestamp>${timestamp}</timestamp></data>`;
  return `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${data}</repomd>`;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-repo-'));
  // Nothing listens there: what it would give is not to be had.
  writeFileSync(
    join(directory, 'site.yaml'),
    exampleText
      .replace('http://cloudstack.apt-get.eu/rhel/4.0/', join(directory, 'upstream'))
      .replace('keep: 3', 'keep: 1'),
  );
  bench = await startBench(join(directory, 'data'));
  const made: string[] = [];
  for (const [index, time] of [1_700_000_000, 1_700_100_000].entries()) {
    const files = {
      'repodata/repomd.xml': repomd(time),
      'repodata/repomd.xml.asc': `signs ${time}`,
      'a.rpm': 'package',
    };
    const draft = await bench.draftOf(files, { now: 1.7e12 + index * 60_000 });
    made.push((await bench.store.saveSnapshot('cloudstack', draft)).id);
    await bench.store.publish('cloudstack', made.at(-1) ?? '');
  }
  ids = made;
});
afterAll(() => rmSync(directory, { recursive: true }));

function repo(...args: string[]): Promise<Ran> {
  return kickstand(['repo', ...args, '--site', join(directory, 'site.yaml'), '--data', join(directory, 'data')]);
}

test('an operator rolls back, is told who refuses it, stamps it, finds damage, and prunes', async () => {
  const [one = '', two = ''] = ids;
  const already = await repo('publish', 'cloudstack', two);
  expect(already).toMatchObject({ code: 0, out: `cloudstack: ${two} is published already\n` });

  const back = await repo('publish', 'cloudstack', one);
  expect(back.code).toBe(0);
  expect(back.out).toContain(`cloudstack: ${one} is published\n`);
  expect(back.out).toContain('yum of EL5, EL6 and EL7 refuses metadata older than');
  expect(back.out).toContain(`kickstand repo publish cloudstack ${one} --stamp`);
  expect(await bench.store.currentId('cloudstack')).toBe(one);

  const stamped = await repo('publish', 'cloudstack', one, '--stamp', '--json');
  expect(stamped.code).toBe(0);
  const { snapshot, ...said } = JSON.parse(stamped.out) as { snapshot: string };
  expect(said).toMatchObject({ kind: 'published', repo: 'cloudstack', asked: one, before: one });
  expect(await bench.store.currentId('cloudstack')).toBe(snapshot);
  expect((await repo('snapshots', 'cloudstack')).out).toContain(
    `${snapshot}: ${one} again, with repomd.xml stamped anew`,
  );

  expect(await repo('publish', 'cloudstack', 'x')).toMatchObject({
    code: 1,
    err: expect.stringContaining('kickstand repo snapshots cloudstack lists them') as string,
  });

  expect(await repo('verify')).toMatchObject({ code: 0, out: 'cloudstack: 2 files are as they were published\n' });
  writeFileSync(join(directory, 'data/snapshots/cloudstack', snapshot, 'a.rpm'), 'pack_ge');
  const damaged = await repo('verify', 'cloudstack', '--all-snapshots');
  expect(damaged.code).toBe(1);
  expect(damaged.out).toBe(
    [
      'cloudstack: 3 of 8 files in 3 snapshots are damaged',
      '  what to do: kickstand repo verify cloudstack --repair fetches them anew',
      ...[one, two, snapshot].flatMap((id) => [
        `  ${id}${id === snapshot ? ' (published)' : ''}`,
        '    1 file: has another content than it was published with',
        '      a.rpm',
      ]),
      '',
    ].join('\n'),
  );
  const unrepaired = await repo('verify', '--repair', '--json');
  expect(unrepaired.code).toBe(1);
  expect(JSON.parse(unrepaired.out)).toMatchObject([
    {
      repo: 'cloudstack',
      damaged: [{ snapshot, path: 'a.rpm', damage: 'altered' }],
      repair: { lost: [{ path: 'a.rpm' }] },
    },
  ]);

  const foretold = await repo('prune', '--dry-run');
  expect(foretold.out).toContain(`cloudstack: ${one} would be removed\n`);
  expect(foretold.out).toContain(`cloudstack: ${snapshot} is kept: current, the newest\n`);
  expect((await bench.store.repoStatus('cloudstack')).snapshots).toHaveLength(3);
  expect(foretold.out).toContain(`cloudstack: ${two} is kept: replaced less than 48 hours ago\n`);
  const pruned = await repo('prune', '--now', '--json');
  expect(JSON.parse(pruned.out)).toMatchObject({
    dryRun: false,
    removed: [{ repo: 'cloudstack', snapshots: [one, two] }],
    kept: [{ repo: 'cloudstack', snapshots: [{ snapshot, because: ['current', 'the newest'] }] }],
    freedBytes: repomd(1_700_000_000).length * 2 + 2 * 'signs 1700000000'.length,
  });
  expect((await bench.store.repoStatus('cloudstack')).snapshots).toEqual([snapshot]);
}, 60_000);
