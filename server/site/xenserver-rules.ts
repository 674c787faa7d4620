// Profiles of hypervisors: what their release takes, networks each named once, and pools with a master of the same kind. Pure.

import type { Os } from '../domain.ts';
import { LABELLED_DEVICE } from '../hypervisor.ts';
import type { HypervisorFault } from '../hypervisor-versions.ts';
import { layerFault, LAYERS, LINUX_KEYS, linuxFault, versionFaults } from '../hypervisor-versions.ts';
import type { Finding, Path } from './finding.ts';
import { finding, quoted } from './finding.ts';
import { ROOT_SECRET } from './resolve.ts';
import type { SiteFile } from './schema.ts';
import type { Draft, Loose, Reading } from './shape.ts';
import { valueAt } from './shape.ts';
import { suggest } from './suggest.ts';

type DraftProfile = Loose<SiteFile['profiles'][number]>;

/** The profile at `path` of a file under examination; `os` where the file says what its tree is. */
export type Examined = {
  readonly profile: DraftProfile;
  readonly path: Path;
  readonly os: Os | undefined;
};

/** What speaks against a profile as one of hypervisors, or against what is said of hypervisors in another. */
export function checkXenserver({ draft, value }: Reading, examined: Examined): readonly Finding[] {
  const { profile, path, os } = examined;
  const { role, xenserver } = profile;
  if (role === undefined) return [];
  if (role !== 'xenserver') {
    if (xenserver === undefined) return [];
    return [finding([...path, 'xenserver'], `means nothing to the role ${role}`, 'leave it out')];
  }
  const faults = [
    ...linkFaults(profile),
    ...packageFaults(profile),
    ...LINUX_KEYS.flatMap((key) => keyFault(valueAt(value, path), key)),
  ];
  return [
    ...[...faults, ...(os === undefined ? [] : releaseFaults(profile, os))].map((fault) => at(path, fault)),
    ...checkLabels(xenserver?.labels ?? {}, [...path, 'xenserver', 'labels']),
    ...checkPool(draft, examined),
  ];
}

function linkFaults({ link }: DraftProfile): readonly HypervisorFault[] {
  return LAYERS.filter(({ key }) => link?.[key] !== undefined).map(layerFault);
}

/** There is nothing of RPMs in an answerfile: what is on the medium is installed, all of it. */
function packageFaults(profile: DraftProfile): readonly HypervisorFault[] {
  return (['repos', 'packages'] as const).filter((key) => (profile[key]?.length ?? 0) > 0).map(linuxFault);
}

function keyFault(written: unknown, key: (typeof LINUX_KEYS)[number]): readonly HypervisorFault[] {
  return valueAt(written, [key]) === undefined ? [] : [linuxFault(key)];
}

function releaseFaults({ storage, link, xenserver }: DraftProfile, os: Os): readonly HypervisorFault[] {
  const wishes = {
    layout: storage?.layout,
    disks: storage?.disks?.length ?? 0,
    vlan: link?.vlan,
    license: xenserver?.license,
  };
  return versionFaults(os, wishes);
}

function at(path: Path, { key, message, remedy }: HypervisorFault): Finding {
  return finding([...path, ...key], message, remedy);
}

/** More than a machine has cards. */
const MOST_LABELS = 64;

function checkLabels(labels: Readonly<Record<string, string | undefined>>, path: Path): readonly Finding[] {
  const entries = Object.entries(labels);
  if (entries.length > MOST_LABELS)
    return [finding(path, `has ${entries.length} entries; at most ${MOST_LABELS} are taken`)];
  const seen = new Map<string, string>();
  return entries.flatMap(([device, label]) => {
    if (!new RegExp(LABELLED_DEVICE).test(device)) {
      return [
        finding([...path, device], `${quoted(device)} is no card or bridge of a hypervisor`, 'such as eth0 or xenbr0'),
      ];
    }
    const other = label === undefined ? undefined : seen.get(label);
    if (label !== undefined && other === undefined) seen.set(label, device);
    if (other === undefined) return [];
    return [finding([...path, device], `${quoted(label ?? '')} is the name of ${other}'s network`, 'choose another')];
  });
}

function checkPool(draft: Draft, { profile, path, os }: Examined): readonly Finding[] {
  const { master, password } = profile.xenserver?.pool ?? {};
  const pool = [...path, 'xenserver', 'pool'];
  const findings = master === undefined ? [] : checkMaster(draft, { name: master, profile, os }, [...pool, 'master']);
  const root = draft.site?.rootPassword?.secret ?? ROOT_SECRET;
  if (password?.secret === undefined || password.secret !== root) return findings;
  const message = `the secret ${root} is the crypt hash of root's password; a host joins by the password itself`;
  return [
    ...findings,
    finding([...pool, 'password'], message, 'kickstand secret set xen-root, and write { secret: xen-root }'),
  ];
}

type Master = { readonly name: string; readonly profile: DraftProfile; readonly os: Os | undefined };

function checkMaster({ hosts = [], profiles = [] }: Draft, master: Master, path: Path): readonly Finding[] {
  const host = hosts.find((one) => one?.name === master.name);
  if (host === undefined) {
    const names = hosts.flatMap((one) => one?.name ?? []);
    // A host that is wrong otherwise is left out of the draft: its own problem is told, and this one would be none.
    if (hosts.some((one) => one?.name === undefined)) return [];
    return [finding(path, `there is no host called ${master.name}`, () => suggest(master.name, names))];
  }
  const its = profiles.find((one) => one?.name !== undefined && one.name === host.profile);
  if (its === undefined || its === master.profile) return [];
  if (its.role !== undefined && its.role !== 'xenserver') {
    return [
      finding(path, `${master.name} becomes no hypervisor: its profile has the role ${its.role}`, 'name a hypervisor'),
    ];
  }
  const next = its.xenserver?.pool?.master;
  if (next !== undefined && next !== master.name) {
    return [finding(path, `${master.name} itself joins the pool of ${next}`, `name ${next}`)];
  }
  if (its.tree === undefined || its.tree === master.profile.tree) return [];
  const message = `${master.name} is installed from another tree (${its.tree}); a pool has one version`;
  return [finding(path, message, 'name a host of the same tree')];
}
