// What a repo's own name answers while snapshots come and go: names that say what they hold stay to be had, any other means now.

import { expect, test } from 'vitest';
import type { Place } from '../../../mirror/content/place.ts';
import { publishedFiles } from '../../../mirror/content/published.ts';
import { no } from '../../../server/malformed.ts';

const HEX = 'ab'.repeat(32);
const SNAPSHOTS: Readonly<Record<string, readonly string[]>> = {
  s1: [
    `repodata/${HEX}-primary.xml.gz`,
    'repodata/primary.xml.gz',
    'repodata/repomd.xml.asc',
    'Packages/a-1-1.noarch.rpm',
  ],
  s2: ['Packages/a-1-1.noarch.rpm', '.treeinfo'],
  s3: ['repodata/repomd.xml'],
};

function place(file: string): Place {
  return { kind: 'file', file, extents: [], sizeBytes: 0, modifiedMs: 0 };
}

/** What is answered; `ids` is what is published at each look, the last one from then on. */
async function found(path: string, ids: readonly string[]): Promise<string> {
  const looks = [...ids];
  const answer = await publishedFiles({
    current: async () => (looks.length > 1 ? looks.shift() : looks[0]),
    kept: async () => Object.keys(SNAPSHOTS),
    files: async (id) => {
      const paths = SNAPSHOTS[id];
      if (paths === undefined) return no('pruned');
      return { find: async (asked) => (paths.includes(asked) ? place(`${id}/${asked}`) : no('not there')) };
    },
  }).find(path);
  return answer.kind === 'file' ? answer.file : answer.kind;
}

test.each([
  ['what is published', 'repodata/repomd.xml', ['s3'], 's3/repodata/repomd.xml'],
  [
    'metadata that its checksum names, of an earlier snapshot',
    `repodata/${HEX}-primary.xml.gz`,
    ['s3'],
    `s1/repodata/${HEX}-primary.xml.gz`,
  ],
  [
    'a package, of the newest snapshot that has it',
    'Packages/a-1-1.noarch.rpm',
    ['s3'],
    's2/Packages/a-1-1.noarch.rpm',
  ],
  ['plainly named metadata: what is published alone', 'repodata/primary.xml.gz', ['s3'], 'no'],
  ['an earlier signature: never', 'repodata/repomd.xml.asc', ['s3'], 'no'],
  ['an earlier .treeinfo: never', '.treeinfo', ['s3'], 'no'],
  ['a package that no snapshot has', 'Packages/b-1-1.noarch.rpm', ['s3'], 'no'],
  ['what was published and pruned while it was asked', 'repodata/repomd.xml', ['gone', 's3'], 's3/repodata/repomd.xml'],
  [
    'snapshots that come and go without end',
    'repodata/repomd.xml',
    ['g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7', 'g8', 'g9'],
    'no',
  ],
])('%s', async (_what, path, ids, answer) => {
  expect(await found(path, ids)).toBe(answer);
});
