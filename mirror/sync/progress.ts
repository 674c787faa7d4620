// How far a sync is: counts of files and bytes to fetch, told to whoever watches.

export type SyncProgress = {
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
};

/** Counts up and reports each change. */
export type ProgressCounter = {
  expect(files: number, bytes: number): void;
  /** Bytes that an earlier try left; negative where a file starts over. */
  resumed(bytes: number): void;
  received(bytes: number): void;
  fileDone(): void;
  /** What really came over the wire, and the files made of it. */
  fetched(): { readonly filesFetched: number; readonly bytesFetched: number };
};

export function countProgress(onProgress: (progress: SyncProgress) => void): ProgressCounter {
  let progress: SyncProgress = { filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0 };
  let bytesFetched = 0;
  const change = (part: Partial<SyncProgress>): void => {
    progress = { ...progress, ...part };
    onProgress(progress);
  };
  return {
    expect: (files, bytes) =>
      change({ filesTotal: progress.filesTotal + files, bytesTotal: progress.bytesTotal + bytes }),
    resumed: (bytes) => change({ bytesDone: progress.bytesDone + bytes }),
    received: (bytes) => {
      bytesFetched += bytes;
      change({ bytesDone: progress.bytesDone + bytes });
    },
    fileDone: () => change({ filesDone: progress.filesDone + 1 }),
    fetched: () => ({ filesFetched: progress.filesDone, bytesFetched }),
  };
}
