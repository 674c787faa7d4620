// How far a sync is, how fast, and how long it will take: counted up and told now and then to whoever watches. The clock is handed in.

export type SyncPhase = 'metadata' | 'packages' | 'publishing';

export type SyncProgress = {
  readonly phase: SyncPhase;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Bytes that a local tree gave instead of the network; `bytesDone` counts them too. */
  readonly reused: number;
  /** Of the last seconds, smoothed; 0 before anything came. */
  readonly bytesPerSecond: number;
  /** Of the phase that runs; undefined where nothing can be said. */
  readonly etaSeconds: number | undefined;
};

/** Counts up, and reports at most every `REPORT_EVERY_MS`, at each change of phase and at the end. */
export type ProgressCounter = {
  begin(phase: SyncPhase): void;
  expect(files: number, bytes: number): void;
  /** Bytes that an earlier try left; negative where a file starts over. */
  resumed(bytes: number): void;
  /** Bytes from the network. */
  received(bytes: number): void;
  /** A whole file from a local tree. */
  reused(bytes: number): void;
  /** A file is in the pool that was fetched from upstream. */
  fileDone(): void;
  /** Tells what was not told yet. */
  end(): void;
  totals(): SyncTotals;
};

/** What a sync brought: what really came over the wire, and what local trees gave instead. */
export type SyncTotals = {
  readonly filesFetched: number;
  readonly bytesFetched: number;
  readonly filesReused: number;
  readonly bytesReused: number;
};

const REPORT_EVERY_MS = 100;

export function countProgress(onProgress: (progress: SyncProgress) => void, now: () => number): ProgressCounter {
  let counts = { phase: 'metadata' as SyncPhase, filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0, reused: 0 };
  let totals: SyncTotals = { filesFetched: 0, bytesFetched: 0, filesReused: 0, bytesReused: 0 };
  let rate = startRate(now());
  let toldMs = Number.NEGATIVE_INFINITY;
  let isTold = true;
  const tell = (): void => {
    isTold = true;
    toldMs = now();
    const bytesPerSecond = Math.round(rate.bytesPerSecond);
    onProgress({ ...counts, bytesPerSecond, etaSeconds: etaSeconds(counts, rate.bytesPerSecond) });
  };
  const change = (part: Partial<typeof counts>, came = 0): void => {
    const at = now();
    counts = { ...counts, ...part };
    rate = addToRate(rate, { atMs: at, bytes: came });
    isTold = false;
    // A clock that was set back must not silence the reports.
    if (at - toldMs >= REPORT_EVERY_MS || at < toldMs) tell();
  };
  const flush = (): void => {
    if (!isTold) tell();
  };
  return {
    begin: (phase) => {
      if (phase === counts.phase) return;
      flush();
      counts = { ...counts, phase };
      tell();
    },
    expect: (files, bytes) => change({ filesTotal: counts.filesTotal + files, bytesTotal: counts.bytesTotal + bytes }),
    resumed: (bytes) => change({ bytesDone: counts.bytesDone + bytes }),
    received: (bytes) => {
      totals = { ...totals, bytesFetched: totals.bytesFetched + bytes };
      change({ bytesDone: counts.bytesDone + bytes }, bytes);
    },
    reused: (bytes) => {
      const { filesReused, bytesReused } = totals;
      totals = { ...totals, filesReused: filesReused + 1, bytesReused: bytesReused + bytes };
      const { filesDone, bytesDone, reused } = counts;
      change({ filesDone: filesDone + 1, bytesDone: bytesDone + bytes, reused: reused + bytes }, bytes);
    },
    fileDone: () => {
      totals = { ...totals, filesFetched: totals.filesFetched + 1 };
      change({ filesDone: counts.filesDone + 1 });
    },
    end: flush,
    totals: () => totals,
  };
}

/** A rate that forgets what is long past. `sinceMs` and `bytes` are of the window that is not weighed in yet. */
export type Rate = {
  readonly bytesPerSecond: number;
  readonly sinceMs: number;
  readonly bytes: number;
  readonly isFirst: boolean;
};

/** A shorter window would measure the size of the chunks. */
const WINDOW_MS = 500;
/** What came so long ago weighs a third of what comes now. */
const MEMORY_MS = 5000;

export function startRate(nowMs: number): Rate {
  return { bytesPerSecond: 0, sinceMs: nowMs, bytes: 0, isFirst: true };
}

/** The rate after `bytes` more at `atMs`: an exponential mean of windows, each weighed by how long it was. */
export function addToRate(rate: Rate, { atMs, bytes }: { readonly atMs: number; readonly bytes: number }): Rate {
  const lastedMs = atMs - rate.sinceMs;
  const sum = rate.bytes + bytes;
  if (lastedMs < 0) return { ...rate, sinceMs: atMs, bytes: sum };
  if (lastedMs < WINDOW_MS || (rate.isFirst && sum === 0)) return { ...rate, bytes: sum };
  const now = (sum * 1000) / lastedMs;
  const weight = rate.isFirst ? 1 : 1 - Math.exp(-lastedMs / MEMORY_MS);
  const bytesPerSecond = rate.bytesPerSecond + weight * (now - rate.bytesPerSecond);
  return { bytesPerSecond, sinceMs: atMs, bytes: 0, isFirst: false };
}

/** Whole seconds until what is known to come has come, or undefined: nothing came yet, or nothing is to come. */
export function etaSeconds(
  { bytesDone, bytesTotal }: Pick<SyncProgress, 'bytesDone' | 'bytesTotal'>,
  bytesPerSecond: number,
): number | undefined {
  if (bytesPerSecond <= 0 || bytesTotal === 0) return undefined;
  return Math.ceil(Math.max(0, bytesTotal - bytesDone) / bytesPerSecond);
}
