// Whether the disk has room for what is about to begin, in numbers a person reads. Pure.

import { no, type No } from '../../server/malformed.ts';
import { sizeText } from '../../server/size-text.ts';

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
