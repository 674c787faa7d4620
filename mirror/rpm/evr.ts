// Which of two versions of a package is newer, by rpm's own rule (rpm-version(7)). Pure.

/** Epoch, version and release. A package without an epoch has epoch 0. */
export type Evr = { readonly epoch: number; readonly version: string; readonly release: string };

/** Negative where `a` is older than `b`, 0 where neither is, positive where it is newer. */
export function compareEvr(a: Evr, b: Evr): number {
  return Math.sign(a.epoch - b.epoch) || compareVersions(a.version, b.version) || compareVersions(a.release, b.release);
}

/**
 * Compares runs of digits as numbers and runs of letters as ASCII; a run of digits is newer than one of letters, and what
 * has more runs is newer. `~` sorts before the end (1.0~rc1 is older than 1.0), `^` behind it but before anything else
 * (1.0^git1 is newer than 1.0 and older than 1.0.1). Other characters only separate.
 */
export function compareVersions(a: string, b: string): number {
  const left = segmentsOf(a);
  const right = segmentsOf(b);
  for (let index = 0; ; index += 1) {
    const one = left[index];
    const two = right[index];
    if (one === undefined && two === undefined) return 0;
    const difference = compareSegments(one, two);
    if (difference !== 0) return difference;
  }
}

function segmentsOf(text: string): readonly string[] {
  return text.match(/\d+|[a-zA-Z]+|[~^]/g) ?? [];
}

function compareSegments(one: string | undefined, two: string | undefined): number {
  if (one === two) return 0;
  if (one === '~' || two === '~') return one === '~' ? -1 : 1;
  // Behind the end, before any other run.
  if (one === '^') return two === undefined ? 1 : -1;
  if (two === '^') return one === undefined ? -1 : 1;
  if (one === undefined || two === undefined) return one === undefined ? -1 : 1;
  const isNumber = /^\d/.test(one);
  if (isNumber !== /^\d/.test(two)) return isNumber ? 1 : -1;
  return isNumber ? compareDigits(one, two) : compareText(one, two);
}

/** As texts: versions hold numbers of any length. */
function compareDigits(one: string, two: string): number {
  const [a, b] = [one.replace(/^0+/, ''), two.replace(/^0+/, '')];
  return Math.sign(a.length - b.length) || compareText(a, b);
}

function compareText(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0;
}
