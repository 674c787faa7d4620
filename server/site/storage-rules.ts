// What must hold between the values of a profile's storage: enough disks, each for one thing, each mount point once. Pure.

import type { Layout } from '../domain.ts';
import { DISKS_OF_LAYOUT } from '../layouts.ts';
import type { Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import type { Loose } from './shape.ts';
import type { StorageFile } from './storage.ts';

type Draft = Loose<StorageFile>;
const NUMBERS = ['no', 'one', 'two', 'three', 'four'];

/** What speaks against a profile's storage, whatever its role. */
export function checkStorage(draft: Draft, path: Path): readonly Finding[] {
  const lots = (draft.data ?? []).flatMap((lot, index) =>
    lot === undefined ? [] : checkCount(lot, [...path, 'data', index]),
  );
  return [...checkCount(draft, path), ...lots, ...checkTaken(draft, path), ...checkMounts(draft, path)];
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
