// Profiles: storage that makes sense, a role that fits its tree, a CloudStack that takes its hypervisors. Pure.

import { cloudstackFault, isCloudStackRole } from '../cloudstack.ts';
import { readDiskRule } from '../disk-rule.ts';
import { parseOs } from '../os.ts';
import type { Os } from '../domain.ts';
import type { Fault, Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import { checkCloudStackOs, checkHypervisor, checkRole } from './rules.ts';
import type { SiteFile } from './schema.ts';
import type { Loose, Reading } from './shape.ts';
import { valueAt } from './shape.ts';
import { checkStorage } from './storage-rules.ts';
import { checkXenserver } from './xenserver-rules.ts';

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
      ...checkXenserver({ draft, value }, { profile, path, os }),
      ...checkCloudStack(profile, valueAt(value, path), path),
      ...checkMirror(profile, path),
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
  const { layout, root, mounts = [], data = [], disks = [], guest = [] } = storage;
  const faults = [
    ...(layout === 'lvm' || layout === 'raid10' ? (['layout'] as const) : []),
    ...(root === undefined ? [] : (['root'] as const)),
    ...(mounts.length === 0 ? [] : (['mounts'] as const)),
    ...(data.length === 0 ? [] : (['data'] as const)),
  ];
  const rules = [
    disks.map((disk, index) => ({ disk, at: ['disks', index] })),
    guest.map((disk, index) => ({ disk, at: ['guest', index] })),
  ]
    .flat()
    .filter(({ disk }) => disk !== undefined && readDiskRule(disk) !== undefined)
    .map(({ at: place }) =>
      finding([...path, ...place], 'an answerfile names its disks', 'such as sda, or disk/by-id/…'),
    );
  return [
    ...rules,
    ...faults.map((key) =>
      finding(
        [...path, key],
        `the installer of a hypervisor knows no ${key === 'layout' ? `layout ${layout}` : key}`,
        'leave it out, or write layout: whole',
      ),
    ),
  ];
}

function checkOs({ role, cloudstack }: DraftProfile, os: Os, path: Path): readonly Finding[] {
  const faults = [
    role === undefined ? undefined : checkRole(role, os),
    checkCloudStackOs({ role, version: cloudstack?.version }, os),
  ];
  return faults.flatMap((fault) => at([...path, 'tree'], fault));
}

/** A part of a CloudStack says of which, and it is one that is known and has that part. */
function checkCloudStack({ role, cloudstack }: DraftProfile, written: unknown, path: Path): readonly Finding[] {
  if (role === undefined || !isCloudStackRole(role)) return [];
  const place = [...path, 'cloudstack'];
  if (valueAt(written, ['cloudstack']) === undefined) {
    const like = role === 'kvm-agent' ? 'kvm' : 'xenserver';
    const remedy = `such as cloudstack: { version: "4.0", hypervisor: ${like} }`;
    return [finding(place, `is missing: the role ${role} needs it`, remedy)];
  }
  const { version, hypervisor } = cloudstack ?? {};
  if (version === undefined || hypervisor === undefined) return [];
  return at(place, cloudstackFault(role, { version, hypervisor }));
}

/** Only a management server has the web server for it. */
function checkMirror({ role, cloudstack }: DraftProfile, path: Path): readonly Finding[] {
  if (role === undefined || role === 'cloudstack-management' || cloudstack?.['mirror-on-host'] !== true) return [];
  return [
    finding([...path, 'cloudstack', 'mirror-on-host'], `the role ${role} keeps no copy of its repos`, 'leave it out'),
  ];
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
