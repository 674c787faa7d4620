// Progress on a terminal and in a log file: what a line says, how often it is drawn, and that it never wraps.

import { describe, expect, test } from 'vitest';
import type { Progress } from '../../scripts/cli/progress.ts';
import { drawProgress, formatSpan, progressLine } from '../../scripts/cli/progress.ts';

const half: Progress = { filesDone: 12, filesTotal: 24, bytesDone: 3_145_728, bytesTotal: 6_291_456 };

describe('a line', () => {
  test.each<[string, Progress, number, string]>([
    [
      'reckons rate and time left itself',
      half,
      2000,
      'base  [##########----------]   50%  12/24 files  3.0 MiB of 6.0 MiB  1.5 MiB/s  2 s left',
    ],
    [
      'or takes them from who knows better, with the phase',
      { ...half, phase: 'packages', bytesPerSecond: 1024, etaSeconds: 200 },
      2000,
      'base  [##########----------]   50%  packages  12/24 files  3.0 MiB of 6.0 MiB  1.0 KiB/s  3 min 20 s left',
    ],
    [
      'says no time where nobody knows one',
      { ...half, bytesPerSecond: 0, etaSeconds: undefined },
      2000,
      'base  [##########----------]   50%  12/24 files  3.0 MiB of 6.0 MiB  0 B/s',
    ],
    [
      'at the start',
      { filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0 },
      0,
      'base  [--------------------]    0%  0/0 files  0 B of 0 B  0 B/s',
    ],
    [
      'more than was expected is all of it',
      { ...half, bytesDone: 9_000_000 },
      1000,
      'base  [####################]  100%  12/24 files  8.6 MiB of 6.0 MiB  8.6 MiB/s  0 s left',
    ],
  ])('%s', (_what, progress, elapsedMs, line) => {
    expect(progressLine('base', progress, elapsedMs)).toBe(line);
  });

  test.each([
    [0, '0 s'],
    [41.2, '42 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSpan(seconds)).toBe(text);
  });
});

/** What is written while progress is shown each 50 ms, 1 % more each time. */
function written(isTerminal: boolean, columns: number): readonly string[] {
  let now = 0;
  const texts: string[] = [];
  const bar = drawProgress('base', {
    isTerminal,
    columns: () => columns,
    now: () => now,
    write: (text) => void texts.push(text),
  });
  for (let percent = 0; percent <= 100; percent += 1) {
    bar.show({ filesDone: percent, filesTotal: 100, bytesDone: percent, bytesTotal: 100 });
    now += 50;
  }
  bar.end();
  return texts;
}

test('a terminal is redrawn ten times a second, on one line, and left clean', () => {
  const texts = written(true, 40);
  expect(texts.length).toBeGreaterThan(45);
  expect(texts.length).toBeLessThan(53);
  for (const text of texts) {
    expect(text.startsWith('\r\u001b[2K')).toBe(true);
    expect(text.length).toBeLessThan(40 + 5);
    expect(text).not.toContain('\n');
  }
  expect(texts.at(-1)).toBe('\r\u001b[2K');
});

test('a log file gets whole lines, some seconds apart', () => {
  const texts = written(false, 0);
  expect(texts).toHaveLength(1);
  expect(texts[0]).toMatch(/^base {2}\[#{12}-{8}\] {3}60%.*\n$/);
});

test('a log file is told that it goes on where nothing moves', () => {
  let now = 0;
  const texts: string[] = [];
  const bar = drawProgress('base', {
    isTerminal: false,
    columns: () => 0,
    now: () => now,
    write: (text) => void texts.push(text),
  });
  for (; now <= 95_000; now += 1000) bar.show(half);
  bar.end();
  expect(texts.length).toBe(4);
});
