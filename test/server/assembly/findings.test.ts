// What verifying found, as the end of a job: sound is said only where something was proved.

import { expect, test } from 'vitest';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import type { Verified } from '../../../mirror/tree/verify.ts';
import { findingsOfInspection, findingsOfMedium } from '../../../server/assembly/findings.ts';
import type { Inspection } from '../../../server/assembly/inspection.ts';
import type { RepoVerdict } from '../../../server/assembly/verify.ts';
import { no } from '../../../server/malformed.ts';

const SNAPSHOT = '20261122T143000Z-1a2b3c4d';
const verdict = (paths: readonly string[], problem?: string): RepoVerdict => ({
  repo: 'base',
  snapshot: SNAPSHOT,
  files: 3,
  snapshots: [
    {
      snapshot: SNAPSHOT,
      files: 3,
      problem,
      damaged: paths.map((path) => ({ path, damage: 'altered', reason: 'has another content', file: undefined })),
    },
  ],
});
const sha256 = sha256Of('a');
const mended = { repo: 'tree@dvd', snapshot: SNAPSHOT, path: parseHref('a.rpm', 'test'), sha256 };
const repaired = (left: readonly string[], lost: readonly { path: string; reason: string }[] = []) =>
  ({ kind: 'repaired', mended: [mended], lost, removed: [], verdict: verdict(left) }) as const;

test.each<[string, Inspection, object]>([
  [
    'was never synced',
    { verdict: { repo: 'base', snapshot: undefined, files: 0, snapshots: [] }, repair: undefined },
    { outcome: 'failed', reason: expect.stringContaining('never synced') },
  ],
  [
    'was published anew, and its old snapshot pruned, meanwhile',
    { verdict: { repo: 'base', snapshot: SNAPSHOT, files: 0, snapshots: [] }, repair: undefined },
    { outcome: 'failed', remedy: 'verify it again' },
  ],
  ['is sound', { verdict: verdict([]), repair: undefined }, { outcome: 'sound', notes: [expect.any(String)] }],
  [
    'is damaged, and was only looked at',
    { verdict: verdict(['a.rpm']), repair: undefined },
    {
      outcome: 'damaged',
      damaged: [{ snapshot: SNAPSHOT, path: 'a.rpm', reason: 'has another content' }],
      remedy: expect.stringContaining('repair'),
    },
  ],
  [
    'has a damaged record, which nothing mends',
    { verdict: verdict([], 'has no record'), repair: undefined },
    {
      outcome: 'damaged',
      damaged: [{ snapshot: SNAPSHOT, path: '', reason: 'has no record' }],
      remedy: 'publish another snapshot, or sync it again',
    },
  ],
  [
    'could not be repaired now',
    { verdict: verdict(['a.rpm']), repair: no('a sync runs', 'wait for it') },
    { outcome: 'damaged', damaged: [{ path: 'a.rpm' }], reason: 'a sync runs', remedy: 'wait for it' },
  ],
  [
    'was repaired, and another tree with it',
    { verdict: verdict(['a.rpm']), repair: repaired([]) },
    {
      outcome: 'sound',
      notes: [expect.stringContaining('3 files'), expect.stringContaining('repaired: the tree dvd, ')],
    },
  ],
  [
    'was repaired in part',
    { verdict: verdict(['a.rpm', 'b.rpm']), repair: repaired(['b.rpm'], [{ path: 'b.rpm', reason: '404' }]) },
    { outcome: 'damaged', damaged: [{ path: 'b.rpm', reason: 'has another content; not repaired: 404' }] },
  ],
])('what is kept of a repo that %s', (_rule, inspection, expected) => {
  expect(findingsOfInspection(inspection)).toMatchObject(expected);
});

const good: Verified = { path: 'images/install.img', verdict: 'good', detail: 'sha256 …' };
const bad: Verified = { path: '', verdict: 'bad', detail: 'md5 is x, published is y' };
const missing: Verified = { path: 'images/boot.iso', verdict: 'missing', detail: 'not in the tree' };

test.each<[string, readonly Verified[], object]>([
  ['names no checksum', [], { outcome: 'failed', reason: expect.stringContaining('nothing could be proved') }],
  ['carries nothing of what it names', [missing], { outcome: 'failed', notes: [expect.stringContaining('boot.iso')] }],
  [
    'is right, but for what it never carried',
    [good, missing],
    { outcome: 'sound', notes: [expect.any(String), expect.stringContaining('missing')] },
  ],
  ['differs', [good, bad], { outcome: 'damaged', damaged: [{ path: '', reason: 'md5 is x, published is y' }] }],
])('a medium that %s', (_rule, checks, expected) => {
  expect(findingsOfMedium(checks)).toMatchObject(expected);
});
