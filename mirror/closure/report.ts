// What a check of dependencies found, and what of it is new. Pure.

/** A requirement that nothing provides. The package is written as dnf writes it: `bash-4.1.2-8.el6.x86_64`. */
export type Hole = { readonly repo: string; readonly package: string; readonly requirement: string };

export type ClosureReport = {
  /** Each once, in the order of the packages. */
  readonly holes: readonly Hole[];
  /** Boolean dependencies that cannot be read: dnf passes them over, and so no holes. */
  readonly unreadable: readonly Hole[];
  readonly checkedPackages: number;
};

/**
 * The holes of `after` that `before` has not: a package that came with a hole, or lost what it needs. A newer build of a package
 * that wants in vain what the older one wanted in vain brings nothing new.
 */
export function newHoles(before: ClosureReport, after: ClosureReport): readonly Hole[] {
  const known = new Set(before.holes.map(keyOf));
  return after.holes.filter((hole) => !known.has(keyOf(hole)));
}

/** Names hold dashes, versions and releases none: what stands before the last two is the name, behind the last dot the architecture. */
function keyOf({ repo, package: text, requirement }: Hole): string {
  const arch = text.slice(text.lastIndexOf('.') + 1);
  const name = text.replace(/-[^-]*-[^-]*$/, '');
  return JSON.stringify([repo, name, arch, requirement]);
}
