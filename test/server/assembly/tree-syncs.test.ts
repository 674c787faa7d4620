// The sync of a tree as a job of the log: shown, refused, cancelled and broken off as a repo's is, and never taken for one.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { House } from '../../../server/assembly/house.ts';
import { cancelSync, runningSync, runTreeSync, settleSyncs } from '../../../server/assembly/sync-jobs.ts';
import type { SyncStarter } from '../../../server/assembly/sync-start.ts';
import { openSyncStarter } from '../../../server/assembly/sync-start.ts';
import { repoSyncs, syncAlarms, syncHistory, treeSyncs } from '../../../server/assembly/sync-views.ts';
import { treeDetail } from '../../../server/assembly/views.ts';
import type { Tree } from '../../../server/domain.ts';
import { exampleSite } from '../../support/example.ts';
import { startUpstream, status, type FakeUpstream } from '../../support/fake-upstream.ts';
import { houseOver } from '../../support/open-house.ts';
import { buildTree } from '../../support/tree-fixture.ts';

const LOGGED = 'tree@rhel6';
const INSTALL = 'images/install.img';
const watch = {
  cause: 'api',
  onProgress: () => {},
  signal: new AbortController().signal,
  ifAborted: 'stopped',
} as const;

let data = '';
let upstream: FakeUpstream;
let house: House;
let starter: SyncStarter;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'kickstand-tree-syncs-'));
  upstream = await startUpstream(buildTree('rhel6.2'));
  // A repo and a tree may be called alike.
  const namesake = 'repos:\n  - { name: rhel6, upstream: "http://127.0.0.1:9/", schedule: "0 3 * * *", keep: 3 }\n';
  const site = exampleSite((text) =>
    text.replace(/iso: RHEL6[^ ]*/, `upstream: ${upstream.url}`).replace('repos:\n', namesake),
  );
  house = await houseOver({ data, site: () => site });
  starter = openSyncStarter(house);
});
afterEach(async () => {
  await starter.close();
  await house.close();
  await upstream.close();
  rmSync(data, { recursive: true });
});
const rhel6 = (): Tree => house.site().trees[0] ?? expect.fail('no tree');

/** Holds an image half-way, for as long as nobody ends what asks for it. */
function hold(): Promise<void> {
  const asked = Promise.withResolvers<void>();
  upstream.always(INSTALL, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 9000), () => asked.resolve());
  });
  return asked.promise;
}

test('it is told of the tree, under the name it has in the site', async () => {
  const end = await runTreeSync(house, rhel6(), watch);
  expect(end).toMatchObject({ kind: 'ended', record: { repo: LOGGED, outcome: 'published', counts: { packages: 8 } } });
  const [first] = await syncHistory(house, LOGGED, 10);
  expect(first).toMatchObject({ tree: 'rhel6', cause: 'api', outcome: 'published' });
  expect(first).not.toHaveProperty('repo');
  expect(await treeDetail(house, 'rhel6')).toMatchObject({ ready: true, lastSync: { id: first?.id } });
  await runTreeSync(house, rhel6(), watch);
  expect((await treeSyncs(house))('rhel6').lastSync).toMatchObject({ outcome: 'unchanged' });
});

test('one that failed is none of the repos, and rings no alarm of theirs', async () => {
  upstream.always('.treeinfo', status(403));
  const end = await runTreeSync(house, rhel6(), watch);
  expect(end).toMatchObject({ kind: 'ended', record: { repo: LOGGED, outcome: 'failed' } });
  expect(house.site().repos.map(({ name }) => name)).toContain('rhel6');
  const repos = await repoSyncs(house);
  for (const { name } of house.site().repos) expect(repos(name).lastSync).toBeUndefined();
  expect(await syncAlarms(house)).toEqual([]);
});

test('two of one tree never run at once, and whoever asks ends the first', async () => {
  const held = hold();
  expect(await starter.beginTree('rhel6')).toEqual({ kind: 'begun', tree: 'rhel6' });
  await held;
  expect(await starter.beginTree('rhel6')).toMatchObject({
    kind: 'no',
    reason: 'a sync of the tree rhel6 runs already',
  });
  const running = runningSync(house, LOGGED);
  expect(await runTreeSync(house, rhel6(), watch)).toMatchObject({ kind: 'busy', record: { id: running?.id } });
  expect(await treeDetail(house, 'rhel6')).toMatchObject({ runningSync: { tree: 'rhel6', id: running?.id } });
  expect(await cancelSync(house, LOGGED)).toEqual({ kind: 'asked', id: running?.id });
  await expect.poll(() => house.syncs.record(running?.id ?? 0)?.outcome).toBe('cancelled');
  expect(await cancelSync(house, LOGGED)).toMatchObject({ kind: 'no', reason: 'no sync of the tree rhel6 runs' });
});

test('one begun a moment ago is in the way of another, though the log does not know it yet', async () => {
  void hold();
  const answers = await Promise.all([starter.beginTree('rhel6'), starter.beginTree('rhel6')]);
  expect(answers.map(({ kind }) => kind)).toEqual(['begun', 'no']);
});

test('it is stopped with the appliance', async () => {
  const held = hold();
  await starter.beginTree('rhel6');
  await held;
  await starter.close();
  expect(house.syncs.history(LOGGED, 1)).toMatchObject([{ outcome: 'stopped' }]);
  expect(await starter.beginTree('rhel6')).toMatchObject({ kind: 'no', reason: 'the appliance stops' });
});

test('one whose process died is seen as broken off', async () => {
  const id = house.syncs.begin({ repo: LOGGED, cause: 'command', startedAt: house.now() - 60_000 }) ?? 0;
  await settleSyncs(house);
  expect(house.syncs.record(id)).toMatchObject({ outcome: 'broken-off' });
});

test.each([
  ['xenserver', 'xenserver is no tree from a URL', 'kickstand tree add xenserver FILE replaces its medium'],
  ['nothing', 'the site has no tree nothing', undefined],
])('a sync of %s is not begun', async (name, reason, remedy) => {
  const refused = await starter.beginTree(name);
  expect(refused).toEqual({ kind: 'no', reason, ...(remedy === undefined ? {} : { remedy }) });
  expect(house.syncs.history(`tree@${name}`, 1)).toEqual([]);
});
