// Profiles: storage that makes sense, a role that fits its tree, a CloudStack that takes its hypervisors. Pure.

import { parseOs } from '../os.ts';
import type { Os } from '../domain.ts';
import type { Fault, Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import { checkHypervisor, checkRole } from './rules.ts';
import type { SiteFile } from './schema.ts';
import type { Loose, Reading } from './shape.ts';
import { valueAt } from './shape.ts';
import { checkStorage } from './storage-rules.ts';

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
      ...(profile.storage === undefined ? [] : checkStorage(profile.storage, [...path, 'storage'])),
      ...checkGuests(profile, [...path, 'storage']),
      ...checkHypervisorDisks(profile, [...path, 'storage']),
      ...(os === undefined ? [] : checkOs(profile, os, path)),
      ...checkCloudStack(profile, valueAt(value, path), path),
      ...checkHypervisors(profile, systems),
    ];
  });
}

/** A guest disk may be a system disk only for XenServer, whose installer keeps its local storage on what the system leaves of the disk. */
function checkGuests({ storage, role }: DraftProfile, path: Path): readonly Finding[] {
  if (role === 'xenserver' || role === undefined) return [];
  return (storage?.guest ?? []).flatMap((disk, index) => {
    if (disk === undefined || storage?.disks?.includes(disk) !== true) return [];
    const message = `${disk} already holds the system`;
    return [finding([...path, 'guest', index], message, 'name another disk, or leave it out')];
  });
}

/** Their installer parts the disk itself. */
function checkHypervisorDisks({ storage, role }: DraftProfile, path: Path): readonly Finding[] {
  if (role !== 'xenserver' || storage === undefined) return [];
  const { layout, root, mounts = [], data = [] } = storage;
  const faults = [
    ...(layout === 'lvm' || layout === 'raid10' ? (['layout'] as const) : []),
    ...(root === undefined ? [] : (['root'] as const)),
    ...(mounts.length === 0 ? [] : (['mounts'] as const)),
    ...(data.length === 0 ? [] : (['data'] as const)),
  ];
  return faults.map((key) =>
    finding(
      [...path, key],
      `the installer of a hypervisor knows no ${key === 'layout' ? `layout ${layout}` : key}`,
      'leave it out, or write layout: whole',
    ),
  );
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
