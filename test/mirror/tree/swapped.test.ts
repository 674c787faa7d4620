// Whoever owns a directory tree may swap a directory of it for a link at any moment: no byte from outside the tree is ever read.

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openContentFiles } from '../../../mirror/content/cache/store.ts';
import type { FilePlace } from '../../../mirror/content/place.ts';
import { openTree } from '../../../mirror/tree/store.ts';

const SWAPPER = new URL('../../support/swapping-child.ts', import.meta.url).pathname;
const ROUNDS = 3000;
let directory = '';
let swapper: ChildProcess;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-swapped-'));
  mkdirSync(join(directory, 'tree', 'sub'), { recursive: true });
  mkdirSync(join(directory, 'outside'));
  // Alike in all that a look at them tells, but what file they are.
  for (const [place, text] of [
    ['tree/sub', 'public..'],
    ['outside', 'SECRET!!'],
  ] as const) {
    writeFileSync(join(directory, place, 'f'), text);
    utimesSync(join(directory, place, 'f'), 1e9, 1e9);
  }
  symlinkSync(join(directory, 'outside'), join(directory, 'link'));
  swapper = spawn(process.execPath, [SWAPPER, join(directory, 'tree', 'sub'), join(directory, 'link')]);
});
afterEach(async () => {
  const ended = new Promise((resolve) => void swapper.once('close', resolve));
  swapper.kill('SIGKILL');
  await ended;
  rmSync(directory, { recursive: true });
});

test("what is found, served or read in it is the tree's own", { timeout: 120_000 }, async () => {
  const tree = await openTree({ kind: 'directory', path: join(directory, 'tree') });
  const files = openContentFiles();
  const served = async (place: FilePlace): Promise<string> => {
    const file = await files.open(place);
    const bytes = Buffer.alloc(place.sizeBytes);
    await file.readAt(bytes, 0).finally(() => file.release());
    return bytes.toString();
  };
  const seen = new Set<string>();
  // And on until the swapper has begun.
  for (let round = 0; round < ROUNDS || seen.size < 2; round += 1) {
    const place = await tree.find('sub/f');
    if (place.kind !== 'file') {
      seen.add('refused');
      continue;
    }
    const texts = [served(place), tree.read(place, 100).then((bytes) => Buffer.from(bytes).toString())];
    for (const text of await Promise.all(texts.map((one) => one.catch(() => 'refused')))) seen.add(text);
  }
  files.close();
  await tree.close();
  expect([...seen].toSorted()).toEqual(['public..', 'refused']);
});
