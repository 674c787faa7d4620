// Sizes as people write them: `500M`, `20G`, `2T`, in powers of 1024. A leaf.

/** The form of a size. */
export const SIZE = '[1-9]\\d{0,8}[MGT]';

const UNITS_MB = { M: 1, G: 1024, T: 1024 * 1024 } as const;

/** MiB of `500M`, `20G`, `2T`; undefined for anything else. */
export function readSizeMb(text: string): number | undefined {
  if (!new RegExp(`^${SIZE}$`).test(text)) return undefined;
  return Number(text.slice(0, -1)) * UNITS_MB[text.slice(-1) as keyof typeof UNITS_MB];
}

/** The text of so many MiB, as `readSizeMb` reads it. */
export function formatSizeMb(sizeMb: number): string {
  if (sizeMb % UNITS_MB.T === 0) return `${sizeMb / UNITS_MB.T}T`;
  return sizeMb % UNITS_MB.G === 0 ? `${sizeMb / UNITS_MB.G}G` : `${sizeMb}M`;
}
