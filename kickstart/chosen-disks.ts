// Disks that a profile names by their size: how %pre finds them on the machine, and how its storage lines get their names.

import type { DiskRule } from '../server/disk-rule.ts';
import { readDiskRule, sizesOf } from '../server/disk-rule.ts';
import type { Storage } from '../server/domain.ts';
import { wipedDisks } from './disks.ts';
import { shellWord } from './quote.ts';

/** Is any of the disks to be found by its size? */
export function hasChosen(storage: Storage): boolean {
  return chosen(storage).length > 0;
}

/** Each disk that is wiped as a word of %pre's shell: its name, or the variable that `chooseDisks` sets. */
export function diskWords(storage: Storage): readonly string[] {
  const variables = new Map(chosen(storage).map(({ text, place }) => [text, `"$disk_${place}"`]));
  return wipedDisks(storage).map((disk) => variables.get(disk) ?? shellWord(disk));
}

/** `storage` with a placeholder for each disk that is still to be found. */
export function withPlaceholders(storage: Storage): Storage {
  return renamed(storage, (place) => `@DISK${place}@`);
}

/** `storage` as it might be once they are found: for a look at the whole kickstart before any machine has read it. */
export function withStandIns(storage: Storage): Storage {
  return renamed(storage, (place) => `disk/by-size/${place}`);
}

/** The filter that puts the names found in place of the placeholders; ends in a blank, empty where there is none to put. */
export function putChosen(storage: Storage): string {
  const expressions = chosen(storage).map(({ place }) => `-e "s|@DISK${place}@|$disk_${place}|g"`);
  if (expressions.length === 0) return '';
  return `| sed ${expressions.join(' ')} `;
}

/** Shell text that sets `disk_1` … to the names of the disks, or refuses. It needs `refuse`; empty where none is to be found. */
export function chooseDisks(storage: Storage): string {
  const rules = chosen(storage);
  if (rules.length === 0) return '';
  const named = wipedDisks(storage).filter((disk) => readDiskRule(disk) === undefined);
  const bySize = [...Map.groupBy(rules, sizesOf)];
  return `${CHOOSE}named=${shellWord(named.join(' '))}
${bySize.map(([size, some]) => chooseSize(size, some)).join('')}`;
}

/** `place`: which of all chosen ones it is, from 1. */
type Chosen = DiskRule & { readonly text: string; readonly place: number };

function chosen(storage: Storage): readonly Chosen[] {
  const rules = wipedDisks(storage).flatMap((text) => {
    const rule = readDiskRule(text);
    return rule === undefined ? [] : [{ ...rule, text }];
  });
  return rules.map((rule, index) => ({ ...rule, place: index + 1 }));
}

/** `size` is what all of `rules` are of. */
function chooseSize(size: string, rules: readonly Chosen[]): string {
  const [first] = rules;
  if (first === undefined) return '';
  const set = rules.map(({ place, number }) => `disk_${place}=$${number}`).join(' ');
  return `choose ${rules.length} ${first.fromMb} ${first.toMb} ${shellWord(size)}
set -- $chosen
${set}
`;
}

function renamed(storage: Storage, name: (place: number) => string): Storage {
  const names = new Map(chosen(storage).map(({ text, place }) => [text, name(place)]));
  const put = (disks: readonly string[]) => disks.map((disk) => names.get(disk) ?? disk);
  return {
    ...storage,
    disks: put(storage.disks),
    data: storage.data.map((lot) => ({ ...lot, disks: put(lot.disks) })),
  };
}

// sysfs: a disk has no file "partition"; device-mapper, RAID, loop and memory devices have no "device" beside them, CD drives and
// floppies neither a size worth asking for. Kernel names keep a slash as "!": cciss!c0d0.
const CHOOSE = `# choose COUNT FROM TO WORDS: sets chosen to the names of the disks from FROM to TO MiB. There must be COUNT of them, so that
# none is wiped that nobody thought of. Disks that are named, read-only or can be pulled out do not count.
choose() {
  chosen= seen= count=0
  for entry in /sys/block/*; do
    [ -e "$entry/device" ] || continue
    [ "$(cat "$entry/removable" 2>/dev/null)" = 0 ] && [ "$(cat "$entry/ro" 2>/dev/null)" = 0 ] || continue
    name=\${entry##*/}
    name=\${name//!//}
    is_named "$name" && continue
    read -r sectors <"$entry/size" || continue
    size=$((sectors / 2048))
    [ "$size" -gt 0 ] || continue
    seen="$seen $name:\${size}MiB"
    if [ "$size" -ge "$2" ] && [ "$size" -le "$3" ]; then
      chosen="$chosen $name"
      count=$((count + 1))
    fi
  done
  [ "$count" = "$1" ] || refuse "the profile takes $1 disks of $4 and this machine has $count: it has\${seen:- none}"
  echo "of $4:$chosen"
}

# is_named NAME: does the profile name this disk, by this name or by another?
is_named() {
  for one in $named; do
    [ "$(readlink -f "/dev/$one")" = "$(readlink -f "/dev/$1")" ] && return 0
  done
  return 1
}
`;
