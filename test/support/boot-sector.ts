// The code of the lab's boot sector, which says that it was booted and powers the machine off (guest/boot-sector.s).

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a disk with it prints. */
export const BOOTED_FROM_DISK = 'kickstand-lab: booted from disk';

/** Its bytes, short enough to leave room for a partition table: at most 440. */
export async function bootSector(): Promise<Buffer> {
  const hex = await readFile(join(import.meta.dirname, 'guest', 'boot-sector.hex'), 'utf8');
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
}
