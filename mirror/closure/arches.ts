// Which packages a machine can install, by their architectures. A table, and its look-ups; pure.

/**
 * Machine → the architectures it runs beside `noarch`, as dnf has it (libsolv's archpolicies). A machine is what `uname -m` says,
 * or the levels that distributions name beyond it.
 */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  x86_64_v4: ['x86_64_v4', 'x86_64_v3', 'x86_64_v2', 'x86_64', 'i686', 'i586', 'i486', 'i386'],
  x86_64_v3: ['x86_64_v3', 'x86_64_v2', 'x86_64', 'i686', 'i586', 'i486', 'i386'],
  x86_64_v2: ['x86_64_v2', 'x86_64', 'i686', 'i586', 'i486', 'i386'],
  x86_64: ['x86_64', 'i686', 'i586', 'i486', 'i386'],
  i686: ['i686', 'i586', 'i486', 'i386'],
  aarch64: ['aarch64'],
  ppc64le: ['ppc64le'],
  ppc64: ['ppc64', 'ppc'],
  ppc: ['ppc'],
  s390x: ['s390x', 's390'],
  s390: ['s390'],
  riscv64: ['riscv64'],
  loongarch64: ['loongarch64'],
  ia64: ['ia64', 'i686', 'i586', 'i486', 'i386'],
  armv7hl: ['armv7hl', 'armv6hl'],
  armv6hl: ['armv6hl'],
};

const SOURCES = new Set(['src', 'nosrc']);

/** The architectures that `machine` installs, `noarch` among them; of a machine nobody knows, its own name. */
export function archesOf(machine: string): ReadonlySet<string> {
  const known = Object.hasOwn(RUNS, machine) ? RUNS[machine] : undefined;
  return new Set([...(known ?? [machine]), 'noarch']);
}

/** The machine that a tree of architecture `arch` installs: `i386` trees hold i686 packages. */
export function machineOf(arch: string): string {
  return /^i[3-6]86$/.test(arch) ? 'i686' : arch;
}

/**
 * The machines that packages of these architectures are for: the fewest that install all of them. Packages of `noarch` alone
 * are for any machine, of which one is enough; source packages are for none.
 */
export function machinesFor(arches: Iterable<string>): readonly string[] {
  const left = new Set([...arches].filter((arch) => !SOURCES.has(arch)).map(machineOf));
  const isEmpty = left.size === 0;
  left.delete('noarch');
  if (left.size === 0) return isEmpty ? [] : ['noarch'];
  const machines: string[] = [];
  // The table names greater machines before those they include.
  for (const machine of [...Object.keys(RUNS), ...left]) {
    if (!left.has(machine)) continue;
    machines.push(machine);
    for (const arch of archesOf(machine)) left.delete(machineOf(arch));
  }
  return machines;
}
