// The same decisions as dnf's own, on generated repositories and on real ones with each of their groups.

import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInstallRepo } from '../../../mirror/install/metadata.ts';
import { readPool } from '../../../mirror/install/pool.ts';
import { breathe } from '../../support/closure-repos.ts';
import { generateCase } from './generate.ts';
import { answerOf, askDnf, decide, decideCase, specsOf, storeCase, type Answer } from './rig.ts';

const HAS_DNF = hasDnf();
const isSkipped = !HAS_DNF && process.env['CI'] === undefined;
const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);
let work = '';

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'kickstand-install-'));
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

test.skipIf(isSkipped)(
  'generated repositories',
  async () => {
    const cases = SEEDS.map(generateCase);
    const stored = await Promise.all(cases.map((one, seed) => storeCase(one, join(work, `case${seed}`))));
    const theirs = (await askDnf(stored, work)).map(comparable);
    const ours = await Promise.all(cases.map(async (one) => comparable(answerOf(await decideCase(one)))));
    const different = SEEDS.filter((seed) => JSON.stringify(ours[seed]) !== JSON.stringify(theirs[seed]));
    expect(different.map((seed) => ({ seed, ours: ours[seed], theirs: theirs[seed] }))).toEqual([]);
    expect(theirs.filter(({ kind }) => kind === 'installs').length).toBeGreaterThan(120);
    expect(theirs.filter(({ kind }) => kind === 'impossible').length).toBeGreaterThan(60);
  },
  240_000,
);

const SAMPLES = [
  ...['dnf-repos/drpm', 'katello-zoo', 'rpms/zoo', 'librepo/repo_yum_01', 'dnf-modules/_all-x86_64'],
  ...['repo_00', 'repo_02', 'repo_koji_01', 'repo_with_additional_metadata'].map((name) => `createrepo_c/${name}`),
];

test.skipIf(isSkipped).each(SAMPLES)(
  '%s, each of its groups and packages',
  async (name) => {
    const path = resolve(import.meta.dirname, '../../../../shared/samples', name);
    if (!existsSync(join(path, 'repodata/repomd.xml'))) return;
    const find = async (file: string) =>
      existsSync(join(path, file)) ? () => createReadStream(join(path, file)) : undefined;
    const repo = await openInstallRepo('sample', { find, breathe });
    const pool = await readPool([repo], 'x86_64', { breathe });
    const names = [...pool.names()].map((word) => pool.universe.words.textOf(word));
    const words = [...pool.comps.groups.map(({ id }) => `@${id}`), ...names, '*'].map((word) => ({ wanted: [word] }));
    const theirs = await askDnf(
      words.map((one) => ({ repos: [{ name: 'sample', path }], ...specsOf(one) })),
      work,
    );
    const ours = await Promise.all(words.map(async (one) => answerOf(await decide([repo], one))));
    const rows = words.map(({ wanted }, at) => ({ wanted, answer: comparable(theirs[at]) }));
    expect(words.map(({ wanted }, at) => ({ wanted, answer: comparable(ours[at]) }))).toEqual(rows);
  },
  240_000,
);

/** Reasons are worded differently. */
function comparable(answer: Answer | undefined): Answer {
  const { kind = 'none', packages } = answer ?? {};
  return packages === undefined ? { kind } : { kind, packages };
}

function hasDnf(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import dnf'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
