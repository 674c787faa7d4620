// What must hold between the values of a profile's storage: enough disks, each for one thing, each mount point once. Pure.

import type { DiskRule } from '../disk-rule.ts';
import { readDiskRule } from '../disk-rule.ts';
import type { Layout } from '../domain.ts';
import { neededMb, worthMb } from '../room.ts';
import { DISKS_OF_LAYOUT } from '../layouts.ts';
import type { Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import type { Loose } from './shape.ts';
import type { StorageFile } from './storage.ts';
import { readSize } from './storage-values.ts';

type Draft = Loose<StorageFile>;
const NUMBERS = ['no', 'one', 'two', 'three', 'four'];

/** What speaks against a profile's storage, whatever its role. */
export function checkStorage(draft: Draft, path: Path): readonly Finding[] {
  const lots = (draft.data ?? []).flatMap((lot, index) =>
    lot === undefined ? [] : checkCount(lot, [...path, 'data', index]),
  );
  return [
    ...checkCount(draft, path),
    ...lots,
    ...checkTaken(draft, path),
    ...checkRules(draft, path),
    ...checkRoom(draft, path),
    ...checkMounts(draft, path),
  ];
}

function checkCount(
  lot: { readonly layout?: Layout | undefined; readonly disks?: readonly unknown[] | undefined },
  path: Path,
): readonly Finding[] {
  const named = new Set(lot.disks?.filter((one) => one !== undefined));
  if (lot.layout === undefined || lot.disks === undefined || named.size < lot.disks.length) return [];
  const { least, most } = DISKS_OF_LAYOUT[lot.layout];
  const at = [...path, 'disks'];
  if (named.size < least) {
    const message = `${lot.layout} needs at least ${NUMBERS[least]} disks`;
    const other = lot.layout === 'raid10' && named.size > 1 ? 'raid1' : 'whole';
    return [
      finding(
        at,
        message,
        least - named.size === 1 && least === 2
          ? `name a second one, or write layout: ${other}`
          : `name ${least}, or write layout: ${other}`,
      ),
    ];
  }
  if (named.size <= most) return [];
  return [finding(at, `${lot.layout} takes one disk, not ${named.size}`, 'keep one, or write layout: raid1')];
}

/** A disk that is named for two things. */
function checkTaken({ disks: system = [], data = [] }: Draft, path: Path): readonly Finding[] {
  const taken = new Map<string | undefined, string>(system.map((one) => [one, 'the system']));
  return data.flatMap((lot, number) =>
    (lot?.disks ?? []).flatMap((one, index) => {
      if (one === undefined) return [];
      const by = taken.get(one);
      if (by === undefined) taken.set(one, lot?.at ?? 'other data');
      if (by === undefined || by === lot?.at) return [];
      return [finding([...path, 'data', number, 'disks', index], `${one} already holds ${by}`, 'name another disk')];
    }),
  );
}

/** Disks by their size: a machine has as many of a size as are asked for, and a disk can be of one size only. */
function checkRules({ disks = [], data = [] }: Draft, path: Path): readonly Finding[] {
  const all = [
    ...disks.map((text, index) => ({ text, at: ['disks', index] })),
    ...data.flatMap((lot, number) =>
      (lot?.disks ?? []).map((text, index) => ({ text, at: ['data', number, 'disks', index] })),
    ),
  ];
  const rules = all.flatMap(({ text, at }) => {
    const rule = text === undefined ? undefined : readDiskRule(text);
    return text === undefined || rule === undefined ? [] : [{ ...rule, text, at: [...path, ...at] }];
  });
  return rules.flatMap((rule, index) => checkRule(rule, rules.slice(0, index), rules));
}

type Named = DiskRule & { readonly text: string; readonly at: Path };

/** What speaks against `rule`, with those before it and all of them. One that stands twice letter for letter is told of elsewhere. */
function checkRule(rule: Named, before: readonly Named[], all: readonly Named[]): readonly Finding[] {
  const { number, text, at } = rule;
  const overlap = before.find((one) => !isSameSize(one, rule) && one.fromMb <= rule.toMb && rule.fromMb <= one.toMb);
  if (overlap !== undefined) {
    const remedy = 'give sizes that do not overlap, or name the disks';
    return [finding(at, `a disk may be both ${overlap.text} and ${text}`, remedy)];
  }
  const ofSize = before.filter((one) => isSameSize(one, rule));
  const twin = ofSize.find((one) => one.number === number && one.text !== text);
  if (twin !== undefined) return [finding(at, `${text} is the same disk as ${twin.text}`, 'number them from 1')];
  if (number === 1 || all.some((one) => isSameSize(one, rule) && one.number === number - 1)) return [];
  return [finding(at, `there is no number ${number - 1} of this size before it`, 'number them from 1')];
}

function isSameSize(one: DiskRule, other: DiskRule): boolean {
  return one.fromMb === other.fromMb && one.toMb === other.toMb;
}

/** Disks that are found by their size may be too small for what the profile puts on them, however large they are. */
function checkRoom({ layout, disks = [], root, mounts = [] }: Draft, path: Path): readonly Finding[] {
  const rules = disks.map((text) => (text === undefined ? undefined : readDiskRule(text)));
  const sizes = rules.flatMap((rule) => (rule === undefined ? [] : [rule.toMb]));
  if (layout === undefined || sizes.length === 0 || sizes.length < disks.length) return [];
  const wanted = mounts.map((mount) => ({ sizeMb: readSize(mount?.size ?? '') ?? ('rest' as const) }));
  const rootMb = root === undefined ? undefined : readSize(root);
  const needed = neededMb({ rootMb, mounts: wanted }, 'ext4');
  const worth = worthMb(layout, sizes);
  if (needed <= worth) return [];
  const message = `the largest of these disks hold ${formatGb(worth)} as ${layout}, and the profile takes ${formatGb(needed)}`;
  return [finding([...path, 'disks'], message, 'name larger disks, or make / and mounts smaller')];
}

function formatGb(sizeMb: number): string {
  return `${(sizeMb / 1024).toFixed(1)} GiB`;
}

function checkMounts({ root, mounts = [], data = [] }: Draft, path: Path): readonly Finding[] {
  const seen = new Set<string>();
  const twice = [
    ...mounts.map((one, index) => [one?.at, 'mounts', index] as const),
    ...data.map((one, index) => [one?.at, 'data', index] as const),
  ].flatMap(([at, list, index]) => {
    if (at === undefined) return [];
    if (!seen.has(at)) {
      seen.add(at);
      return [];
    }
    return [finding([...path, list, index, 'at'], `${at} is mounted already`, 'mount it once')];
  });
  const rests = mounts.flatMap((one, index) => (one?.size === 'rest' ? [index] : []));
  const [first, second] = rests;
  if (second !== undefined) {
    return [...twice, finding([...path, 'mounts', second, 'size'], 'only one can have the rest', 'write a size')];
  }
  if (first === undefined || root !== undefined) return twice;
  const message = 'the rest is taken by / where that has no size';
  return [...twice, finding([...path, 'mounts', first, 'size'], message, 'write root: 20G beside it, or a size here')];
}
