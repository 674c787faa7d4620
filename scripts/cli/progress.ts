// Progress of long work on the terminal: a bar that redraws where there is one, plain lines now and then elsewhere.

import { formatBytes } from './output.ts';

/** Where long work stands. Who counts rate and time left itself says them; else they are reckoned here. */
export type Progress = {
  readonly phase?: string | undefined;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond?: number | undefined;
  readonly etaSeconds?: number | undefined;
};

export type ProgressBar = { show(progress: Progress): void; end(): void };

/** Where progress is written: standard error, so that results can be read from standard output. */
export type ProgressScreen = {
  readonly isTerminal: boolean;
  readonly columns: () => number;
  readonly now: () => number;
  readonly write: (text: string) => void;
};

const REDRAW_MS = 100;
/** Where nobody watches a bar: a line when a tenth more is done, but not more often than this … */
const LINE_MS = 3000;
/** … and at least so often, that a log shows that it goes on. */
const SILENCE_MS = 30_000;
const BAR_CELLS = 20;
const CLEAR_LINE = '\r\u001b[2K';

/** A bar on standard error, labelled `label`. Silent where `quiet`. */
export function progressBar(label: string, quiet: 'quiet' | 'loud'): ProgressBar {
  if (quiet === 'quiet') return { show: () => {}, end: () => {} };
  return drawProgress(label, {
    isTerminal: process.stderr.isTTY,
    columns: () => process.stderr.columns,
    now: Date.now,
    write: (text) => void process.stderr.write(text),
  });
}

/** The same on any screen. */
export function drawProgress(label: string, screen: ProgressScreen): ProgressBar {
  const startedAt = screen.now();
  let shown = { at: startedAt, share: 0, phase: undefined as string | undefined };
  let isDrawn = false;
  return {
    show: (progress) => {
      const now = screen.now();
      const share = shareOf(progress);
      const sinceMs = now - shown.at;
      const isNews = share - shown.share >= 0.1 || progress.phase !== shown.phase;
      const isDue = screen.isTerminal ? sinceMs >= REDRAW_MS : sinceMs >= (isNews ? LINE_MS : SILENCE_MS);
      if (!isDue) return;
      shown = { at: now, share, phase: progress.phase };
      isDrawn = true;
      const line = progressLine(label, progress, now - startedAt);
      // A line that wraps could not be drawn over.
      screen.write(
        screen.isTerminal ? `${CLEAR_LINE}${line.slice(0, Math.max(20, screen.columns() - 1))}` : `${line}\n`,
      );
    },
    end: () => {
      if (screen.isTerminal && isDrawn) screen.write(CLEAR_LINE);
    },
  };
}

/** `cloudstack  [#####-----]  52%  packages  12/24 files  3.1 MiB of 6.0 MiB  1.2 MiB/s  2 s left`. */
export function progressLine(label: string, progress: Progress, elapsedMs: number): string {
  const share = shareOf(progress);
  const filled = Math.floor(share * BAR_CELLS);
  const rate = progress.bytesPerSecond ?? (elapsedMs === 0 ? 0 : (progress.bytesDone * 1000) / elapsedMs);
  const left = secondsLeft(progress, rate);
  return [
    label,
    `[${'#'.repeat(filled)}${'-'.repeat(BAR_CELLS - filled)}]`,
    `${String(Math.floor(share * 100)).padStart(3)}%`,
    ...(progress.phase === undefined ? [] : [progress.phase]),
    `${progress.filesDone}/${progress.filesTotal} files`,
    `${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesTotal)}`,
    `${formatBytes(rate)}/s`,
    ...(left === undefined ? [] : [`${formatSpan(left)} left`]),
  ].join('  ');
}

function shareOf({ bytesDone, bytesTotal }: Progress): number {
  return bytesTotal === 0 ? 0 : Math.max(0, Math.min(1, bytesDone / bytesTotal));
}

/** Who counts the rate knows best how long it takes, or that nobody can say. */
function secondsLeft(progress: Progress, rate: number): number | undefined {
  if (progress.bytesPerSecond !== undefined) return progress.etaSeconds;
  return rate === 0 ? undefined : Math.max(0, progress.bytesTotal - progress.bytesDone) / rate;
}

/** `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSpan(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
