// How far an install is, told from what RHEL 6, RHEL 9 and XenServer ask for: phases, percent that never goes back, honest times.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expected } from '../../../server/hosts/progress-expected.ts';
import { nothingExpected } from '../../../server/hosts/progress-expected.ts';
import { phaseLengths, marksOf } from '../../../server/hosts/progress-marks.ts';
import { progressCell, progressLine, progressOf } from '../../../server/hosts/progress.ts';
import type { Stage, StageRecord } from '../../../server/stages.ts';
import { content, file, given, report, START, tell, toInitrd } from '../doctor/stages.ts';

type Told = readonly (readonly [number, Stage])[];

const SECOND = 1000;
const rehearsed = { count: 431, bytes: 300_000_000, from: 'rehearsal' } as const;
const lastTime = { loading: 10_000, starting: 40_000, preparing: 60_000, packages: 400_000, configuring: 60_000 };

const el6: Expected = { style: 'one by one', reports: true, packages: rehearsed, steps: 4, lengths: lastTime };
const el9: Expected = {
  style: 'all first',
  reports: true,
  packages: rehearsed,
  steps: 4,
  lengths: { ...lastTime, packages: 60_000, installing: 300_000 },
};
const xen: Expected = {
  style: 'one by one',
  reports: false,
  packages: { count: 6, bytes: 200_000_000, from: 'receipt' },
  steps: undefined,
  lengths: { loading: 10_000, starting: 40_000, preparing: 20_000, packages: 200_000 },
};

/** The row of packages as it stands once `count` of them came. */
const packages = (count: number, from: number): Stage =>
  content('package', { name: `p${count}.rpm`, count, bytes: count * 700_000, firstAt: START + from * SECOND });

const begun: Told = [...toInitrd, [40, given()], [45, content('treeinfo')], [50, content('stage2')]];
const prepared: Told = [...begun, [60, report('started')], [62, report('installing', 'will wipe sda')]];
const reading: Told = [...prepared, [100, content('metadata', { count: 4 })]];
const fetching = (count: number, at: number): Told => [...reading, [at, packages(count, 110)]];
const fetched: Told = [...reading, [170, packages(431, 110)]];
const post: Told = [...fetched, [500, report('post')]];
const steps: Told = [
  ...post,
  [501, report('post.files')],
  [509, report('post.files.done')],
  [510, report('post.services')],
];

/** Sent, as its server has it, and none of its bytes: an answer that said it had not changed. */
const nothingOf = (role: 'kernel' | 'initrd', name: string): Stage => file(role, name, { outcome: 'sent', bytes: 0 });

function at(told: Told, seconds: number, of: { expected?: Expected; given?: boolean } = {}) {
  const { expected = el6, given = told.some(([, stage]) => stage.kind === 'instructions') } = of;
  return progressOf({ records: tell(...told), startedAt: START, given, expected }, START + seconds * SECOND);
}

