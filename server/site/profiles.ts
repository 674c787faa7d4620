// Profiles: storage that makes sense, a role that fits its tree, a CloudStack that takes its hypervisors. Pure.

import { parseOs } from '../os.ts';
import type { Os } from '../domain.ts';
import type { Fault, Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import { checkHypervisor, checkRole } from './rules.ts';
import type { SiteFile } from './schema.ts';
import type { Loose, Reading } from './shape.ts';
import { valueAt } from './shape.ts';

type DraftProfile = Loose<SiteFile['profiles'][number]>;

/** What speaks against the profiles of a file. */
export function checkProfiles({ draft, value }: Reading): readonly Finding[] {
  const systems = (draft.trees ?? []).map((tree) => (tree?.os === undefined ? undefined : parseOs(tree.os)));
  return (draft.profiles ?? []).flatMap((profile, index) => {
    if (profile === undefined) return [];
    const path = ['profiles', index];
    const tree = (draft.trees ?? []).findIndex((one) => one?.name !== undefined && one.name === profile.tree);
    const os = systems[tree];
    return [
      ...checkStorage(profile, [...path, 'storage']),
      ...(os === undefined ? [] : checkOs(profile, os, path)),
      ...checkCloudStack(profile, valueAt(value, path), path),
      ...checkHypervisors(profile, systems),
    ];
  });
}

/**
 * `whole` takes exactly one disk: a second one would be wiped and then left unused. A guest disk may be a system disk only
 * for XenServer, whose installer keeps its local storage on what the system leaves of the disk.
 */
function checkStorage({ storage, role }: DraftProfile, path: Path): readonly Finding[] {
  const disks = storage?.disks?.filter((disk) => disk !== undefined) ?? [];
  const several = new Set(disks).size;
  const at = [...path, 'disks'];
  const shared =
    role === 'xenserver' || role === undefined
      ? []
      : (storage?.guest ?? []).flatMap((disk, index) =>
          disk === undefined || !disks.includes(disk)
            ? []
            : [
                finding(
                  [...path, 'guest', index],
                  `${disk} already holds the system`,
                  'name another disk, or leave it out',
                ),
              ],
        );
  if (storage?.layout === 'raid1' && storage.disks?.length === 1) {
    return [...shared, finding(at, 'raid1 needs at least two disks', 'name a second one, or write layout: whole')];
  }
  if (storage?.layout === 'whole' && several > 1) {
    return [...shared, finding(at, `whole takes one disk, not ${several}`, 'keep one, or write layout: raid1')];
  }
  return shared;
}

function checkOs({ role, storage }: DraftProfile, os: Os, path: Path): readonly Finding[] {
  const faults = role === undefined ? [] : at([...path, 'tree'], checkRole(role, os));
  // Its answerfile has had an element for software RAID since 2025 only (`swraid`); XCP-ng's has long had one.
  if (role !== 'xenserver' || os.family !== 'xenserver' || os.major >= 8 || storage?.layout !== 'raid1') return faults;
  const message = `the installer of XenServer ${os.version} makes no software RAID`;
  return [...faults, finding([...path, 'storage', 'layout'], message, 'write layout: whole')];
}

function checkCloudStack({ role }: DraftProfile, written: unknown, path: Path): readonly Finding[] {
  if (role !== 'cloudstack-management' || valueAt(written, ['cloudstack']) !== undefined) return [];
  const remedy = 'such as cloudstack: { version: "4.0", hypervisor: xenserver }';
  return [finding([...path, 'cloudstack'], `is missing: the role ${role} needs it`, remedy)];
}

/** `systems` are those of the trees, in the file's order. */
function checkHypervisors({ cloudstack }: DraftProfile, systems: readonly (Os | undefined)[]): readonly Finding[] {
  const { version, hypervisor } = cloudstack ?? {};
  if (version === undefined || hypervisor === undefined) return [];
  return systems.flatMap((os, index) =>
    os === undefined ? [] : at(['trees', index, 'os'], checkHypervisor({ version, hypervisor }, os)),
  );
}

function at(path: Path, fault: Fault | undefined): readonly Finding[] {
  return fault === undefined ? [] : [finding(path, fault.message, fault.remedy)];
}
