// SIGKILL in the middle of a tree's sync: what is published stays, and the next sync goes on from there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startUpstream, type FakeUpstream } from '../../../support/fake-upstream.ts';
import { filesDigest } from '../../../support/sync-bench.ts';
import { fixtureBytes } from '../../../support/repo-fixture.ts';
import { buildTree, changed, edited } from '../../../support/tree-fixture.ts';
import { digestOf } from '../../../support/repo-fixture.ts';
import { startTreeBench, type TreeBench } from './rig.ts';

const INSTALL = 'images/install.img';
const before = buildTree('rhel9');
// Larger than what is gathered in memory: half of it is a part on disk.
const large = fixtureBytes('large', 900_000);
const after = edited(changed(buildTree('rhel9', 'b'), { [INSTALL]: large }), (text) =>
  text.replace(/(images\/install\.img = sha256:)[0-9a-f]+/, `$1${digestOf('sha256', large)}`),
);

let bench: TreeBench;
let upstream: FakeUpstream;
beforeEach(async () => {
  bench = await startTreeBench();
  upstream = await startUpstream(before);
  await bench.sync(upstream.url);
  upstream.serve(after);
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

test.each([
  ['an image', INSTALL],
  ['metadata, with all images in the pool', 'repodata/repomd.xml'],
  ['the last package', 'Packages/root-two-1.0-1.noarch.rpm'],
])('killed while it fetches %s', async (_what, path) => {
  const reached = new Promise<void>((resolve) => {
    upstream.next(path, (_request, response, bytes) => {
      response.writeHead(200, { 'content-length': Math.max(bytes.length, 100) });
      response.write(bytes.subarray(0, bytes.length >> 1), () => resolve());
    });
  });
  const script = join(import.meta.dirname, '../../../support/tree-sync-child.ts');
  const child = spawn(process.execPath, [script, bench.data, upstream.url], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  await reached;
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed', reason: expect.stringContaining('running') });
  child.kill('SIGKILL');
  await exit;
  expect(await bench.published()).toEqual(filesDigest(before));
  upstream.clearLog();
  expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
  expect(await bench.published()).toEqual(filesDigest(after));
  if (path !== INSTALL) expect(upstream.log.map((request) => request.path)).not.toContain(INSTALL);
});