describe('phases', () => {
  test.each<[string, Told, number, Expected, string]>([
    ['a loader and no kernel', toInitrd.slice(0, 4), 9, el6, 'loading, 0%, about 9 min left: it looks for its loader'],
    ['a kernel and no initrd', toInitrd.slice(0, 7), 9, el6, 'loading, 1%, about 9 min left: it has its kernel'],
    [
      'kernel and initrd, of which nothing came',
      [...toInitrd.slice(0, 6), [9, nothingOf('kernel', 'vmlinuz')], [11, nothingOf('initrd', 'initrd.img')]],
      12,
      el6,
      'loading, 0%, time left unknown: it looks for its loader and kernel',
    ],
    ['kernel and initrd', toInitrd, 12, el6, 'starting, 3%, about 9 min left: its installer starts'],
    ['the second stage', begun, 52, el6, 'starting, 7%, time left unknown: it has the second stage'],
    ['the beginning of %pre', prepared, 70, el6, 'preparing, 9%, about 9 min left: it prepares disks and network'],
    ['the repositories', reading, 100, el6, 'preparing, 15%, about 8 min left: it has read the repositories'],
    ['RHEL 6, half-way', fetching(215, 310), 310, el6, 'packages, 53%, about 4 min left: 215 of 431 packages'],
    ['RHEL 6, all of them', fetched, 200, el6, 'packages, 88%, about 60 s left'],
    ['RHEL 9, half-way', fetching(215, 140), 140, el9, 'packages, 25%, about 6 min left: 215 of 431 packages'],
    ['RHEL 9, all of them', fetched, 200, el9, 'installing, 36%, about 6 min left: its 431 packages are fetched'],
    ['RHEL 9, at work', fetched, 400, el9, 'installing, 74%, about 2 min left: its 431 packages are fetched'],
    ['%post', post, 500, el9, 'configuring, 87%, about 60 s left'],
    ['a step of it', steps, 512, el9, 'configuring, 90%, about 50 s left: step services, 2 of 4'],
    ['its end', [...steps, [515, report('post.services.done')]], 516, el9, 'configuring, 93%'],
    ['success that is being written down', [...steps, [520, report('installed')]], 520, el9, 'rebooting, 99%'],
  ])('%s', (_what, told, seconds, expected, line) => {
    expect(progressLine(at(told, seconds, { expected }))).toContain(line);
  });

  test('XenServer reports nothing before its end: its instructions, then its archives tell', () => {
    const answered: Told = [...toInitrd, [40, given('answerfile')]];
    expect(at(answered, 45, { expected: xen }).phase).toBe('preparing');
    const archives: Told = [...answered, [60, content('metadata')], [160, packages(3, 60)]];
    expect(progressCell(at(archives, 160, { expected: xen }))).toBe('packages 3/6 57% ~100 s');
  });

  test('an appliance that was started again in the middle goes on counting', () => {
    const told = [...fetching(215, 310), [400, packages(100, 320)]] as const;
    expect(at(told, 400).packages).toMatchObject({ done: 315, of: 431 });
  });

  test('what was fetched before any instructions is no install', () => {
    const told = [...toInitrd, [30, packages(9, 30)]] as const;
    expect(at(told, 31)).toMatchObject({ phase: 'starting', packages: undefined });
  });
});

describe('what is not known is not told', () => {
  test('how many packages: they are counted, and the percent rests', () => {
    const expected = { ...el6, packages: undefined };
    const [early, late] = [at(fetching(20, 130), 130, { expected }), at(fetching(400, 400), 400, { expected })];
    expect(early.percent).toBe(late.percent);
    expect(progressCell(late)).toMatch(/^packages 400 \d+%/);
    expect(late.detail).toContain('400 packages so far');
  });

  test('an expectation that was too low is dropped', () => {
    expect(at(fetching(500, 400), 400)).toMatchObject({ packages: { done: 500, of: undefined } });
  });

  test('the time of phases nobody has seen: what is left of this one is', () => {
    const { etaMs, detail } = at(fetching(215, 310), 310, { expected: { ...el6, lengths: undefined } });
    expect(etaMs).toBeUndefined();
    expect(detail).toBe('215 of 431 packages, about 3 min for the rest of them');
  });

  test('the time of a phase that takes longer than the last time', () => {
    expect(at(prepared, 60 + 61).etaMs).toBeUndefined();
  });
});

describe('silence', () => {
  test('packages fetched first and then silence: they are being installed, and nothing looks stuck', () => {
    for (const expected of [el9, { ...el9, packages: undefined }, { ...el9, packages: { ...rehearsed, count: 440 } }]) {
      const told = at(fetched, 110 + 15 * 60, { expected });
      expect(told).toMatchObject({ phase: 'installing', silent: undefined });
    }
  });

  test('far from all of them, silent: that is said, with what was seen last', () => {
    const told = at(fetching(100, 130), 130 + 12 * 60, { expected: el9 });
    expect(told).toMatchObject({ phase: 'packages', silent: 'silent for 12 min, last seen: package p100.rpm' });
    expect(progressCell(told)).toContain(', silent for 12 min');
  });

  test('a phase that took long the last time may be as silent again', () => {
    const expected = { ...el9, lengths: { ...el9.lengths, configuring: 20 * 60_000 } };
    expect(at(post, 500 + 15 * 60, { expected: el9 }).silent).toContain('report post');
    expect(at(post, 500 + 15 * 60, { expected }).silent).toBeUndefined();
  });
});

