// Whether the disk has room for what is about to begin, in numbers a person reads. Pure.

import { no, type No } from '../../server/malformed.ts';

export type Room = {
  readonly neededBytes: number;
  readonly freeBytes: number;
  /** What `kickstand repo prune` would set free; undefined where that is not known. */
  readonly prunableBytes: number | undefined;
};

/** Why it is not begun; undefined where it fits. */
export function refuseForRoom({ neededBytes, freeBytes, prunableBytes }: Room): No | undefined {
  if (neededBytes <= freeBytes) return undefined;
  const missing = neededBytes - freeBytes;
  const prunable = prunableBytes ?? 0;
  const reason = `the disk is full: ${neededBytes} bytes are needed (${sizeText(neededBytes)}) and ${freeBytes} are free (${sizeText(freeBytes)})`;
  if (prunable === 0) return no(reason, `make room for ${sizeText(missing)} more, or keep fewer snapshots`);
  const rest = prunable >= missing ? '' : `, which leaves ${sizeText(missing - prunable)} to be found elsewhere`;
  return no(reason, `kickstand repo prune would set ${sizeText(prunable)} free${rest}`);
}

/** `1.4 GiB`. */
export function sizeText(sizeBytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = sizeBytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? ''}`;
}
