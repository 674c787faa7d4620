// The names of disks: which can stand in a kickstart, an answerfile and a script.

import { readDiskRule, sizesOf } from '../server/disk-rule.ts';
import type { Storage } from '../server/domain.ts';
import type { No } from '../server/malformed.ts';
import { no } from '../server/malformed.ts';

/** As below /dev: `sda`, `nvme0n1`, `disk/by-id/…`. No path leads anywhere else. */
const DISK = /^[A-Za-z0-9][A-Za-z0-9_.:@+-]*(?:\/[A-Za-z0-9][A-Za-z0-9_.:@+-]*)*$/;

/** All disks that an install wipes, the system's first. A hypervisor's guest disks are wiped besides. */
export function wipedDisks({ disks, data }: Storage): readonly string[] {
  return [...disks, ...data.flatMap((lot) => lot.disks)];
}

/** What is wrong with the disks that `storage` names, whatever the layout; `host` is for the message. */
export function diskRefusal(storage: Storage, host: string): No | undefined {
  const { disks, guest } = storage;
  const wiped = wipedDisks(storage);
  const odd = [...wiped, ...guest].find((disk) => !DISK.test(disk) && readDiskRule(disk) === undefined);
  if (odd !== undefined) return no(`not the name of a disk: ${JSON.stringify(odd.slice(0, 60))}`, 'name it as in /dev');
  if (disks.length === 0) return no(`no disk is named that ${host} may be installed on`, 'add storage: { disks: … }');
  const twice = hasTwice(wiped.map(inOneWay)) || hasTwice(guest);
  return twice ? no(`a disk of ${host} is named twice`, 'name each once') : undefined;
}

/** `1024G-2T` and `1T-2T#1` are one disk. */
function inOneWay(disk: string): string {
  const rule = readDiskRule(disk);
  return rule === undefined ? disk : `${sizesOf(rule)}#${rule.number}`;
}

function hasTwice(names: readonly string[]): boolean {
  return new Set(names).size !== names.length;
}