describe('the percent', () => {
  const KINDS: readonly ((row: number) => Stage)[] = [
    () => file('loader', 'pxelinux.0'),
    () => file('kernel', 'vmlinuz'),
    () => file('initrd', 'initrd.img'),
    () => given(),
    () => content('treeinfo'),
    () => content('stage2'),
    () => content('metadata'),
    () => content('package', { outcome: 'broken-off' }),
    () => report('started'),
    () => report('post'),
    (row) => report(`post.step${row % 6}${row % 2 === 0 ? '' : '.done'}`),
    () => report('installed'),
  ];
  const event = fc.record({
    kind: fc.oneof(
      { weight: 2, arbitrary: fc.nat(KINDS.length - 1) },
      { weight: 1, arbitrary: fc.constant(KINDS.length) },
    ),
    waitMs: fc.nat(200_000),
    count: fc.integer({ min: 1, max: 30 }),
  });
  const expectation = fc.record({
    style: fc.constantFrom<Expected['style']>('one by one', 'all first'),
    reports: fc.boolean(),
    packages: fc.option(fc.constant({ ...rehearsed, count: 40 }), { nil: undefined }),
    steps: fc.option(fc.nat(8), { nil: undefined }),
    lengths: fc.option(
      fc.record({
        loading: fc.nat(99_000),
        starting: fc.nat(99_000),
        preparing: fc.nat(99_000),
        packages: fc.nat(999_000),
        installing: fc.nat(999_000),
        configuring: fc.nat(99_000),
      }),
      { nil: undefined },
    ),
  });

  test('never goes back and never reaches 100, however stages come', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), expectation, (events, known) => {
        let records: StageRecord[] = [];
        let [now, highest, isGiven] = [START, 0, false];
        const look = (): void => {
          // Nothing is known before the instructions were given.
          const expected = isGiven ? known : nothingExpected;
          const { percent, etaMs } = progressOf({ records, startedAt: START, given: isGiven, expected }, now);
          expect(percent).toBeGreaterThanOrEqual(highest);
          expect(percent).toBeLessThan(100);
          expect(etaMs ?? 0).toBeGreaterThanOrEqual(0);
          highest = percent;
        };
        for (const [row, { kind, waitMs, count }] of events.entries()) {
          now += waitMs;
          look();
          const stage = KINDS[kind]?.(row);
          records =
            stage === undefined ? counted(records, count, now) : [...records, ...tell([(now - START) / SECOND, stage])];
          isGiven ||= stage?.kind === 'instructions';
          look();
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a package asked for again while the others are installed takes nothing back', () => {
    const before = at(fetched, 350, { expected: el9 });
    const again = at([...reading, [351, packages(432, 110)]], 351, { expected: el9 });
    expect([before.phase, again.phase]).toEqual(['installing', 'installing']);
    expect(again.percent).toBeGreaterThanOrEqual(before.percent);
  });

  /** The kept row of packages goes on: `count` more at `now`. */
  function counted(records: readonly StageRecord[], count: number, now: number): StageRecord[] {
    const isRow = ({ stage }: StageRecord): boolean =>
      stage.kind === 'content' && stage.what === 'package' && stage.outcome === 'sent';
    const row = records.find(isRow)?.stage;
    const before = row?.kind === 'content' ? row : undefined;
    const total = (before?.count ?? 0) + count;
    const firstAt = before?.firstAt ?? now;
    const stage = content('package', { count: total, bytes: total * 700_000, firstAt });
    const [made] = tell([(now - START) / SECOND, stage]);
    if (made === undefined) return [...records];
    return before === undefined ? [...records, made] : records.map((one) => (isRow(one) ? made : one));
  }
});

test('how long each phase took is told from where the next one began', () => {
  const marks = marksOf(tell(...steps), START, { given: true, style: 'all first', reports: true, packages: 1 });
  expect(phaseLengths(marks.begun, START + 520 * SECOND)).toEqual({
    loading: 10_000,
    starting: 50_000,
    preparing: 50_000,
    packages: 60_000,
    installing: 330_000,
    configuring: 20_000,
  });
});
