// What must hold between the values of a profile's customization: enough cards for a bond, names once, SELinux as the role needs it. Pure.

import { BUILT_IN_STEPS } from '../customization.ts';
import type { Finding } from './finding.ts';
import { finding } from './finding.ts';
import { network as networkSchema } from './schema.ts';
import type { SiteFile } from './schema.ts';
import type { Draft, Loose, Reading } from './shape.ts';
import { valueAt } from './shape.ts';

type DraftProfile = Loose<SiteFile['profiles'][number]>;

const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_STEPS);

/** What speaks against the customization of the profiles, and against hosts that cannot have it. */
export function checkCustomization({ draft, value }: Reading): readonly Finding[] {
  const { profiles = [], hosts = [], networks = [] } = draft;
  return [
    ...profiles.flatMap((profile, index) => checkProfile(profile, index)),
    ...checkBonds(profiles, hosts),
    ...checkGateways({ profiles, hosts, networks }, value),
  ];
}

/** An answerfile with a static address must name a gateway: without one the installer of a hypervisor stops and asks. */
function checkGateways({ profiles = [], hosts = [], networks = [] }: Draft, value: unknown): readonly Finding[] {
  const wanting = new Set(
    profiles.flatMap((profile) =>
      profile?.role === 'xenserver' && profile.link?.bootproto !== 'dhcp' ? [profile.name] : [],
    ),
  );
  const without = new Set(
    networks.flatMap((network, index) =>
      network?.subnet !== undefined && saysNoGateway(valueAt(value, ['networks', index])) ? [network.name] : [],
    ),
  );
  if (wanting.size === 0 || without.size === 0) return [];
  return hosts.flatMap((host, index) => {
    if (host?.network === undefined || !wanting.has(host.profile) || !without.has(host.network)) return [];
    const message = `${host.network} has no gateway, and a hypervisor's installer wants one`;
    return [finding(['hosts', index, 'network'], message, 'add gateway: … to the network')];
  });
}

function checkProfile(profile: DraftProfile | undefined, index: number): readonly Finding[] {
  if (profile === undefined) return [];
  const { users = [], steps = [], services, selinux, role } = profile;
  const path = ['profiles', index];
  const names = steps.map((step) => step?.name);
  const on = new Set(services?.enabled);
  return [
    ...repeated(users.map((user) => user?.name)).map(({ name, at }) =>
      finding([...path, 'users', at, 'name'], `${name} is already an account`, 'name each once'),
    ),
    ...repeated(names).map(({ name, at }) =>
      finding([...path, 'steps', at, 'name'], `${name} is already the name of a step`, 'give it another'),
    ),
    ...names.flatMap((name, at) =>
      name !== undefined && BUILT_IN.has(name)
        ? [finding([...path, 'steps', at, 'name'], `${name} is a step of Kickstand's own`, 'give it another name')]
        : [],
    ),
    ...(services?.disabled ?? []).flatMap((service, at) =>
      service !== undefined && on.has(service)
        ? [finding([...path, 'services', 'disabled', at], `${service} is enabled as well`, 'say one of them')]
        : [],
    ),
    ...(selinux === 'enforcing' && role === 'cloudstack-management'
      ? [
          finding(
            [...path, 'selinux'],
            'CloudStack is not set up while SELinux enforces',
            'write permissive, or leave it out',
          ),
        ]
      : []),
  ];
}

function repeated(names: readonly (string | undefined)[]): readonly { readonly name: string; readonly at: number }[] {
  return names.flatMap((name, at) => (name !== undefined && names.indexOf(name) < at ? [{ name, at }] : []));
}

const NETWORK_KEYS: ReadonlySet<string> = new Set(Object.keys(networkSchema.shape));

/** One that is there and wrong, or misspelt, is a problem of its own. */
function saysNoGateway(network: unknown): boolean {
  if (typeof network !== 'object' || network === null) return false;
  return !Object.hasOwn(network, 'gateway') && Object.keys(network).every((key) => NETWORK_KEYS.has(key));
}

/** A bond is of all cards that a host is known by. */
function checkBonds(
  profiles: readonly (DraftProfile | undefined)[],
  hosts: NonNullable<Draft['hosts']>,
): readonly Finding[] {
  const bonded = new Set(profiles.flatMap((profile) => (profile?.link?.bond === undefined ? [] : [profile.name])));
  if (bonded.size === 0) return [];
  return hosts.flatMap((host, index) => {
    if (host?.macs === undefined || host.macs.length > 1 || !bonded.has(host.profile)) return [];
    const message = `${host.name ?? 'this host'} has one card, and its profile makes a bond`;
    return [finding(['hosts', index, 'macs'], message, 'name the MAC of every card of the bond')];
  });
}
