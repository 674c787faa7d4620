// What disks are worth in a layout, as shell text for %pre: it compares that with what the profile takes, before any disk is wiped.

import type { Layout } from '../server/domain.ts';

/** A shell function `worth MIB…`, which prints what `worthMb` answers of the same sizes. */
export function worthFunction(layout: Layout): string {
  const result: Readonly<Record<Layout, string>> = {
    whole: '$sum',
    lvm: '$sum',
    raid1: '$least',
    raid10: '$((least * $# / 2))',
  };
  return `# worth MIB…: what disks of these sizes hold as ${layout}.
worth() {
  sum=0 least=
  for size in "$@"; do
    sum=$((sum + size))
    if [ -z "$least" ] || [ "$size" -lt "$least" ]; then least=$size; fi
  done
  echo "${result[layout]}"
}
`;
}
