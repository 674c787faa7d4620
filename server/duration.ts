// Lengths of time as people write them: `90m`, `2h`. Pure.

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `45s`, `90m`, `2h`, `1d` or a bare number of seconds, as milliseconds; undefined for anything else, and for nothing. */
export function readDuration(text: string): number | undefined {
  const [, count, unit = 's'] = /^(\d{1,7})([smhd])?$/.exec(text) ?? [];
  const ms = Number(count ?? 0) * (isUnit(unit) ? UNITS[unit] : 0);
  return ms > 0 ? ms : undefined;
}

/** Whole seconds in the largest unit that keeps them whole: `90m` of 5400. */
export function formatSeconds(seconds: number): string {
  const units = (['d', 'h', 'm'] as const).filter((unit) => (seconds * 1000) % UNITS[unit] === 0);
  const unit = units[0] ?? 's';
  return `${(seconds * 1000) / UNITS[unit]}${unit}`;
}

function isUnit(text: string): text is keyof typeof UNITS {
  return Object.hasOwn(UNITS, text);
}
