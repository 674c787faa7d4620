// Progress of long work on the terminal: a bar that redraws where there is one, plain lines now and then elsewhere.

import { formatBytes } from './output.ts';

/** Where long work stands. */
export type Progress = {
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
};

export type ProgressBar = { show(progress: Progress): void; end(): void };

const REDRAW_MS = 100;
const LINE_MS = 10_000;

/** A bar on standard error, labelled `label`. Silent where `quiet`. */
export function progressBar(label: string, quiet: 'quiet' | 'loud'): ProgressBar {
  const terminal = process.stderr.isTTY;
  const started = Date.now();
  let shownAt = started;
  return {
    show: (progress) => {
      const now = Date.now();
      if (quiet === 'quiet' || now - shownAt < (terminal ? REDRAW_MS : LINE_MS)) return;
      shownAt = now;
      const line = progressLine(label, progress, now - started);
      process.stderr.write(terminal ? `\r\u001b[2K${line}` : `${line}\n`);
    },
    end: () => {
      if (quiet === 'loud' && terminal && shownAt > started) process.stderr.write('\r\u001b[2K');
    },
  };
}

/** `cloudstack  [#####-----]  12/24 files  3.1 MiB of 6.0 MiB  1.2 MiB/s  2 s left`. */
function progressLine(label: string, progress: Progress, elapsedMs: number): string {
  const share = progress.bytesTotal === 0 ? 0 : Math.min(1, progress.bytesDone / progress.bytesTotal);
  const filled = Math.floor(share * 20);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(20 - filled)}]`;
  const perSecond = elapsedMs === 0 ? 0 : (progress.bytesDone * 1000) / elapsedMs;
  const left = perSecond === 0 ? '' : `  ${Math.ceil((progress.bytesTotal - progress.bytesDone) / perSecond)} s left`;
  const bytes = `${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesTotal)}`;
  return `${label}  ${bar}  ${progress.filesDone}/${progress.filesTotal} files  ${bytes}  ${formatBytes(perSecond)}/s${left}`;
}
