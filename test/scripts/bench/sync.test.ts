// Checks what the sync benches rest on: real packages in real sizes, a relay that loses and hurries nothing, and benches that run. No
// speed is judged here.

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { median } from '../../../scripts/bench/measure.ts';
import { rpmBytes } from '../../../scripts/bench/rpm-file.ts';
import { packageSizes } from '../../../scripts/bench/sync-content.ts';
import { startFarUpstream } from '../../../scripts/bench/sync-upstream.ts';
import { needs } from '../../support/lab-needs.ts';
import { run } from '../../support/lab-run.ts';

const { skip, note } = needs(['rpm', 'createrepo_c', 'dnf', 'nginx', 'setpriv'], 'none');
const BENCHES = resolve(import.meta.dirname, '..', '..', '..', 'scripts', 'bench');
const SLOW_MS = 120_000;

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-bench-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the sizes of packages', () => {
  const sizes = packageSizes(2000);
  const total = sizes.reduce((sum, size) => sum + size, 0);

  test.each([
    ['the median is some 40 KiB', median(sizes) / 1024, 38, 42],
    ['all together are 200 to 300 MB', total / 1e6, 200, 300],
    ['the largest is some MB', Math.max(...sizes) / 1e6, 2, 17],
    ['the smallest is no more than a script', Math.min(...sizes), 1, 2000],
    ['many are larger than a quarter of a MiB', sizes.filter((size) => size > 256 * 1024).length, 100, 400],
  ])('%s', (_rule, value, least, most) => {
    expect(value).toBeGreaterThanOrEqual(least);
    expect(value).toBeLessThanOrEqual(most);
  });

  test('are the same each time, in no order', () => {
    expect(packageSizes(2000)).toEqual(sizes);
    expect(new Set(packageSizes(7)).size).toBe(7);
    expect(sizes).not.toEqual(sizes.toSorted((a, b) => a - b));
  });
});

describe.skipIf(skip)(`an RPM of the bench${note}`, () => {
  test('is one to rpm, with every digest right', async () => {
    const path = join(directory, 'demo.rpm');
    const about = { name: 'demo', version: '1.2', release: '3', requires: ['bash'], documents: ['README'] };
    await writeFile(path, rpmBytes({ ...about, content: randomBytes(50_001) }));
    const checked = await run(['rpm', '-Kv', path]);
    expect(checked.trim().split('\n').slice(1)).toEqual([
      '    Header SHA256 digest: OK',
      '    Header SHA1 digest: OK',
      '    Payload SHA256 digest: OK',
      '    MD5 digest: OK',
    ]);
    expect((await run(['rpm', '-qp', '--requires', path])).split('\n')).toContain('bash');
    expect(await run(['rpm', '-qpl', path])).toBe('/usr/share/bench/demo.bin\n/usr/share/bench/README\n');
  });
});

describe.skipIf(skip)(`the far upstream${note}`, () => {
  test('gives every byte, no sooner than the way is long, and counts', async () => {
    const root = join(directory, 'www');
    await mkdir(join(root, 'repodata'), { recursive: true });
    await writeFile(join(root, 'repodata', 'repomd.xml'), 'small');
    const large = randomBytes(9 * 1024 * 1024);
    await writeFile(join(root, 'large'), large);
    const upstream = await startFarUpstream(root, join(directory, 'far'), 15);
    try {
      const before = await upstream.asked();
      const bytes = await (await fetch(`${upstream.url}large`)).bytes();
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(createHash('sha256').update(large).digest('hex'));
      expect((await upstream.asked()).requests).toBe(before.requests + 1);
      expect(upstream.roundTripMs).toBeGreaterThanOrEqual(30);
    } finally {
      await upstream.stop();
    }
  });
});

describe.skipIf(skip)(`the benches of syncs${note}`, () => {
  test('compare first syncs and those with nothing new', { timeout: SLOW_MS }, async () => {
    const argv = [process.execPath, join(BENCHES, 'sync.ts'), '--packages', '5', '--rounds', '1', '--round-trip', '2'];
    const text = await run(argv, { timeoutMs: SLOW_MS });
    expect(text).toMatch(/First sync of 5 RPMs[^]*kickstand repo sync +[\d.]+ [^]*dnf reposync, 20 at once +[\d.]+ /);
    expect(text).toMatch(/dnf reposync \/ kickstand repo sync = [\d.]+ × \(wanted ≥ 3\.00: (met|MISSED)\)/);
    expect(text).toMatch(/kickstand, running \/ dnf reposync = [\d.]+ × \(wanted ≤ 0\.050: (met|MISSED)\)/);
    expect(text.match(/kickstand(, running| repo sync): 1 request over 1 connection in a run/g)).toHaveLength(4);
  });

  test('say what a large repository costs', { timeout: SLOW_MS }, async () => {
    const path = join(directory, 'report.json');
    await writeFile(path, await run([process.execPath, join(BENCHES, 'metadata.ts'), '--packages', '60', '--json']));
    const reports = JSON.parse(await readFile(path, 'utf8')) as readonly { title: string; facts: readonly string[] }[];
    expect(reports.map(({ title }) => title)).toEqual([
      '60 packages: a first sync',
      '60 packages: nothing new',
      '60 packages: a filtered repo of the same',
    ]);
    for (const { facts } of reports) {
      expect(facts.join('\n')).toMatch(/peak RSS: \d+ MB[^]*event loop blocked at most \d+ ms[^]*requests meanwhile/);
    }
  });
});
